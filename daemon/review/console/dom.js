// Elements from words. Text is only ever text: nothing that came from outside becomes markup.

import {language, say} from "./words.js";

/** h("p.quiet", {title: "…", onclick}, "text", child, null, [more]) */
export function h(tag, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  let props = {};
  if (children.length && isProps(children[0])) props = children.shift();
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key in element && !key.startsWith("aria") && key !== "list") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function isProps(thing) {
  return thing && typeof thing === "object" && !(thing instanceof Node) && !Array.isArray(thing);
}

const NS = "http://www.w3.org/2000/svg";
const shapes = { // one for each severity, so that colour is never the only word
  critical: "M7 1h10l6 6v10l-6 6H7l-6-6V7z",
  major: "M12 1.5 23.5 22H.5z",
  minor: "M12 .8 23.2 12 12 23.2.8 12z",
  warning: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z",
};

/** The sign of a severity: a shape with a mark in it. */
export function sign(severity) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `sign ${severity}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [part, d] of [["shape", shapes[severity] ?? shapes.warning],
    ["mark", severity === "major" ? "M10.9 9h2.2l-.3 6.4h-1.6zM11 17h2v2.1h-2z" : "M10.8 5.6h2.4l-.4 8h-1.6zM10.9 15.8h2.2v2.4h-2.2z"]]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", part);
    svg.append(path);
  }
  return svg;
}

/* ---- times ---- */

const formats = new Map();

function format(options, zone) {
  const key = language() + zone + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", {...options, timeZone: zone || undefined}));
  }
  return formats.get(key);
}

let zone = "";
/** All times are the site's own. */
export function useZone(name) {
  zone = name;
}
export const clock = (at) => format({hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false}, zone).format(new Date(at));
export const hour = (at) => format({hour: "2-digit", minute: "2-digit", hour12: false}, zone).format(new Date(at));
export const day = (at) => format({weekday: "short", month: "short", day: "numeric"}, zone).format(new Date(at));
export const weekday = (at) => format({weekday: "short"}, zone).format(new Date(at));
export const shortDay = (at) => format({day: "numeric"}, zone).format(new Date(at));
export const longDay = (at) => format({weekday: "long", year: "numeric", month: "long", day: "numeric"}, zone).format(new Date(at));
export const stamp = (at) => format({month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false}, zone).format(new Date(at));
/** 2026-11-22, by the site's calendar. */
export const isoDay = (at) => new Intl.DateTimeFormat("en-CA", {timeZone: zone || undefined, year: "numeric", month: "2-digit", day: "2-digit"}).format(new Date(at));

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
  return `${value} ${say("units", unit)}`;
}

export function moment(at, text = stamp(at)) {
  return h("time", {dateTime: at, title: new Date(at).toLocaleString(language() === "zh" ? "zh-CN" : "en-GB")}, text);
}

/* ---- long lists ---- */

/** Fills a list with as much as is looked at: make(item) for each, a hundred at a time. */
export function grow(list, items, make, step = 60) {
  let at = 0;
  const more = h("li.more", {"aria-hidden": "true"});
  const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && add(), {rootMargin: "600px"});
  function add() {
    watch.unobserve(more);
    more.remove();
    list.append(...items.slice(at, at + step).map(make));
    at += step;
    if (at < items.length) {
      list.append(more);
      watch.observe(more);
    }
  }
  list.replaceChildren();
  add();
  return list;
}

/* ---- asking ---- */

export const button = (text, onclick, kind = "") => h(`button${kind && `.${kind}`}`, {type: "button", onclick}, text);

let fields = 0;

/** A labelled control: field("note", h("textarea")). */
export function field(text, control, hint) {
  control.id ||= `field-${++fields}`;
  const note = hint && h("small", {id: `${control.id}-hint`}, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("p.field", h("label", {htmlFor: control.id}, text), control, note);
}

export function choice(options, chosen, props = {}) {
  return h("select", props, options.map(([value, text]) => h("option", {value, selected: value === chosen}, text)));
}

/**
 * A dialog with a form; done(data) does it and may throw, then its words stand in the dialog.
 * Resolves to true once it was done.
 */
export function ask(title, controls, word, done, kind = "") {
  const dialog = document.getElementById("ask");
  const problem = h("p.problem", {role: "alert"});
  const submit = h(`button${kind && `.${kind}`}`, {type: "submit"}, word);
  return new Promise((resolve) => {
    const form = h("form", {method: "dialog"},
      h("h2", {id: "ask-title"}, title), controls, problem,
      h("div.actions", button(say("cancel"), () => dialog.close(), "plain"), submit));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      problem.textContent = "";
      try {
        await done(Object.fromEntries(new FormData(form)));
        resolve(true);
        dialog.close();
      } catch (error) {
        problem.textContent = `${say("failed")} ${error.message}`;
      } finally {
        submit.disabled = false;
      }
    });
    dialog.replaceChildren(form);
    dialog.onclose = () => resolve(false);
    dialog.showModal();
  });
}

/** Says something to whoever listens instead of looking. */
export function tell(text) {
  document.getElementById("said").textContent = text;
}
