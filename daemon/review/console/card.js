// One incident as a card: what, where, since when, who has it, what comes next; and the two taps.

import {call} from "./api.js";
import {ask, button, field, h, moment, sign} from "./dom.js";
import {house, may, me, peopleOptions, personName, setMe, siteName} from "./house.js";
import {say, wordsOf} from "./words.js";

export const path = (incident) => `incidents/${encodeURIComponent(incident.id)}`;

/** In whose name; asks once where the session is nobody's. "" where that was cancelled. */
export async function asMe(site) {
  if (me()) return me();
  const select = h("select", {name: "by", required: true}, peopleOptions(say("choose"), site).map(([value, text]) => h("option", {value}, text)));
  await ask(say("i_am"), field(say("person"), select), say("show"), async (data) => setMe(data.by));
  return me();
}

/** Does it and says in problem what went wrong. */
export async function act(site, where, body, problem, pressed) {
  const by = await asMe(site);
  if (!by) {
    problem.textContent = say("choose_first");
    return false;
  }
  if (pressed) pressed.disabled = true;
  problem.textContent = "";
  try {
    await call(where, {by, ...body});
    return true;
  } catch (error) {
    problem.textContent = `${say("failed")} ${error.message}`;
    return false;
  } finally {
    if (pressed) pressed.disabled = false;
  }
}

function names(list) {
  const shown = list.slice(0, 3).map((one) => one.name).join("、");
  return list.length > 3 ? `${shown} ${say("and_more", {n: list.length - 3})}` : shown;
}

function next(incident) {
  const {next: coming} = incident;
  if (!coming) return null;
  const words = coming.what === "reopen" ? say("reopens")
    : `${say(coming.what === "repeat" ? "again" : "next")}: ${names(coming.notify)}`;
  return h("p.next", h("time.clock", {dateTime: coming.at, data: {clock: "until"}}), words);
}

function signals(incident) {
  const lines = incident.signals.slice(-4).map((signal) => h("li",
    `${signal.name ?? signal.device} · ${say("kind", signal.kind)}`, signal.state === "clear" ? ` (${say("cleared")})` : ""));
  if (incident.signals.length > 4) lines.unshift(h("li", `+${incident.signals.length - 4}`));
  if (incident.reported_by) lines.push(h("li", `${say("reported")} ${personName(incident.site, incident.reported_by)}`));
  return lines.length ? h("ul.quiet", lines) : null;
}

function who(incident) {
  const name = (id) => personName(incident.site, id);
  const words = [incident.owner ? `${name(incident.owner)} ${say("has_it")}` : incident.state === "resolved" ? say("states", "resolved") : say("nobody")];
  if (incident.on_site) words.push(`${say("was_on_site")} ${name(incident.on_site)}`);
  if (incident.help_by) words.push(`${say("help_wanted")} ${name(incident.help_by)}`);
  if (incident.doubted_by) words.push(`${say("doubted")} ${name(incident.doubted_by)}`);
  return h("p.who", words.join(" · "));
}

/** A report upward that somebody owes: to whom, until when, and the tap that says it was made. */
export function owedRow(one) {
  const {late} = one;
  async function made() {
    const by = await asMe(one.site);
    if (by) await ask(`${say("report_made")} · ${one.note}`, [h("p.quiet", `${say("owed_to")} ${one.to}`),
      field(say("made_to"), h("input", {name: "to", maxLength: 200, autocomplete: "off"})),
      field(say("made_at"), h("input", {name: "at", type: "datetime-local"}), say("made_at_hint")),
      field(say("note_optional"), h("input", {name: "note", maxLength: 200}))], say("report_made"),
    (data) => call(`reporting/${encodeURIComponent(one.id)}/made`, {by, ...Object.fromEntries(Object.entries(data).filter(([, value]) => value))}));
  }
  return h("li", h("div.grow", h("strong", `${one.note} → ${one.to}`), h("small", `${say("deadline_at")} `, moment(one.until))),
    h(`span.badge${late ? ".late" : ""}`, late ? `${say("report_late")} ` : "", h("time", {dateTime: one.until, data: {clock: late ? "since" : "until"}})),
    may("operator") ? h("button.plain.small", {type: "button", "aria-label": `${say("report_made")} ${one.note}`, onclick: made}, say("report_made")) : null);
}

/** What goes with an incident: reports that are owed, and what is switched on. */
const owedOf = (incident) => house.owed.filter((one) => one.incident === incident.id);
const switchedBy = (incident) => house.outputs.filter((one) => one.incident === incident.id);

export const outputWords = (one) => `${one.name ?? one.id}: ${say(one.confirmed ? "output_on" : "output_unsure")}`;

function beside(incident) {
  const rows = [...switchedBy(incident).map((one) => h("li", h(`span.${one.confirmed ? "ok" : "wait"}`, outputWords(one)))), ...owedOf(incident).map(owedRow)];
  return rows.length ? h("ul.rows.beside", rows) : null;
}

/** Resolve is two taps: this, and what it was. */
function outcomes(incident, problem, close) {
  return h("div.outcomes", h("p", say("what_was_it")),
    wordsOf("outcomes").filter((word) => incident.drill || word !== "drill").map((word) => h("button.plain", {type: "button", onclick: (event) =>
      act(incident.site, `${path(incident)}/resolve`, {outcome: word}, problem, event.currentTarget).then((done) => done && close())}, say("outcomes", word))),
    button(say("cancel"), close, "plain"));
}

export function card(incident, big = false) {
  const problem = h("p.problem", {role: "alert"});
  const item = h(`article.incident.${incident.severity}.${incident.state}`, {data: {id: incident.id, key: key(incident)}});
  const place = house.sites.size > 1 ? `${siteName(incident.site)} · ` : "";
  const title = [incident.drill ? h("span.drill-mark", say("drill")) : null, incident.drill ? " " : null, say("incident", incident.kind)];
  const actions = h("div.actions");
  const closing = h("div");
  function usual() {
    const mine = incident.owner && incident.owner === me();
    closing.replaceChildren();
    actions.replaceChildren(...(may("operator") && incident.state !== "resolved" ? [
      mine ? null : h("button.mood.first", {type: "button", onclick: (event) =>
        act(incident.site, incident.owner ? `${path(incident)}/reply` : `${path(incident)}/ack`, incident.owner ? {choice: "take"} : {}, problem, event.currentTarget)},
      say(incident.owner ? "take_over" : "take")),
      button(say("resolve"), () => { actions.replaceChildren(); closing.replaceChildren(outcomes(incident, problem, usual)); closing.querySelector("button").focus(); }, "plain"),
    ].filter(Boolean) : []));
  }
  item.append(
    h("div.top", sign(incident.severity), h("h3", big ? title : h("a", {href: `#/incident/${encodeURIComponent(incident.id)}`}, title)),
      incident.state === "resolved" ? null : h("time.clock", {dateTime: incident.opened_at, data: {clock: "since"}})),
    h("p.where", `${place}${incident.zone.name}${incident.subject ? ` · ${incident.subject}` : ""}`),
    h("p", h("span.word", say("severity", incident.severity)), ` · ${say("states", incident.state)}`),
    ...[signals(incident), incident.cleared && incident.state !== "resolved" ? h("p.quiet", say("all_cleared")) : null, who(incident), next(incident)].filter(Boolean),
    actions, closing, problem, beside(incident) ?? "");
  usual();
  return item;
}

/** What makes a card another one. */
export const key = (incident) => JSON.stringify([incident, owedOf(incident), switchedBy(incident)]) + me();
