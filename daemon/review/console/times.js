// Times as people read them: by the clocks of the site they belong to.

import {h} from "./dom.js";
import {language, say} from "./words.js";

const formats = new Map();

function format(options, zone) {
  const key = language() + zone + JSON.stringify(options);
  if (!formats.has(key)) {
    const tag = language() === "zh" ? "zh-CN" : "en-GB";
    formats.set(key, new Intl.DateTimeFormat(tag, {...options, timeZone: zone || undefined}));
  }
  return formats.get(key);
}

let zones = new Map(); // site -> the name of its time zone
let several = false;   // then a time says by which clocks

/** [[site, time zone]]: the first one's clocks go where no site is named. */
export function useZones(pairs) {
  zones = new Map(pairs);
  several = new Set(zones.values()).size > 1;
}
export const zoneOf = (site) => zones.get(site) ?? [...zones.values()][0] ?? "";

const TIME = {hour: "2-digit", minute: "2-digit", hour12: false};
const read = (options, marked) => (at, site) =>
  format(marked && several ? {...options, timeZoneName: "short"} : options, zoneOf(site)).format(new Date(at));

export const clock = read({...TIME, second: "2-digit"});
export const hour = read(TIME, true);
export const shortHour = read(TIME);
export const stamp = read({...TIME, month: "short", day: "numeric"}, true);
export const full = read({...TIME, second: "2-digit", year: "numeric", month: "short", day: "numeric", weekday: "short"}, true);
export const weekday = read({weekday: "short"});
export const day = read({weekday: "short", month: "short", day: "numeric"});
export const longDay = read({weekday: "long", year: "numeric", month: "long", day: "numeric"});
/** 2026-11-22, by the site's calendar. */
export const isoDay = (at, site) => new Intl.DateTimeFormat("en-CA",
  {timeZone: zoneOf(site) || undefined, year: "numeric", month: "2-digit", day: "2-digit"}).format(new Date(at));
export const dayAfter = (iso) => new Date(Date.parse(`${iso}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);

/** Midnight of a day at the site, as an instant: found by looking what time it is there. */
export function startOf(iso, site) {
  let at = Date.parse(`${iso}T00:00:00Z`);
  for (let i = 0; i < 2; i++) {
    const there = new Intl.DateTimeFormat("sv-SE", {timeZone: zoneOf(site) || undefined, dateStyle: "short", timeStyle: "medium"})
      .format(new Date(at));
    at += Date.parse(`${iso}T00:00:00Z`) - Date.parse(`${there.replace(" ", "T")}Z`);
  }
  return new Date(at).toISOString();
}

/** 0:42, 12:05, 3:07:55: for clocks that run. */
export function ticking(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, String(seconds % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** "12 s", "3 min", "2 h", "5 days": for what is long ago or far ahead. */
export function roughly(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [value, unit] = seconds < 60 ? [seconds, "s"] : seconds < 5400 ? [Math.round(seconds / 60), "min"]
    : seconds < 172800 ? [Math.round(seconds / 3600), "h"] : [Math.round(seconds / 86400), "days"];
  return amount(value, unit);
}

/** "2 min ago", "2 分钟前" */
export const ago = (ms) => say("ago", {span: roughly(ms)});

/** "30 min", "1 day" */
export const amount = (n, unit) => `${n} ${say("units", unit === "days" && n === 1 ? "day" : unit)}`;

/** A time with the whole of it behind: for a mouse, and for who has it read. */
export const moment = (at, site, text = stamp(at, site)) => h("time", {dateTime: at, title: full(at, site)}, text);

/** A clock that runs by itself: "since", "until", "ago" or "left". */
export const running = (at, kind, name = "time") => h(name, {dateTime: at, data: {clock: kind}});

/** What a running clock says at this moment. */
export function says(kind, then, at) {
  switch (kind) {
  case "since": return ticking(at - then);
  case "ago": return ago(at - then);
  case "left": return roughly(then - at);
  default: return then <= at ? say("due") : ticking(then - at);
  }
}
