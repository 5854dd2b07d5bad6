// Hazards: found, remedied until a day, checked by somebody else.

import {call} from "./api.js";
import {act, askAndAct, note} from "./acting.js";
import {button, choice, dotted, field, h, problemLine} from "./dom.js";
import {concern, may, peopleOptions, personName, place, zoneName} from "./house.js";
import {placeFields} from "./places.js";
import {fill} from "./refresh.js";
import {amount, moment} from "./times.js";
import {say} from "./words.js";

function report() {
  const {site, fields} = placeFields();
  const days = [1, 3, 7, 14, 30].map((n) => [`${n}d`, amount(n, "days")]);
  return askAndAct(null, say("hazard_new"), [fields, note(say("what_is_wrong"), {required: true}),
    field(say("who_remedies"), choice(peopleOptions(say("choose_person")), "", {name: "to", required: true})), field(say("deadline"), choice(days, "7d", {name: "for"}))],
  say("hazard_new"), "hazards", (data) => ({site: site(), ...data}));
}

/** "overdue" goes before whatever else it is. */
const stageOf = (one) => (one.state !== "active" ? "closed" : one.stage === "open" && one.overdue ? "overdue" : one.stage);

function row(one) {
  const name = (id) => personName(one.site, id);
  const at = (verb) => `hazards/${encodeURIComponent(one.id)}/${verb}`;
  const go = (verb) => (event) => (verb === "close" ? act(event, one.site, at(verb), {})
    : askAndAct(one.site, say(verb), note(say(verb === "remedy" ? "what_was_done" : "why"), {required: true}), say(verb), at(verb)));
  const verbs = !may("operator") || one.state !== "active" ? [] : one.remedied_by ? ["close", "reopen"] : ["remedy"];
  const stage = stageOf(one);
  return h("li", {data: {key: one.id}}, h("div.grow", h("strong.note", one.note ?? one.id),
    h("small", dotted(place(one.site), one.zone ? zoneName(one.site, one.zone) : null, one.device,
      one.to ? `${say("who_remedies")} ${name(one.to)}` : null, one.by ? `${say("reported")} ${name(one.by)}` : null,
      one.until ? h("span", `${say("deadline")} `, moment(one.until, one.site)) : null)),
    one.remedy ? h("small", `${say("remedy")} · ${one.remedy} (${name(one.remedied_by)})`) : null,
    one.ended_at ? h("small", `${say("stage", "closed")} `, moment(one.ended_at, one.site), one.ended_by ? ` ${name(one.ended_by)}` : "") : null),
  h(`span.badge${stage === "overdue" ? ".late" : ""}`, say("stage", stage)), verbs.map((verb) => button(say(verb), go(verb), "plain.small")));
}

export async function show() {
  const element = h("div");
  let closed = false;
  async function look() {
    const items = (await call(`hazards?limit=1000${closed ? "&all=true" : ""}`)).items;
    const late = items.filter((one) => stageOf(one) === "overdue");
    const turn = (event) => {
      closed = event.target.checked;
      look();
    };
    fill(element, h("div.head", h("h2", say("pages", "hazards")), may("operator") ? button(say("hazard_new"), report, "plain") : null),
      h("label.check", h("input", {type: "checkbox", onchange: turn}), say("show_closed")), problemLine(),
      items.length ? h("ul.rows.card", [...late, ...items.filter((one) => !late.includes(one))].map(row)) : h("p.quiet", say("none_now")));
  }
  await look();
  return {element, changed: (rows) => (concern(rows, "hazard", "operator") ? look() : null)};
}
