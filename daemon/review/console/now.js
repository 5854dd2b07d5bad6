// Now: is anything wrong?

import {call} from "./api.js";
import {button, choice, grow, h, hour, moment} from "./dom.js";
import {card, key, outputWords, owedRow} from "./card.js";
import {house, may, me, peopleOptions, personName, setMe} from "./house.js";
import {reportSomething} from "./raise.js";
import {say} from "./words.js";

const NS = "http://www.w3.org/2000/svg";

function mark() {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 48 48");
  svg.setAttribute("aria-hidden", "true");
  const circle = document.createElementNS(NS, "circle");
  for (const [name, value] of [["cx", 24], ["cy", 24], ["r", 21]]) circle.setAttribute(name, value);
  const tick = document.createElementNS(NS, "path");
  tick.setAttribute("d", "M15 25l6.5 6.5L34 18");
  svg.append(circle, tick);
  return svg;
}

function lastHeard() {
  return house.status.sites.map((site) => site.devices.last_heard).filter(Boolean).sort().pop();
}

function quiet(duty, standing) {
  const heard = lastHeard();
  const devices = house.status.sites.reduce((sum, site) => [sum[0] + site.devices.count, sum[1] + site.devices.silent], [0, 0]);
  return h("div.calm-view", mark(), h("h2", say("quiet")), h("p.quiet", say("quiet_text")),
    h("dl.facts",
      h("dt", say("last_sign")), h("dd", heard ? h("time", {dateTime: heard, data: {clock: "ago"}}) : say("never")),
      h("dt", say("devices_well")), h("dd", `${devices[0]}`, devices[1] ? h("strong", ` · ${devices[1]} ${say("silent")}`) : null),
      duty.map((post) => [h("dt", post.name), h("dd", post.people.map((one) => one.name).join("、") || h("strong", say("nobody_on_duty")))]),
      standing.map(([word, one]) => [h("dt", word), h("dd", one.zone ? `${zone(one)} ` : "", one.device ? `${one.device} ` : "", one.until ? [`${say("until_when")} `, moment(one.until, hour(one.until))] : null)])));
}

/** What is owed or on although its incident is over; and who gets digests. */
function besideAll() {
  const open = new Set(house.open.map((one) => one.id));
  const owed = house.owed.filter((one) => !open.has(one.incident));
  const on = house.outputs.filter((one) => !open.has(one.incident));
  return [
    house.floods.length ? h("p.card", {role: "note"}, say("flood", {who: house.floods.map((one) => (one.to ? personName(one.site, one.to) : one.channel)).join("、")})) : null,
    on.length ? h("section.card", h("h3", say("outputs")), h("ul.rows", on.map((one) => h("li", h("span.wait", outputWords(one)))))) : null,
    owed.length ? h("section.card", h("h3", say("reports_owed")), h("ul.rows", owed.map((one) => {
      const row = owedRow(one);
      row.querySelector(".grow").append(h("small", h("a", {href: `#/incident/${encodeURIComponent(one.incident)}`}, one.incident)));
      return row;
    }))) : null].filter(Boolean);
}

const zone = (one) => house.zones.find((other) => other.site === one.site && other.id === one.zone)?.name ?? one.zone;

export async function show() {
  const element = h("div");
  const list = h("ul.incidents");
  let [duty, standing] = [[], []];
  async function calm() {
    const [posts, drills, silences] = await Promise.all([call("duty"), call("drills"), call("silences")]);
    duty = posts.items;
    standing = [...drills.items.map((one) => [say("drill"), one]), ...silences.items.map((one) => [say("silence"), one])];
  }

  const select = choice(peopleOptions(say("choose")), me(), {onchange: (event) => { setMe(event.target.value); opened(); }});
  select.setAttribute("aria-label", say("i_am"));
  const head = h("div.head", h("h2", say("pages", "now")),
    h("div.actions", may("operator") && !house.session.person ? h("label.me", h("span.hide-narrow", say("i_am")), select) : null,
      may("operator") ? button(say("report_new"), reportSomething, "plain") : h("p.quiet", say("viewer"))));

  const also = h("div.also");
  let besideShown = "";
  function showBeside() {
    const words = JSON.stringify([house.owed, house.outputs, house.floods, house.open.map((one) => one.id), me()]);
    if (words === besideShown) return;
    besideShown = words;
    also.replaceChildren(...besideAll());
  }

  let shown = "";
  function opened() {
    showBeside();
    const keys = house.open.map(key).join() + (house.open.length ? "" : JSON.stringify([duty, standing, lastHeard(), house.status.sites.map((site) => site.devices)]));
    if (keys === shown) return;
    shown = keys;
    if (!house.open.length) {
      element.replaceChildren(head, quiet(duty, standing), also);
      return;
    }
    // Only what changed is made anew: a button under a thumb stays where it is.
    const known = new Map([...list.querySelectorAll("article")].map((one) => [one.dataset.id, one]));
    const make = (incident) => {
      const old = known.get(incident.id);
      return h("li", old && old.dataset.key === key(incident) ? old : card(incident));
    };
    const counts = ["open", "acknowledged"].map((state) => house.open.filter((one) => one.state === state).length);
    const before = list.children.length;
    if (!list.isConnected) element.replaceChildren(head, h("h2.group"), list, also);
    element.querySelector("h2.group").textContent = `${counts[0]} ${say("open")} · ${counts[1]} ${say("in_hand")}`;
    const focused = document.activeElement?.closest?.("article")?.dataset.id;
    grow(list, house.open, make, Math.max(60, before));
    if (focused && !list.contains(document.activeElement)) list.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
  }

  await calm().catch(() => {});
  return {element, opened, changed: async (rows) => {
    if (!house.open.length || rows.some((row) => ["drill", "silence", "duty", "config"].some((word) => row.type.startsWith(word)))) {
      await calm().catch(() => {});
      opened();
    }
  }};
}
