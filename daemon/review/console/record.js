// The record: every incident, by day, found again and taken away.

import {call} from "./api.js";
import {button, choice, clock, day, field, h, hour, isoDay, longDay, sign, ticking} from "./dom.js";
import {house, now, personName, siteName, siteOptions} from "./house.js";
import {language, say, wordsOf} from "./words.js";

const dayAfter = (iso) => new Date(Date.parse(`${iso}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);

/** What the server is asked; days are the site's own. */
function query(data) {
  const parts = new URLSearchParams({limit: "200"});
  for (const name of ["site", "kind", "state"]) if (data[name]) parts.set(name, data[name]);
  if (data.since) parts.set("since", startOf(data.since));
  if (data.until) parts.set("until", startOf(dayAfter(data.until)));
  return parts;
}

/** Midnight of a day at the site, as an instant: found by looking what time it is there. */
export function startOf(iso) {
  let at = Date.parse(`${iso}T00:00:00Z`);
  const zone = [...house.sites.values()][0]?.timezone;
  for (let i = 0; i < 2; i++) {
    const there = new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "medium"}).format(new Date(at));
    at += Date.parse(`${iso}T00:00:00Z`) - Date.parse(`${there.replace(" ", "T")}Z`);
  }
  return new Date(at).toISOString();
}

function matches(incident, words) {
  const all = [incident.id, incident.zone.name, incident.note, incident.owner && personName(incident.site, incident.owner), say("incident", incident.kind),
    ...incident.signals.flatMap((signal) => [signal.device, signal.name])].filter(Boolean).join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

function row(incident) {
  const end = incident.resolved_at ?? null;
  const place = house.sites.size > 1 ? `${siteName(incident.site)} · ` : "";
  return h("li", h("a.row", {href: `#/incident/${encodeURIComponent(incident.id)}`}, h("time", {dateTime: incident.opened_at, title: clock(incident.opened_at)}, hour(incident.opened_at)), sign(incident.severity),
    h("span.grow", h("strong", incident.drill ? h("span.drill-mark", say("drill")) : null, incident.drill ? " " : "", `${say("incident", incident.kind)} · ${place}${incident.zone.name}`),
      h("small", `${say("severity", incident.severity)}${incident.owner ? ` · ${personName(incident.site, incident.owner)}` : ""}${end ? ` · ${ticking(Date.parse(end) - Date.parse(incident.opened_at))}` : ""}`)),
    h("span.badge", incident.outcome ? say("outcomes", incident.outcome) : say("states", incident.state))));
}

export async function show() {
  const list = h("div");
  const count = h("p.quiet", {role: "status"});
  const today = isoDay(now());
  const input = (name, type, props) => h("input", {name, type, ...props});
  const form = h("form.filters", {role: "search"},
    field(say("search"), input("words", "search", {autocomplete: "off"})),
    house.sites.size > 1 ? field(say("site"), choice([["", say("all")], ...siteOptions()], "", {name: "site"})) : null,
    field(say("kind_word"), choice([["", say("all")], ...wordsOf("incident").map((word) => [word, say("incident", word)])], "", {name: "kind"})),
    field(say("state"), choice([["", say("all")], ...wordsOf("states").map((word) => [word, say("states", word)])], "", {name: "state"})),
    field(say("from"), input("since", "date", {max: today})), field(say("until"), input("until", "date", {max: today})));
  const exporting = h("div.actions");
  const lang = language() === "zh" ? "zh-CN" : "en";
  let asked = 0;
  let next = null;
  let items = [];

  function fill() {
    const words = form.elements.words.value.trim();
    const found = words ? items.filter((one) => matches(one, words)) : items;
    count.textContent = say("found", {n: found.length + (next ? "+" : "")});
    const days = Map.groupBy ? Map.groupBy(found, (one) => isoDay(one.opened_at)) : found.reduce((map, one) => map.set(isoDay(one.opened_at), [...(map.get(isoDay(one.opened_at)) ?? []), one]), new Map());
    list.replaceChildren(...[...days].flatMap(([iso, ones]) => [
      h("h3.day", longDay(ones[0].opened_at), h("a", {href: `api/v1/report?format=html&lang=${lang}&since=${encodeURIComponent(startOf(iso))}&until=${encodeURIComponent(startOf(dayAfter(iso)))}`, target: "_blank", rel: "opener", "aria-label": `${say("day_report")} ${day(ones[0].opened_at)}`}, say("day_report"))),
      h("ul.rows.card", ones.map(row))]),
    found.length ? "" : h("p.quiet", say("nothing")),
    next ? h("p.actions", button(say("more"), () => ask(next), "plain")) : "");
  }

  async function ask(after) {
    const mine = ++asked;
    const data = Object.fromEntries(new FormData(form));
    const parts = query(data);
    if (after) parts.set("after", after);
    const page = await call(`incidents?${parts}`);
    if (mine !== asked) return;
    items = after ? [...items, ...page.items] : page.items;
    next = page.next;
    const period = `since=${encodeURIComponent(parts.get("since") ?? startOf(isoDay(now() - 30 * 86400000)))}&until=${encodeURIComponent(parts.get("until") ?? startOf(dayAfter(today)))}${data.site ? `&site=${encodeURIComponent(data.site)}` : ""}`;
    exporting.replaceChildren(...["csv", "json"].map((format) => h("a.button.plain", {href: `api/v1/report?format=${format}&lang=${lang}&${period}`, download: `tocsin.${format}`}, `${say("export")} ${format.toUpperCase()}`)));
    fill();
    // A word is looked for in all of it, as far as a person would read.
    if (data.words.trim() && next && items.length < 5000) ask(next);
  }

  form.addEventListener("input", (event) => (event.target.name === "words" && !next ? fill() : ask()));
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  await ask();
  return {element: h("div", h("div.head", h("h2", say("pages", "record")), exporting), form, count, list),
    changed: async (rows) => { if (rows.some((one) => one.type.startsWith("incident.")) && items.length <= 200) await ask(); }};
}
