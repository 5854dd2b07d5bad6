// Duty: who is there now, the week, changes by hand, handovers.

import {call} from "./api.js";
import {ask, button, choice, field, h, moment, shortDay, stamp, weekday} from "./dom.js";
import {act, asMe} from "./card.js";
import {house, may, me, now, peopleOptions, personName, siteName} from "./house.js";
import {say} from "./words.js";

const names = (people) => people.map((one) => one.name).join("、") || say("nobody_on_duty");

function postCard(post) {
  const place = house.sites.size > 1 ? `${siteName(post.site)} · ` : "";
  return h("article.card", h("h3", `${place}${post.name}`), h("p.person", names(post.people)),
    h("p.quiet", post.until ? [`${say("until_when")} `, moment(post.until), `，${say("then")} ${names(post.next)}`] : say("always")));
}

function week(posts) {
  const first = posts[0]?.week?.[0];
  if (!first) return null;
  const start = Date.parse(first.from);
  const days = [...Array(7)].map((_, i) => h("span", h("span.weekday", weekday(start + i * 86400000 + 43200000)), shortDay(start + i * 86400000 + 43200000)));
  return h("section.card", h("h3", say("this_week")), h("div.week", h("div.days", {"aria-hidden": "true"}, days),
    posts.map((post) => h("div", h("p", h("strong", post.name)), h("div.bar", {role: "list"}, post.week.map((part) => {
      const words = `${names(part.people)}, ${stamp(part.from)} – ${stamp(part.to)}`;
      const piece = h(`span${part.people.length ? "" : ".gap"}`, {role: "listitem", title: words, "aria-label": words}, names(part.people));
      piece.style.flexGrow = (Date.parse(part.to) - Date.parse(part.from)) / 3600000;
      return piece;
    }))))));
}

/** "2026-12-24T08:00": local at the site, as the server reads it. */
const local = (name, value) => h("input", {name, type: "datetime-local", required: true, value});

async function change(posts, swap) {
  const by = await asMe();
  if (!by) return;
  const people = peopleOptions(say("choose"));
  const tomorrow = new Date(now() + 86400000).toISOString().slice(0, 10);
  await ask(say(swap ? "swap" : "override"), [
    field(say("post"), choice(posts.map((post) => [`${post.site}/${post.id}`, post.name]), "", {name: "post"})),
    field(say(swap ? "first_person" : "person"), choice(people, "", {name: "one", required: true})),
    swap ? field(say("second_person"), choice(people, "", {name: "other", required: true})) : null,
    field(say("from"), local("from", `${tomorrow}T08:00`)), field(say("until"), local("to", `${tomorrow}T20:00`)),
    field(say("note_optional"), h("input", {name: "note", maxLength: 200}))],
  say(swap ? "swap" : "override"), (data) => {
    const [site, ...post] = data.post.split("/");
    return call("duty/overrides", {site, post: post.join("/"), from: data.from, to: data.to, by, note: data.note || undefined,
      ...(swap ? {swap: [data.one, data.other]} : {people: [data.one]})});
  });
}

function handoverRow(one, problem) {
  const to = one.to ? personName(one.site, one.to) : "";
  return h("li", h("div.grow", h("strong", say("handover_waits", {who: to})), h("small", `${one.post ?? ""} · ${say("since")} `, moment(one.since))),
    may("operator") && (!me() || me() === one.to || may("admin")) ? button(say("accept"), (event) => act(one.site, `handovers/${encodeURIComponent(one.id)}/accept`, one.to && may("admin") ? {by: one.to} : {}, problem, event.currentTarget), "mood") : null);
}

function overrideRow(one, problem, posts) {
  const name = posts.find((post) => post.id === one.post && post.site === one.site)?.name ?? one.post;
  return h("li", h("div.grow", h("strong", `${name}: ${(one.people ?? []).map((id) => personName(one.site, id)).join(one.swap ? " ⇄ " : "、")}`),
    h("small", one.begins ? moment(one.begins) : "", " – ", one.until ? moment(one.until) : "", one.note ? ` · ${one.note}` : "")),
  may("admin") ? button(say("end"), (event) => act(one.site, `duty/overrides/${encodeURIComponent(one.id)}/end`, {}, problem, event.currentTarget), "plain.small") : null);
}

export async function show() {
  const element = h("div");
  async function fill() {
    const [duty, overrides, handovers] = await Promise.all([call("duty?week=true"), call("duty/overrides"), call("handovers")]);
    const posts = duty.items;
    const problem = h("p.problem", {role: "alert"});
    element.replaceChildren(
      h("div.head", h("h2", say("pages", "duty")), may("admin") ? h("div.actions", button(say("override"), () => change(posts, false), "plain"), button(say("swap"), () => change(posts, true), "plain")) : ""),
      problem,
      handovers.items.length ? h("section.card", h("h3", say("handovers")), h("ul.rows", handovers.items.map((one) => handoverRow(one, problem)))) : "",
      h("section", h("h3", say("on_duty")), posts.length ? h("div.posts", posts.map(postCard)) : h("p.quiet", say("nothing"))),
      week(posts) ?? "",
      h("section.card", h("h3", say("overrides")), overrides.items.length ? h("ul.rows", overrides.items.map((one) => overrideRow(one, problem, posts))) : h("p.quiet", say("none_now"))));
  }
  await fill();
  return {element, changed: async (rows) => { if (rows.some((row) => ["duty", "config", "operator"].includes(row.type) || row.type.startsWith("handover"))) await fill(); }};
}

