// What stands for a while: where, what of, until when; and the lines of it that belong on top of Now.

import {act} from "./acting.js";
import {button, dotted, h, listed} from "./dom.js";
import {house, may, me, personName, place, zoneName} from "./house.js";
import {hour, moment} from "./times.js";
import {say} from "./words.js";

/** "宿舍", "西大道围墙、食堂", a device; the whole site where neither is named. */
export function whereOf(one) {
  const zones = one.zones ?? (one.zone ? [one.zone] : []);
  return dotted(place(one.site), zones.length ? listed(zones.map((id) => zoneName(one.site, id))) : one.device ? null : say("whole_site"), one.device);
}

export const kindsOf = (one) => (one.kinds ? listed(one.kinds.map((kind) => say(one.type === "drill" ? "incident" : "kind", kind))) : say("everything"));

function standingLine(word, one, ...more) {
  return h("li", {data: {key: one.id}}, h("a", {href: "#/control"}, h("strong", word), " ", dotted(whereOf(one), ...more)),
    one.until ? [` ${say("until_when")} `, moment(one.until, one.site, hour(one.until, one.site))] : null);
}

/** Something is handed to who sits here: a post, or one incident. */
function handoverLine(one) {
  const from = listed((one.from ?? []).map((id) => personName(one.site, id)));
  const post = house.posts.find((other) => other.site === one.site && other.id === one.post)?.name ?? one.post;
  const incident = house.open.find((other) => other.id === one.incident);
  const about = incident ? h("a", {href: `#/incident/${encodeURIComponent(incident.id)}`}, dotted(say("incident", incident.kind), incident.zone.name)) : post ?? one.incident;
  return h("li.mine", {data: {key: one.id}}, h("span", h("strong", say("handover")), " ", dotted(place(one.site), about, say("from_whom", {who: from}))),
    button(say(one.incident ? "accept_it" : "accept"), (event) => act(event, one.site, `handovers/${encodeURIComponent(one.id)}/accept`, {}), "mood"));
}

/** What is switched off, practised or waits for who sits here: one line each, above everything else. */
export function standing() {
  const mine = may("operator") ? house.handovers.filter((one) => one.to === me()) : [];
  const off = house.armings.filter((one) => !one.armed);
  const lines = [...mine.map(handoverLine),
    ...house.drills.map((one) => standingLine(say("drill"), one, one.kinds ? kindsOf(one) : null)),
    ...house.silences.map((one) => standingLine(say("silenced"), one, kindsOf(one))),
    ...off.map((one) => standingLine(say("disarmed"), one))];
  return lines.length ? h("ul.standing", {"aria-label": say("stands"), data: {key: "standing"}}, lines) : null;
}
