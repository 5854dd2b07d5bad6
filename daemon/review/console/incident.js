// One incident: what it is, what happened, who was told, where, and what can be done.

import {call} from "./api.js";
import {ask, button, choice, clock, field, h, longDay, moment, ticking} from "./dom.js";
import {act, asMe, card, path} from "./card.js";
import {house, may, peopleOptions, personName} from "./house.js";
import {language, say} from "./words.js";
import {line} from "./story.js";

function facts(incident) {
  const site = incident.site;
  const rows = [
    [say("opened_at"), [longDay(incident.opened_at), " ", moment(incident.opened_at, clock(incident.opened_at))]],
    [say("owner"), incident.owner ? personName(site, incident.owner) : say("nobody")],
    incident.acknowledged_at ? [say("response"), ticking(Date.parse(incident.acknowledged_at) - Date.parse(incident.opened_at))] : null,
    incident.outcome ? [say("outcome"), say("outcomes", incident.outcome)] : null,
    incident.resolved_by ? [say("states", "resolved"), [personName(site, incident.resolved_by), " ", moment(incident.resolved_at)]] : null,
    incident.note ? [say("note"), incident.note] : null,
    [say("policy"), incident.policy ?? "–"], ["ID", h("span.hash", incident.id)],
  ];
  return h("section.card", h("h3", say("facts")), h("dl.facts", rows.filter(Boolean).map(([name, value]) => [h("dt", name), h("dd", value)])));
}

function timeline(incident) {
  const began = Date.parse(incident.opened_at);
  const rows = incident.timeline.map((row) => [row, line(row, incident)]).filter(([, said]) => said);
  if (incident.state !== "resolved") rows.reverse(); // what is new stands first while it lasts
  const list = h("ol.timeline", rows.map(([row, [words, tone]]) => h(`li${tone ? `.${tone}` : ""}`,
    h("time", {dateTime: row.received, title: clock(row.received)}, `+${ticking(Date.parse(row.received) - began)}`), h("div", words))));
  return h("section.card", h("h3", say("timeline")), list);
}

function pushes(incident) {
  const rows = incident.notifications.map((one) => h("li", h("div.grow", h("strong", one.to.name ?? one.to.id),
    h("span.quiet", `${say("reason", one.reason)} · ${one.channel ?? "–"} · `, moment(one.created, clock(one.created)))),
  h(`span.${one.delivery === "accepted" ? "ok" : one.delivery === "refused" ? "bad" : "wait"}`, say("delivery", one.state === "expired" && one.delivery === "waiting" ? "expired" : one.delivery),
    one.attempts > 1 ? ` (${say("tries", {n: one.attempts})})` : "")));
  return h("section.card", h("h3", say("pushes")), rows.length ? h("ul.rows", rows) : h("p.quiet", say("nothing")));
}

function zones(incident) {
  const all = house.zones.filter((zone) => zone.site === incident.site);
  const lines = [];
  const walk = (inside, depth) => all.filter((zone) => zone.in === inside).forEach((zone) => {
    const item = h(`li${zone.id === incident.zone.id ? ".here" : ""}`, zone.name,
      zone.owner ? h("small", ` ${zone.owner.name}`) : null, zone.armed ? h("small", ` · ${say("is_armed")}`) : null);
    item.style.setProperty("--depth", depth);
    if (zone.id === incident.zone.id) item.setAttribute("aria-current", "location");
    lines.push(item);
    walk(zone.id, depth + 1);
  });
  walk(null, 0);
  return h("section.card", h("h3", say("zones")), h("ul.zones", lines));
}

function actions(incident, problem) {
  if (!may("operator")) return null;
  const site = incident.site;
  const go = (where, body) => (event) => act(site, `${path(incident)}/${where}`, body, problem, event.currentTarget);
  const note = button(say("add_note"), async () => {
    const by = await asMe(site);
    if (by) ask(say("add_note"), field(say("note"), h("textarea", {name: "note", required: true, maxLength: 600})), say("add_note"), (data) => call(`${path(incident)}/note`, {by, ...data}));
  }, "plain");
  if (incident.state === "resolved") return h("div.actions", note);
  const give = button(say("hand_over"), async () => {
    const by = await asMe(site);
    if (by) ask(say("hand_over"), field(say("hand_to"), choice(peopleOptions(say("choose"), site).filter(([id]) => id !== by), "", {name: "to", required: true})), say("hand_over"), (data) => call(`${path(incident)}/reply`, {by, choice: "hand_over", to: data.to}));
  }, "plain");
  const wrong = button(say("false_alarm"), async () => {
    const by = await asMe(site);
    if (by) ask(say("false_alarm"), field(say("why"), h("textarea", {name: "note", maxLength: 600})), say("false_alarm"), (data) => call(`${path(incident)}/reply`, {by, choice: "false_alarm", note: data.note || undefined}));
  }, "plain");
  return h("div.actions", button(say("on_site"), go("reply", {choice: "on_site"}), "plain"),
    button(say("need_help"), go("reply", {choice: "need_help"}), "plain"), wrong, give, note);
}

export async function show(id) {
  const element = h("div");
  async function fill() {
    const incident = await call(`incidents/${encodeURIComponent(id)}`);
    const problem = h("p.problem", {role: "alert"});
    const lang = language() === "zh" ? "zh-CN" : "en";
    const report = `api/v1/incidents/${encodeURIComponent(id)}/report?lang=${lang}&format=`;
    const open = new Set([...element.querySelectorAll(".outcomes")].map(() => 1)); // somebody is choosing
    if (open.size) return;
    const head = h("div.head", h("h2", say("pages", "incident")), h("div.actions",
      h("a.button.plain", {href: `${report}html`, target: "_blank", rel: "opener"}, say("print")),
      h("a.button.plain", {href: `${report}csv`, download: `${id}.csv`}, "CSV")));
    const focus = document.activeElement?.textContent;
    const inside = element.contains(document.activeElement);
    element.replaceChildren(head, card(incident, true), h("p", problem), actions(incident, problem) ?? "",
      h("div.columns", timeline(incident), h("div.side", facts(incident), pushes(incident), zones(incident))));
    if (inside) [...element.querySelectorAll("button, a")].find((one) => one.textContent === focus)?.focus();
  }
  await fill();
  return {element, changed: async (rows) => { if (!rows.length || rows.some((row) => row.incident === id)) await fill(); }};
}

