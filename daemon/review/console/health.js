// Is the service itself well: broker, record, ways to people, proofs.

import {call} from "./api.js";
import {act} from "./acting.js";
import {button, copyButton, dotted, h, problemLine, said} from "./dom.js";
import {outputWords} from "./card.js";
import {house, may, place} from "./house.js";
import {fill} from "./refresh.js";
import {moment} from "./times.js";
import {say} from "./words.js";

const state = (good, yes, no) => h(`span.${good ? "ok" : "bad"}`, good ? yes : no);
const pair = (term, value) => h("div", h("dt", term), h("dd", value));
const incidentLink = (incident, kind, words) => h(`a.${kind}`, {href: `#/incident/${encodeURIComponent(incident.id)}`}, words);

/** The record cannot be written, or something else is the matter that the service says in its own words. */
function storeState(status) {
  const writable = status.store.writable;
  return [state(writable, say("writable"), say("not_writable")), writable ? null : h("small.detail", ` ${status.store.why ?? ""}`)];
}

/** Every way out there is, outside lines too: when it was used last, and what came of it. */
function channels(items) {
  const dead = new Map(house.open.filter((one) => one.subject?.startsWith("channel:")).map((one) => [`${one.site}/${one.subject.slice(8)}`, one]));
  return h("section.card", {data: {key: "channels"}}, h("h3", say("channels")), h("ul.rows", items.map((one) => {
    const trouble = dead.get(`${one.site}/${one.id}`);
    return h("li", {data: {key: `${one.site}/${one.id}`}}, h("div.grow", h("strong", dotted(place(one.site), one.id)),
      h("small", dotted(one.outside ? say("outside") : null, one.last ? h("span", `${say("last_used")} `, moment(one.last.at, one.site)) : say("unused")))),
    trouble ? incidentLink(trouble, "bad", say("incident", "trouble"))
      : one.last ? h(`span.${one.last.result === "accepted" ? "ok" : "wait"}`, say("delivery", one.last.result)) : h("span.quiet", "–"));
  })));
}

/** Its own trouble; a channel that is dead for all stands above. */
function failing(person, one) {
  const trouble = house.open.find((open) => open.site === person.site && open.subject === `contact:${person.id}/${one.channel}`);
  return trouble ? [incidentLink(trouble, "bad", say("incident", "trouble")), ", "] : [];
}

function contact(one, person) {
  const word = one.proven ? h("span", `${say("proven")} `, moment(one.proven, person.site)) : say(one.waiting ? "waiting_tap" : "not_proven");
  return [said(one.nth > 1 ? `${one.channel} (${one.nth})` : one.channel, ""), ...failing(person, one), word];
}

function proofs() {
  const rows = house.people.map((one) => h("li", {data: {key: `${one.site}/${one.id}`}},
    h("div.grow", h("strong", dotted(place(one.site), one.name)), h("small", dotted(...one.contacts.map((way) => contact(way, one))))),
    may("admin") ? button(say("send_test"), (event) => act(event, one.site, "test", {to: `person:${one.id}`, site: one.site}), "plain.small",
      {"aria-label": `${say("send_test")} ${one.name}`}) : null));
  return h("section.card", {data: {key: "proofs"}}, h("h3", say("proofs")), h("ul.rows", rows), problemLine());
}

function outputs(items) {
  if (!items.length) return null;
  return h("section.card", {data: {key: "outputs"}}, h("h3", say("outputs")), h("ul.rows", items.map((one) => h("li", {data: {key: `${one.site}/${one.id}`}},
    h("div.grow", h("strong", dotted(place(one.site), one.name ?? one.id)),
      h("small", dotted(one.topic ?? say("not_in_file"), one.changed_at ? h("span", `${say("since")} `, moment(one.changed_at, one.site)) : null))),
    one.state === "on" ? incidentLink({id: one.incident}, one.confirmed ? "ok" : "wait", outputWords(one))
      : h(`span.${one.confirmed === false ? "wait" : "quiet"}`, say(one.confirmed === false ? "output_off_unsure" : "output_off"))))));
}

function head(site) {
  const line = `${house.sites.size > 1 ? `${site.id}:` : ""}${site.ledger.seq}:${site.ledger.head}`; // as tocsin verify --head takes it
  return h("section.card", {data: {key: `head ${site.id}`}}, h("h3", dotted(say("head"), place(site.id))), h("p", say("entries", {n: site.ledger.seq})),
    h("p", h("code.hash", line)), h("p.actions.left", copyButton(say("copy"), line)));
}

export async function show() {
  const element = h("div");
  let [ways, switched] = [[], []];

  function draw() {
    const {status} = house;
    fill(element, h("div.head", h("h2", say("pages", "health"))),
      h("section.card", {data: {key: "service"}}, h("dl.facts", pair(say("broker"), state(status.broker.connected, say("connected"), say("disconnected"))),
        pair(say("store"), storeState(status)), pair(say("streams"), String(status.streams)), pair(say("version"), status.version))),
      channels(ways), outputs(switched), proofs(), ...status.sites.map(head));
  }

  async function look() {
    const [people, channel, output] = (await Promise.all(["people?limit=1000", "channels", "outputs"].map((path) => call(path)))).map((page) => page.items);
    [house.people, ways, switched] = [people, channel, output];
    draw();
  }

  await look();
  let due = null;
  let missed = false;
  async function again() {
    due = null;
    missed = await look().then(() => false, () => true);
  }
  return {element, opened: draw, leave: () => clearTimeout(due), changed(rows) {
    if (missed || rows === null || rows.length) due ??= setTimeout(again, 1000);
  }};
}
