// One incident: what it is, what happened, who was told, where, and what can be done.

import {call} from "./api.js";
import {act, askAndAct, note, path} from "./acting.js";
import {button, choice, dotted, field, h, problemLine} from "./dom.js";
import {card, subject, wordsOf} from "./card.js";
import {concern, may, me, peopleOptions, personName, zoneTree} from "./house.js";
import {fill} from "./refresh.js";
import {clock, longDay, moment, ticking} from "./times.js";
import {language, say} from "./words.js";

const tag = () => (language() === "zh" ? "zh-CN" : "en");

/** Who was first to take charge, and when: what counts as the answer, whoever has it later. */
const firstAnswer = (incident) => incident.timeline.find((row) => row.type === "incident.acknowledged");

function facts(incident) {
  const {site} = incident;
  const name = (id) => personName(site, id);
  const answer = firstAnswer(incident);
  const over = incident.state === "resolved";
  const rows = [
    [say("opened_at"), [longDay(incident.opened_at, site), " ", moment(incident.opened_at, site, clock(incident.opened_at, site))]],
    answer ? [say("first_answer"), dotted(`${name(answer.by)} ${ticking(Date.parse(answer.received) - Date.parse(incident.opened_at))}`)] : null,
    incident.owner || !over ? [say(over ? "last_owner" : "owner"), incident.owner ? name(incident.owner) : say("nobody")] : null,
    over ? [say("states", "resolved"), dotted(incident.resolved_by ? name(incident.resolved_by) : null, incident.outcome ? say("outcomes", incident.outcome) : say("by_itself"),
      moment(incident.resolved_at, site))] : null,
    incident.subject ? [say("about"), subject(incident)] : null,
    incident.note && !wordsOf(incident) ? [say("detail"), h("span.note", incident.note)] : null,
    [say("policy"), incident.policy ?? "–"], [say("number"), h("span.hash", incident.id)],
  ];
  return h("section.card", h("h3", say("facts")),
    h("dl.facts", rows.filter(Boolean).map(([term, value]) => h("div", h("dt", term), h("dd", value)))));
}

function timeline(incident) {
  const began = Date.parse(incident.opened_at);
  const rows = incident.timeline.filter((row) => row.tells);
  if (incident.state !== "resolved") rows.reverse(); // what is new stands first while it lasts
  const list = h("ol.timeline", rows.map((row) => h(`li.${row.tone}`, {data: {key: row.seq}},
    h("time", {dateTime: row.received}, h("span", `+${ticking(Date.parse(row.received) - began)}`), h("small", clock(row.received, incident.site))),
    h("div", row.text))));
  return h("section.card", h("h3", say("timeline")), list);
}

function result(one) {
  if (one.delivery === "accepted") return ["ok", say("delivery", "accepted")];
  if (one.delivery === "refused") return ["bad", say("delivery", "refused")];
  if (one.state === "accepted" && !one.attempts) return ["quiet", say("delivery", "not_needed")];
  if (one.delivery === "expired" || one.state === "expired") return ["quiet", say("delivery", "expired")];
  return ["wait", say("delivery", one.delivery)];
}

function pushes(incident) {
  const rows = incident.notifications.map((one) => {
    const [kind, words] = result(one);
    return h("li", {data: {key: `${one.notification} ${one.contact}`}},
      h("div.grow", h("strong", one.to.name ?? one.to.id),
        h("span.quiet", dotted(say("reason", one.reason), one.channel ?? "–", moment(one.created, one.site, clock(one.created, one.site))))),
      h(`span.${kind}`, words, one.attempts > 1 ? ` (${say("tries", {n: one.attempts})})` : ""));
  });
  return h("section.card", h("h3", say("pushes")), rows.length ? h("ul.rows", rows) : h("p.quiet", say("nothing")));
}

function zones(incident) {
  const lines = zoneTree(incident.site).map(([zone, depth]) => {
    const here = zone.id === incident.zone.id;
    const item = h(`li${here ? ".here" : ""}`, {"aria-current": here ? "location" : null, data: {key: zone.id}}, zone.name,
      zone.owner ? h("small", ` ${zone.owner.name}`) : null, zone.armed ? h("small", ` · ${say("is_armed")}`) : null);
    item.style.setProperty("--depth", depth);
    return item;
  });
  return h("section.card", h("h3", say("zones")), h("ul.zones", lines));
}

function actions(incident) {
  if (!may("operator") || incident.state === "resolved") return null;
  const {site} = incident;
  const at = path(incident);
  const now = (word) => button(say(word), (event) => act(event, site, `${at}/reply`, {choice: word}), "plain");
  const asked = (word, controls) => button(say(word),
    () => askAndAct(site, say(word), controls(), say(word), `${at}/reply`, (data) => ({choice: word, ...data})), "plain");
  const others = () => peopleOptions(say("choose_person"), site).filter(([id]) => id !== me());
  return h("div.below", {data: {key: "actions"}}, h("div.actions", now("on_site"), now("need_help"),
    asked("false_alarm", () => note(say("why"))),
    asked("hand_over", () => [field(say("hand_to"), choice(others(), "", {name: "to", required: true})), note()]),
    button(say("add_note"), () => askAndAct(site, say("add_note"), note(say("note"), {required: true}), say("add_note"), `${at}/note`), "plain")),
  problemLine());
}

export async function show({id}) {
  const element = h("div");
  async function look() {
    const incident = await call(`incidents/${encodeURIComponent(id)}?lang=${tag()}`);
    const report = `api/v1/incidents/${encodeURIComponent(id)}/report?lang=${tag()}&format=`;
    fill(element, h("div.head", h("h2", say("pages", "incident")), h("div.actions",
      h("a.button.plain", {href: `${report}html`, target: "_blank", rel: "opener"}, say("print")),
      h("a.button.plain", {href: `${report}csv`, download: `${id}.csv`}, "CSV"))),
    card(incident, true), actions(incident),
    h("div.columns", timeline(incident), h("div.side", facts(incident), pushes(incident), zones(incident))));
  }
  await look();
  return {element, changed: (rows) => (rows === null || rows.some((row) => row.incident === id) || concern(rows, "duty") ? look() : null)};
}
