// Hazards: found, remedied until a day, checked by somebody else.

import {call} from "./api.js";
import {ask, button, choice, field, h, moment} from "./dom.js";
import {act, asMe} from "./card.js";
import {house, may, peopleOptions, personName, siteName, zoneName, zoneOptions} from "./house.js";
import {say} from "./words.js";

async function report() {
  const by = await asMe();
  if (by) await ask(say("hazard_new"), [field(say("zone"), choice(zoneOptions(), "", {name: "zone"})),
    field(say("what_is_wrong"), h("textarea", {name: "note", required: true, maxLength: 600})),
    field(say("who_remedies"), choice(peopleOptions(say("choose")), "", {name: "to", required: true})),
    field(say("deadline"), choice([["1d", 1], ["3d", 3], ["7d", 7], ["14d", 14], ["30d", 30]].map(([value, n]) => [value, `${n} ${say("units", "days")}`]), "7d", {name: "for"}))],
  say("hazard_new"), (data) => call("hazards", {...data, by, site: house.zones.find((zone) => zone.id === data.zone)?.site}));
}

function row(one, problem) {
  const name = (id) => personName(one.site, id);
  const go = (verb) => async (event) => {
    const pressed = event.currentTarget;
    if (verb === "close") return act(one.site, `hazards/${encodeURIComponent(one.id)}/close`, {}, problem, pressed);
    const by = await asMe(one.site);
    if (by) await ask(say(verb), field(say(verb === "remedy" ? "what_was_done" : "why"), h("textarea", {name: "note", required: true, maxLength: 600})), say(verb), (data) => call(`hazards/${encodeURIComponent(one.id)}/${verb}`, {by, note: data.note}));
  };
  const verbs = !may("operator") || one.state !== "active" ? [] : one.remedied_by ? ["close", "reopen"] : ["remedy"];
  return h("li", h("div.grow", h("strong", one.note ?? one.id), h("small", [house.sites.size > 1 ? siteName(one.site) : null, one.zone ? zoneName(one.site, one.zone) : null, one.device, one.to ? `${say("who_remedies")}: ${name(one.to)}` : null, one.by ? `${say("reported")} ${name(one.by)}` : null].filter(Boolean).join(" · "),
    one.until ? [" · ", say("deadline"), " ", moment(one.until)] : null), one.remedy ? h("small", `${say("remedy")}: ${one.remedy} (${name(one.remedied_by)})`) : null),
  h("span.badge", say("stage", one.stage ?? one.state)), verbs.map((verb) => button(say(verb), go(verb), "plain.small")));
}

export async function show() {
  const element = h("div");
  async function fill() {
    const items = (await call("hazards")).items;
    const problem = h("p.problem", {role: "alert"});
    element.replaceChildren(h("div.head", h("h2", say("pages", "hazards")), may("operator") ? button(say("hazard_new"), report, "plain") : ""), problem,
      items.length ? h("ul.rows.card", items.map((one) => row(one, problem))) : h("p.quiet", say("none_now")));
  }
  await fill();
  return {element, changed: async (rows) => { if (rows.some((one) => one.type.startsWith("hazard") || one.type === "operator")) await fill(); }};
}
