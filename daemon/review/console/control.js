// What stands for a while: drills, silences, arming by hand; each with its end.

import {act, askAndAct, note, reason} from "./acting.js";
import {button, choice, dotted, field, h, plainText, problemLine, said} from "./dom.js";
import {call} from "./api.js";
import {concern, house, may, personName, place} from "./house.js";
import {placeFields} from "./places.js";
import {fill} from "./refresh.js";
import {kindsOf, whereOf} from "./standing.js";
import {amount, moment, running} from "./times.js";
import {say, wordsBelow} from "./words.js";

const SPANS = [["10m", 10, "min"], ["30m", 30, "min"], ["1h", 1, "h"], ["2h", 2, "h"], ["4h", 4, "h"], ["8h", 8, "h"], ["24h", 24, "h"]];
const spans = (chosen, longest = "24h") => field(say("how_long"), choice(
  SPANS.slice(0, SPANS.findIndex(([value]) => value === longest) + 1).map(([value, n, unit]) => [value, amount(n, unit)]), chosen, {name: "for"}));
const check = (name, words, checked) => h("label.check", h("input", {type: "checkbox", name, checked}), words);

function drill() {
  const {site, fields} = placeFields({covers: true});
  return askAndAct(null, say("start_drill"), [h("p.quiet", say("drill_text")), fields, spans("30m", "8h"), check("announced", say("announced"), true), note()],
    say("start_drill"), "drills", (data) => ({site: site(), ...data, announced: data.announced === "on"}));
}

function silence() {
  const {site, fields} = placeFields({covers: true});
  const kinds = [["", say("choose_kind")], ["all", say("everything")], ...wordsBelow("kind").filter((kind) => kind !== "panic").map((kind) => [kind, say("kind", kind)])];
  return askAndAct(null, say("silence"), [h("p.quiet", say("silence_text")), fields, field(say("kind_word"), choice(kinds, "", {name: "kind", required: true})),
    spans("1h"), reason()], say("silence"), "silences", (data) => ({site: site(), ...data, kind: data.kind === "all" ? undefined : data.kind}));
}

function arm(zone, word) {
  const arms = word === "arm";
  return askAndAct(zone.site, dotted(say(word), zone.name), [spans("8h"), arms ? check("force", say("force"), false) : null, reason()], say(word),
    `zones/${encodeURIComponent(zone.id)}/${word}`, (data) => ({site: zone.site, ...data, force: arms ? data.force === "on" : undefined}));
}

function standing(one, end) {
  const what = one.armed === undefined ? (one.kinds || one.type === "silence" ? kindsOf(one) : null) : say(one.armed ? "armed" : "disarmed");
  return h("li", {data: {key: one.id}}, h("div.grow", h("strong", dotted(whereOf(one), what)),
    h("small", dotted(one.by ? personName(one.site, one.by) : null, one.note, one.until ? h("span", `${say("until_when")} `, moment(one.until, one.site)) : say("always")))),
  one.until ? h("span.badge", `${say("ends_in")} `, running(one.until, "until")) : null,
  end ? button(say("end"), (event) => act(event, one.site, `${end}/${encodeURIComponent(one.id)}/end`, {}), "plain.small",
    {"aria-label": said(say("end"), plainText(whereOf(one), what))}) : null);
}

function part(title, items, end, begin) {
  return h("section.card", {data: {key: title}}, h("div.head", h("h3", title), begin),
    items.length ? h("ul.rows", items.map((one) => standing(one, end))) : h("p.quiet", say("none_now")), problemLine());
}

function zoneRow(zone) {
  return h("li", {data: {key: `${zone.site}/${zone.id}`}}, h("span.grow", dotted(place(zone.site), zone.name)),
    h(`span.badge${zone.armed ? ".on" : ""}`, say(zone.armed ? "is_armed" : "not_armed")),
    may("operator") ? ["arm", "disarm"].map((word) => button(say(word), () => arm(zone, word), "plain.small", {"aria-label": `${say(word)} ${zone.name}`})) : null);
}

export async function show() {
  const element = h("div");
  async function look() {
    const [drills, silences, armings, zones] = await Promise.all(["drills", "silences", "armings", "zones"].map((name) => call(`${name}?limit=1000`)));
    house.zones = zones.items;
    const [admin, operator] = [may("admin"), may("operator")];
    fill(element, h("div.head", h("h2", say("pages", "control"))),
      part(say("drills"), drills.items, admin && "drills", admin ? button(say("start_drill"), drill, "plain") : null),
      part(say("silences"), silences.items, admin && "silences", admin ? button(say("silence"), silence, "plain") : null),
      part(say("armings"), armings.items, operator && "armings", null),
      h("section.card", {data: {key: "zones"}}, h("h3", say("zones_armed")), h("ul.rows", zones.items.map(zoneRow))));
  }
  await look();
  return {element, changed: (rows) => (concern(rows, "drill", "silence", "operator", "arming", "config") ? look() : null)};
}
