// Is the service itself well: broker, record, ways to people, proofs.

import {call} from "./api.js";
import {button, h, moment} from "./dom.js";
import {act, outputWords} from "./card.js";
import {house, may, siteName} from "./house.js";
import {say} from "./words.js";

const state = (good, yes, no) => h(`span.${good ? "ok" : "bad"}`, good ? yes : no);

function channels(deliveries) {
  const last = new Map();
  for (const one of deliveries) if (one.channel && one.attempts && !last.has(one.channel)) last.set(one.channel, one);
  const dead = new Map(house.open.filter((one) => one.subject?.startsWith("channel:")).map((one) => [one.subject.slice(8), one]));
  const names = new Set([...house.people.flatMap((one) => one.contacts.map((contact) => contact.channel)), ...last.keys()]);
  return h("section.card", h("h3", say("channels")), h("ul.rows", [...names].map((name) => h("li", h("div.grow", h("strong", name),
    h("small", last.has(name) ? [`${say("last_used")} `, moment(last.get(name).created)] : say("unused"))),
  dead.has(name) ? h("a.bad", {href: `#/incident/${encodeURIComponent(dead.get(name).id)}`}, say("incident", "trouble"))
    : last.has(name) ? h(`span.${last.get(name).delivery === "accepted" ? "ok" : "wait"}`, say("delivery", last.get(name).delivery)) : h("span.quiet", "–")))));
}

function proofs(problem) {
  const rows = house.people.map((one) => h("li", h("div.grow", h("strong", one.name), h("small", one.contacts.map((contact, i) => [i ? " · " : "", contact.channel, ": ",
    contact.proven ? [`${say("proven")} `, moment(contact.proven)] : contact.waiting ? say("waiting_tap") : say("not_proven")]))),
  may("admin") ? h("button.plain.small", {type: "button", "aria-label": `${say("send_test")} ${one.name}`, onclick: (event) => act(one.site, "test", {to: `person:${one.id}`, site: one.site}, problem, event.currentTarget)}, say("send_test")) : null));
  return h("section.card", h("h3", say("proofs")), h("ul.rows", rows));
}

function outputs(items) {
  if (!items.length) return "";
  return h("section.card", h("h3", say("outputs")), h("ul.rows", items.map((one) => h("li",
    h("div.grow", h("strong", one.name ?? one.id), h("small", one.topic ?? say("not_in_file"), one.changed_at ? [` · ${say("since")} `, moment(one.changed_at)] : "")),
    one.state === "on" ? h("a", {href: `#/incident/${encodeURIComponent(one.incident)}`}, h(`span.${one.confirmed ? "ok" : "wait"}`, outputWords(one)))
      : h(`span.${one.confirmed === false ? "wait" : "quiet"}`, say(one.confirmed === false ? "output_off_unsure" : "output_off"))))));
}

export async function show() {
  const element = h("div");
  async function fill() {
    const [status, people, deliveries, switched] = await Promise.all([call("status"), call("people"), call("deliveries?limit=300"), call("outputs")]);
    house.people = people.items;
    const problem = h("p.problem", {role: "alert"});
    const troubled = house.open.some((one) => one.subject === "store");
    element.replaceChildren(h("div.head", h("h2", say("pages", "health"))), problem,
      h("section.card", h("dl.facts", h("dt", say("broker")), h("dd", state(status.broker.connected, say("connected"), say("disconnected"))),
        h("dt", say("store")), h("dd", state(!troubled && (status.ready || !status.broker.connected), say("writable"), status.why ?? say("incident", "trouble"))),
        h("dt", say("streams")), h("dd", String(status.streams)), h("dt", say("version")), h("dd", status.version))),
      ...status.sites.map((site) => h("section.card", h("h3", `${say("head")}${house.sites.size > 1 ? ` · ${siteName(site.id)}` : ""}`), h("p", say("entries", {n: site.ledger.seq})), h("p.hash", site.ledger.head),
        navigator.clipboard ? button(say("copy"), (event) => { const pressed = event.currentTarget; navigator.clipboard.writeText(`${site.id}:${site.ledger.seq}:${site.ledger.head}`).then(() => { pressed.textContent = say("copied"); }, () => {}); }, "plain.small") : null)),
      channels(deliveries.items), outputs(switched.items), proofs(problem));
  }
  await fill();
  let due = null;
  return {element, leave: () => clearTimeout(due), changed: async () => { due ??= setTimeout(() => { due = null; fill().catch(() => {}); }, 1000); }};
}
