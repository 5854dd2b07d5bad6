// Devices by zone: how they are, when they were heard, when they were tested.

import {all, call} from "./api.js";
import {act} from "./acting.js";
import {button, choice, copyButton, dotted, field, h, listed, problemLine} from "./dom.js";
import {concern, may, now, place} from "./house.js";
import {fill, grow, refresh} from "./refresh.js";
import {ago, amount, moment, roughly, stamp} from "./times.js";
import {say} from "./words.js";

const TROUBLE = ["battery", "power", "fault", "link", "tamper"];
const MANY = 200; // then only what has trouble stands open

function health(device) {
  if (device.active.some((kind) => !TROUBLE.includes(kind) && kind !== "contact")) return "alarm";
  if (device.active.some((kind) => TROUBLE.includes(kind)) || device.online === false) return "trouble";
  return device.heard ? "well" : "never";
}
const isBad = (device) => ["alarm", "trouble"].includes(health(device));
const MARKS = {well: "ok", never: "wait", alarm: "bad", trouble: "bad"};

function row(device) {
  const state = health(device);
  const words = device.active.map((kind) => say("kind", kind));
  if (device.online === false && !device.active.includes("link")) words.push(say("offline"));
  const when = (word, at) => h("span", `${say(word)} `, h("time", {dateTime: at, title: stamp(at, device.site)}, ago(now() - Date.parse(at))));
  const walks = (event) => act(event, device.site, `devices/${encodeURIComponent(device.id)}/walk-test`, {site: device.site, for: "30m"});
  return h("li", {data: {key: `${device.site}/${device.id}`}}, h(`span.${MARKS[state]}`, listed(words) || say(state === "never" ? "never_heard" : "well")),
    h("div.grow", h("span", h("strong", device.name), device.name === device.id ? null : [" ", h("small.hash", device.id)]),
      h("small", dotted(device.kind ? say("kind", device.kind) : device.profile, device.heard ? when("heard", device.heard) : state === "never" ? null : say("never_heard"),
        device.tested ? when("tested", device.tested) : say("never_tested"),
        device.expect_every_ms ? `${say("expected")} ${roughly(device.expect_every_ms)}` : null))),
    device.walk_test ? h("span.badge.on", say("walk_on"))
      : may("admin") ? button(say("walk_test"), walks, "plain.small", {"aria-label": `${say("walk_test")} ${device.name}`}) : null);
}

function unknown(items) {
  if (!items.length) return null;
  return h("section.card", h("h3", say("unknown_devices")), h("ul.rows", items.map((one) => h("li", {data: {key: `${one.site}/${one.address}`}},
    h("div.grow", h("strong", one.address), h("small", dotted(place(one.site), one.profile, one.kind && say("kind", one.kind), moment(one.heard, one.site))),
      h("code.hash", one.line ?? "")),
    one.line ? copyButton(say("adopt"), one.line) : null))));
}

export async function show() {
  const [list, strangers, count] = [h("div.groups"), h("div.groups"), h("p.quiet", {role: "status"})];
  const search = h("input", {type: "search", autocomplete: "off"});
  const only = choice([["", say("all")], ["trouble", say("trouble_only")]], "");
  const untested = choice([["", say("any")], ...[7, 30, 90, 365].map((n) => [String(n), amount(n, "days")])], "");
  let devices = [];

  function fits(device) {
    const words = search.value.trim().toLowerCase();
    return (!words || `${device.name} ${device.id} ${device.zone?.name}`.toLowerCase().includes(words)) &&
      (!only.value || isBad(device)) &&
      (!untested.value || !device.tested || now() - Date.parse(device.tested) > untested.value * 86400000);
  }

  /** Its rows are there once it is open; whoever closed it keeps it closed. */
  function group(key, ones) {
    const bad = ones.filter(isBad).length;
    const box = h("details.card", {data: {key}, open: bad > 0 || devices.length < MANY},
      h("summary", h("span", dotted(place(ones[0].site), ones[0].zone?.name ?? "–")), h("span.badge", String(ones.length)), bad ? h("span.bad", String(bad)) : null),
      h("ul.rows", {data: {own: ""}}));
    box.addEventListener("toggle", () => showRows(box));
    Object.assign(box, {devices: ones, shown: new Map()});
    return box;
  }

  function showRows(box) {
    if (!box.open) return;
    grow(box.querySelector("ul.rows"), box.devices, (device) => {
      const key = `${device.site}/${device.id}`;
      const old = box.shown.get(key);
      box.shown.set(key, old ? refresh(old, row(device)) : row(device));
      return box.shown.get(key);
    });
  }

  function draw() {
    const found = devices.filter(fits);
    const zones = new Map();
    for (const one of found) {
      const key = `${one.site}/${one.zone?.id}`;
      if (!zones.has(key)) zones.set(key, []);
      zones.get(key).push(one);
    }
    count.textContent = say("found", {n: found.length});
    fill(list, [...zones].map(([key, ones]) => group(key, ones)), found.length ? null : h("p.quiet", say("nothing")));
    for (const box of list.querySelectorAll("details")) {
      box.devices = zones.get(box.dataset.key);
      showRows(box);
    }
  }

  async function ask() {
    const [items, others] = await Promise.all([all("devices?limit=1000"), call("devices/unknown")]);
    devices = items;
    fill(strangers, unknown(others.items));
    draw();
  }

  search.addEventListener("input", draw);
  only.addEventListener("change", draw);
  untested.addEventListener("change", draw);
  await ask();
  let due = null;
  let missed = false; // the last asking got no answer
  async function again() {
    due = null;
    missed = await ask().then(() => false, () => true);
  }
  return {element: h("div", h("div.head", h("h2", say("pages", "devices"))),
    h("div.filters", field(say("search"), search), field(say("show"), only), field(say("untested"), untested)), problemLine(), count, strangers, list),
  leave: () => clearTimeout(due),
  changed(rows) {
    if (!missed && rows !== null && !rows.some((one) => one.device) && !concern(rows, "operator", "config")) return;
    due ??= setTimeout(again, devices.length > 500 ? 10000 : 300);
  }};
}
