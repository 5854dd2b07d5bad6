// Devices by zone: how they are, when they were heard, when they were tested.

import {all, call} from "./api.js";
import {button, choice, field, grow, h, moment, roughly, stamp} from "./dom.js";
import {act} from "./card.js";
import {house, may, now, siteName} from "./house.js";
import {say} from "./words.js";

const TROUBLE = ["battery", "power", "fault", "link", "tamper"];
const ALARM_ONLY = (kind) => !TROUBLE.includes(kind);

function health(device) {
  if (device.active.some((kind) => ALARM_ONLY(kind) && kind !== "contact")) return "alarm";
  if (device.active.some((kind) => TROUBLE.includes(kind)) || device.online === false) return "trouble";
  return device.heard ? "well" : "never";
}

function row(device, problem) {
  const state = health(device);
  const words = device.active.map((kind) => say("kind", kind));
  if (device.online === false && !device.active.includes("link")) words.push(say("offline"));
  const name = device.name === device.id ? device.id : `${device.name} `;
  const ago = (at) => h("time", {dateTime: at, title: stamp(at)}, `${roughly(now() - Date.parse(at))} ${say("ago")}`);
  return h("li", h(`span.${state === "well" ? "ok" : state === "never" ? "wait" : "bad"}`, words.join("、") || (state === "never" ? say("never_heard") : say("well"))),
    h("div.grow", h("span", h("strong", name), device.name === device.id ? null : h("small.hash", device.id)),
      h("small", [device.kind ? say("kind", device.kind) : device.profile, device.heard ? [`${say("heard")} `, ago(device.heard)] : say("never_heard"),
        device.tested ? [`${say("tested")} `, ago(device.tested)] : say("never_tested"),
        device.expect_every_ms ? `${say("expected")} ${roughly(device.expect_every_ms)}` : null].filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part])))),
    device.walk_test ? h("span.badge.on", say("walk_on")) : may("admin") ? h("button.plain.small", {type: "button", "aria-label": `${say("walk_test")} ${device.name}`, onclick: (event) =>
      act(device.site, `devices/${encodeURIComponent(device.id)}/walk-test`, {site: device.site, for: "30m"}, problem, event.currentTarget)}, say("walk_test")) : null);
}

function unknown(items) {
  if (!items.length) return "";
  return h("section.card", h("h3", say("unknown_devices")), h("ul.rows", items.map((one) => h("li",
    h("div.grow", h("strong", one.address), h("small", [one.profile, one.kind && say("kind", one.kind)].filter(Boolean).join(" · "), " · ", moment(one.heard)), h("code.hash", one.line ?? "")),
    one.line ? h("button.plain.small", {type: "button", onclick: (event) => {
      const pressed = event.currentTarget;
      navigator.clipboard?.writeText(one.line).then(() => { pressed.textContent = say("copied"); });
    }}, say("adopt")) : null))));
}

export async function show() {
  const problem = h("p.problem", {role: "alert"});
  const list = h("div");
  const strangers = h("div");
  const count = h("p.quiet", {role: "status"});
  const search = h("input", {type: "search", autocomplete: "off"});
  const only = choice([["", say("all")], ["trouble", say("trouble_only")]], "");
  const untested = choice([["", say("any")], ...[7, 30, 90, 365].map((n) => [String(n), `${n} ${say("units", "days")}`])], "");
  let devices = [];
  const opened = new Set();

  function fits(device) {
    const words = search.value.trim().toLowerCase();
    return (!words || `${device.id} ${device.name} ${device.zone?.name} ${device.kind}`.toLowerCase().includes(words)) &&
      (!only.value || ["alarm", "trouble"].includes(health(device))) &&
      (!untested.value || !device.tested || now() - Date.parse(device.tested) > untested.value * 86400000);
  }

  function group(key, ones) {
    const bad = ones.filter((one) => ["alarm", "trouble"].includes(health(one))).length;
    const rows = h("ul.rows");
    const place = house.sites.size > 1 ? `${siteName(ones[0].site)} · ` : "";
    const box = h("details.card", {open: opened.has(key) || bad > 0 || devices.length < 200}, h("summary", h("span", `${place}${ones[0].zone?.name ?? "–"}`), h("span.badge", String(ones.length)), bad ? h("span.bad", String(bad)) : null), rows);
    const fill = () => { if (box.open && !rows.childElementCount) grow(rows, ones, (one) => row(one, problem)); };
    box.addEventListener("toggle", () => { if (box.open) opened.add(key); else opened.delete(key); fill(); });
    fill();
    return box;
  }

  function fill() {
    const found = devices.filter(fits);
    const zones = new Map();
    for (const one of found) {
      const key = `${one.site}/${one.zone?.id}`;
      if (!zones.has(key)) zones.set(key, []);
      zones.get(key).push(one);
    }
    count.textContent = say("found", {n: found.length});
    list.replaceChildren(...[...zones].map(([key, ones]) => group(key, ones)), found.length ? "" : h("p.quiet", say("nothing")));
  }

  async function ask() {
    [devices] = await Promise.all([all("devices?limit=1000"),
      call("devices/unknown").then((page) => strangers.replaceChildren(unknown(page.items)), () => {})]);
    fill();
  }

  search.addEventListener("input", fill);
  only.addEventListener("change", fill);
  untested.addEventListener("change", fill);
  await ask();
  let due = null;
  return {element: h("div", h("div.head", h("h2", say("pages", "devices"))), h("div.filters", field(say("search"), search), field(say("show"), only), field(say("untested"), untested)), problem, count, strangers, list),
    leave: () => clearTimeout(due),
    changed: async (rows) => {
      if (rows.some((one) => one.device || one.type === "operator" || one.type === "config")) due ??= setTimeout(() => { due = null; ask().catch(() => {}); }, devices.length > 500 ? 10000 : 300);
    }};
}
