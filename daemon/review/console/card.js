// One incident as a card: what, where, since when, what people said, who has it, what comes next;
// and the two taps.

import {act, askAndAct, path} from "./acting.js";
import {button, dotted, field, h, listed, problemLine, said, sign} from "./dom.js";
import {house, may, me, personName, place} from "./house.js";
import {refresh} from "./refresh.js";
import {moment, running} from "./times.js";
import {say, wordsBelow} from "./words.js";

export const drillSign = (incident) => (incident.drill ? [h("span.drill-mark", say("drill")), " "] : null);

/* ---- what it is about ---- */

const pages = {hazard: "hazards", handover: "duty", silence: "control", channel: "health", contact: "health", broker: "health", store: "health", reach: "health", gateway: "devices", chatter: "devices", absent: "devices"};

/** What a trouble is about; "" where its zone and devices say it all. */
export function subjectWords(incident) {
  if (!incident.subject) return "";
  const [kind, ...rest] = incident.subject.split(":");
  const one = rest.join(":");
  const what = ["channel", "gateway"].includes(kind) ? one : kind === "reach" ? personName(incident.site, one) : "";
  return what ? said(say("subject", kind), what) : say("subject", kind);
}

/** The same with the way to it. */
export function subject(incident) {
  const words = subjectWords(incident);
  const page = words && pages[incident.subject.split(":")[0]];
  return page ? h("a", {href: `#/${page}`}, words) : words || null;
}

/** What stands in a trouble of the service itself as its note is for technicians. */
export const wordsOf = (incident) => (!incident.subject || incident.subject.startsWith("hazard:") ? incident.note : null);

function signals(incident) {
  const lines = incident.signals.slice(-4).map((signal) => h("li", dotted(signal.name ?? signal.device, say("kind", signal.kind)),
    signal.state === "clear" ? ` (${say("cleared")})` : ""));
  if (incident.signals.length > 4) lines.unshift(h("li", `+${incident.signals.length - 4}`));
  return lines.length ? h("ul.quiet", lines) : null;
}

/** What somebody said of it comes before what sensors say. */
function words(incident) {
  const name = (id) => personName(incident.site, id);
  const by = dotted(incident.reported_by ? `${say("reported")} ${name(incident.reported_by)}` : null,
    incident.resolved_by ? `${say("resolved_by")} ${name(incident.resolved_by)}` : null);
  const note = wordsOf(incident);
  return note || by.length ? h("div.words", note ? h("p.note", note) : null, by.length ? h("p.quiet", by) : null) : null;
}

function who(incident) {
  const name = (id) => personName(incident.site, id);
  const over = incident.state === "resolved";
  const parts = [over ? null : incident.owner ? `${name(incident.owner)} ${say("has_it")}` : say("nobody")];
  if (incident.on_site) parts.push(`${say("was_on_site")} ${name(incident.on_site)}`);
  if (incident.help_by && !over) parts.push(`${say("help_wanted")} ${name(incident.help_by)}`);
  if (incident.doubted_by && !over) parts.push(`${say("doubted")} ${name(incident.doubted_by)}`);
  return parts.some(Boolean) ? h("p.who", dotted(...parts)) : null;
}

function names(list) {
  const shown = listed(list.slice(0, 3).map((one) => (one.kind === "channel" ? say("line", {name: one.name}) : one.name)));
  return list.length > 3 ? `${shown} ${say("and_more", {n: list.length - 3})}` : shown;
}

function next({next: coming}) {
  if (!coming) return null;
  const what = coming.what === "reopen" ? say("reopens") : said(say(coming.what === "repeat" ? "again" : "next"), names(coming.notify));
  return h("p.next", h("span", what), h("time.clock", {dateTime: coming.at, data: {clock: "until"}}));
}

/* ---- what goes with it ---- */

/** A report upward that somebody owes: to whom, until when, and the tap that says it was made. */
export function owedRow(one) {
  const {late} = one;
  const made = () => askAndAct(one.site, dotted(say("report_made"), one.note), [h("p.quiet", `${say("owed_to")} ${one.to}`),
    field(say("made_to"), h("input", {name: "to", maxLength: 200, autocomplete: "off"})),
    field(say("made_at"), h("input", {name: "at", type: "datetime-local"}), say("made_at_hint")),
    field(say("note_optional"), h("input", {name: "note", maxLength: 200}))], say("report_made"), `reporting/${encodeURIComponent(one.id)}/made`);
  return h("li", {data: {key: one.id}},
    h("div.grow", h("strong", `${one.note} → ${one.to}`), h("small", `${say("deadline_at")} `, moment(one.until, one.site))),
    h(`span.badge${late ? ".late" : ""}`, late ? `${say("report_late")} ` : "", running(one.until, late ? "since" : "until")),
    may("operator") ? button(say("report_made"), made, "plain.small", {"aria-label": `${say("report_made")} ${one.note}`}) : null);
}

const owedOf = (incident) => house.owed.filter((one) => one.incident === incident.id);
const grave = ["warning", "minor", "major", "critical"];

/** In the zone or one below it. The one in which all others lie is in no path but its own. */
function liesIn({site, zone: {path}}, zone) {
  const roots = house.zones.filter((one) => one.site === site && !one.in);
  return path.includes(zone) || (roots.length === 1 && roots[0].id === zone);
}

/** An output is on for every incident that it answers to. */
function answers(output, incident) {
  const {kind, severity, zone} = output.for ?? {};
  return output.site === incident.site && (output.incident === incident.id ||
    ((kind || severity || zone) && (!kind || kind === incident.kind) && (!zone || liesIn(incident, zone)) &&
    (!severity || grave.indexOf(incident.severity) >= grave.indexOf(severity)) && (output.drills || !incident.drill) &&
    new Set(incident.signals.map((signal) => signal.device)).size + (incident.reported_by ? 1 : 0) >= output.triggers &&
    (output.until !== "acknowledged" || incident.state === "open")));
}
const switchedBy = (incident) => house.outputs.filter((one) => answers(one, incident));

export const outputWords = (one) => said(one.name ?? one.id, say(one.confirmed ? "output_on" : "output_unsure"));

/** Who asks whom to take it from now on. */
const offerOf = (incident) => house.handovers.find((one) => one.incident === incident.id);

function offer(incident) {
  const one = offerOf(incident);
  if (!one) return null;
  const from = one.by ?? one.from?.[0];
  const mine = one.to === me();
  return h("div.offer", h("p", mine ? say("asks_you", {who: personName(one.site, from)}) : say("handover_waits", {who: personName(one.site, one.to)})),
    mine && may("operator") ? button(say("accept_it"), (event) => act(event, one.site, `handovers/${encodeURIComponent(one.id)}/accept`, {}), "mood") : null);
}

function beside(incident) {
  const rows = [...switchedBy(incident).map((one) => h("li", {data: {key: `on ${one.id}`}}, h(`span.${one.confirmed ? "ok" : "wait"}`, outputWords(one)))),
    ...owedOf(incident).map(owedRow)];
  return rows.length ? h("ul.rows.beside", rows) : null;
}

/* ---- the two taps ---- */

const choosing = new Set(); // ids of incidents of which somebody here is saying what it was

/** Resolve is two taps: this, and what it was. */
function outcomes(incident, choose) {
  const end = (word) => (event) => act(event, incident.site, `${path(incident)}/resolve`, {outcome: word}).then((done) => done && choose(false, done));
  return h("div.outcomes", {role: "group", "aria-label": say("what_was_it"), data: {key: "outcomes"}}, h("p", say("what_was_it")),
    wordsBelow("outcomes").filter((word) => incident.drill || word !== "drill").map((word) => button(say("outcomes", word), end(word), "plain")),
    button(say("cancel"), () => choose(false), "plain"));
}

function taps(incident, choose) {
  if (!may("operator") || incident.state === "resolved") return null;
  if (choosing.has(incident.id)) return outcomes(incident, choose);
  const mine = incident.owner && incident.owner === me();
  const title = `${say("incident", incident.kind)} ${incident.zone.name}`;
  const [where, body, first] = incident.owner ? ["reply", {choice: "take"}, say("take_over")] : ["ack", {}, say("take")];
  const take = (event) => act(event, incident.site, `${path(incident)}/${where}`, body);
  return h("div.actions", {data: {key: "taps"}},
    mine ? null : button(first, take, "mood.first", {"aria-label": said(first, title)}),
    button(say("resolve"), () => choose(true), "plain", {"aria-label": said(say("resolve"), title), data: {key: "resolve"}}));
}

/* ---- the whole ---- */

const shown = (incident) => document.querySelector(`article[data-key="${CSS.escape(incident.id)}"]`);

export function card(incident, big = false) {
  const title = [drillSign(incident), say("incident", incident.kind)];
  const over = incident.state === "resolved";
  function choose(begins, now = incident) {
    if (begins) choosing.add(incident.id);
    else choosing.delete(incident.id);
    const item = shown(incident);
    if (!item) return;
    refresh(item, card(now, big));
    item.querySelector(".outcomes button, [data-key=resolve]")?.focus({preventScroll: true});
  }
  return h(`article.incident.${incident.severity}.${incident.state}${incident.drill ? ".drill" : ""}`, {data: {key: incident.id}},
    h("div.top", sign(incident.severity), h("h3", big ? title : h("a", {href: `#/incident/${encodeURIComponent(incident.id)}`}, title)),
      over ? null : running(incident.opened_at, "since", "time.clock")),
    h("p.where", dotted(place(incident.site), incident.zone.name, subject(incident))),
    h("p", dotted(h("span.word", say("severity", incident.severity)), say("states", incident.state),
      incident.outcome ? say("outcomes", incident.outcome) : null)),
    words(incident), signals(incident), incident.cleared && !over ? h("p.quiet", say("all_cleared")) : null,
    who(incident), next(incident), offer(incident), taps(incident, choose), problemLine(), beside(incident));
}

/** What makes a card another one. */
export const key = (incident) => JSON.stringify([incident, owedOf(incident), switchedBy(incident), offerOf(incident), choosing.has(incident.id)]) + me();
