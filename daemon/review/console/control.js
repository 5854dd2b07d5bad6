// What stands for a while: drills, silences, arming by hand; each with its end.

import {call} from "./api.js";
import {ask, button, choice, field, h, moment} from "./dom.js";
import {act, asMe} from "./card.js";
import {house, may, personName, siteName, siteOptions, zoneName, zoneOptions} from "./house.js";
import {pick, say, wordsOf} from "./words.js";

const spans = (chosen) => choice([["10m", "10"], ["30m", "30"], ["1h", "60"]].map(([value, n]) => [value, `${n} ${say("units", "min")}`])
  .concat([["2h", 2], ["4h", 4], ["8h", 8], ["24h", 24]].map(([value, n]) => [value, `${n} ${say("units", "h")}`])), chosen, {name: "for"});

function zones() {
  const zone = choice(zoneOptions(), "", {name: "zone"});
  if (house.sites.size < 2) return field(say("zone"), zone);
  const site = choice(siteOptions(), "", {name: "site"});
  const fit = () => zone.replaceChildren(...zoneOptions(undefined, site.value).map(([value, text]) => h("option", {value}, text)));
  site.addEventListener("change", fit);
  fit();
  return [field(say("site"), site), field(say("zone"), zone)];
}

const note = () => field(say("note_optional"), h("input", {name: "note", maxLength: 200}));
const reason = () => field(say("why"), h("input", {name: "note", maxLength: 200, required: true}));
const cleaned = (data) => Object.fromEntries(Object.entries(data).filter(([, value]) => value !== ""));

async function drill() {
  const by = await asMe();
  if (by) await ask(say("start_drill"), [h("p.quiet", say("drill_text")), zones(), field(say("how_long"), spans("30m")),
    h("label.check", h("input", {type: "checkbox", name: "announced", checked: true}), say("announced")), note()], say("start_drill"),
  (data) => call("drills", {...cleaned(data), announced: data.announced === "on", by}));
}

async function silence() {
  const by = await asMe();
  const kinds = choice([["", say("everything")], ...wordsOf("kind").filter((kind) => kind !== "panic").map((kind) => [kind, say("kind", kind)])], "", {name: "kind"});
  if (by) await ask(say("silence"), [h("p.quiet", say("silence_text")), zones(), field(say("kind_word"), kinds), field(say("how_long"), spans("1h")), reason()], say("silence"),
    (data) => call("silences", {...cleaned(data), by}));
}

async function arm(zone, word) {
  const by = await asMe(zone.site);
  if (by) await ask(`${say(word)} · ${zone.name}`, [field(say("how_long"), spans("8h")), word === "arm" ? h("label.check", h("input", {type: "checkbox", name: "force"}), pick("Although a door is open", "有门未关也布防")) : null, reason()], say(word),
    (data) => call(`zones/${encodeURIComponent(zone.id)}/${word}`, {...cleaned(data), force: word === "arm" ? data.force === "on" : undefined, site: zone.site, by}));
}

function standing(one, problem, end) {
  const where = [house.sites.size > 1 ? siteName(one.site) : null, (one.zones ?? [one.zone]).filter(Boolean).map((zone) => zoneName(one.site, zone)).join("、"), one.device, one.kinds?.map((kind) => say(one.type === "drill" ? "incident" : "kind", kind)).join("、"),
    one.armed === undefined ? null : say(one.armed ? "armed" : "disarmed")].filter(Boolean).join(" · ");
  return h("li", h("div.grow", h("strong", where || say("whole_site")), h("small", one.by ? personName(one.site, one.by) : "", one.note ? ` · ${one.note}` : "", " · ", one.until ? [`${say("until_when")} `, moment(one.until)] : say("always"))),
    one.until ? h("span.badge", `${say("ends_in")} `, h("time", {dateTime: one.until, data: {clock: "until"}})) : null,
    end && may("admin") ? button(say("end"), (event) => act(one.site, end(one), {}, problem, event.currentTarget), "plain.small") : null);
}

function part(title, items, problem, end, ...more) {
  return h("section.card", h("div.head", h("h3", title), more), items.length ? h("ul.rows", items.map((one) => standing(one, problem, end))) : h("p.quiet", say("none_now")));
}

function zoneRow(zone) {
  const place = house.sites.size > 1 ? `${siteName(zone.site)} · ` : "";
  return h("li", h("span.grow", `${place}${zone.name}`), h(`span.badge${zone.armed ? ".on" : ""}`, say(zone.armed ? "is_armed" : "not_armed")),
    may("operator") ? ["arm", "disarm"].map((word) => h("button.plain.small", {type: "button", "aria-label": `${say(word)} ${zone.name}`, onclick: () => arm(zone, word)}, say(word))) : null);
}

export async function show() {
  const element = h("div");
  async function fill() {
    const [drills, silences, armings, armed] = await Promise.all([call("drills"), call("silences"), call("armings"), call("zones")]);
    house.zones = armed.items;
    const problem = h("p.problem", {role: "alert"});
    const admin = may("admin");
    element.replaceChildren(h("div.head", h("h2", say("pages", "control"))), problem,
      part(say("drills"), drills.items, problem, (one) => `drills/${encodeURIComponent(one.id)}/end`, admin ? button(say("start_drill"), drill, "plain") : null),
      part(say("silences"), silences.items, problem, (one) => `silences/${encodeURIComponent(one.id)}/end`, admin ? button(say("silence"), silence, "plain") : null),
      part(say("armings"), armings.items, problem, null),
      h("section.card", h("h3", say("zone")), h("ul.rows", armed.items.map(zoneRow))));
  }
  await fill();
  return {element, changed: async (rows) => { if (rows.some((row) => ["drill", "silence", "operator", "arm", "config"].some((word) => row.type.startsWith(word)))) await fill(); }};
}
