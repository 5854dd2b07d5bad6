// Duty: who is there now, the week, changes by hand, handovers.

import {call} from "./api.js";
import {act, askAndAct} from "./acting.js";
import {button, choice, dotted, field, h, listed, problemLine, said} from "./dom.js";
import {concern, house, may, me, now, peopleOptions, personName, place} from "./house.js";
import {fill} from "./refresh.js";
import {dayAfter, day, isoDay, moment, shortHour, startOf} from "./times.js";
import {say} from "./words.js";

const names = (people) => listed(people.map((one) => one.name)) || say("nobody_on_duty");
const title = (post) => dotted(place(post.site), post.name);

function postCard(post) {
  return h("article.card", {data: {key: `${post.site}/${post.id}`}}, h("h3", title(post)), h("p.person", names(post.people)),
    h("p.quiet", post.until ? dotted(h("span", `${say("until_when")} `, moment(post.until, post.site)), said(say("then"), names(post.next))) : say("always")));
}

/* ---- the week: a day at a time, in words that can be read ---- */

function shifts(post, iso) {
  const [from, to] = [startOf(iso, post.site), startOf(dayAfter(iso), post.site)].map(Date.parse);
  const parts = post.week.filter((part) => Date.parse(part.from) < to && Date.parse(part.to) > from);
  return parts.map((part) => {
    const whole = Date.parse(part.from) <= from && Date.parse(part.to) >= to;
    const begins = Math.max(Date.parse(part.from), from);
    const ends = Math.min(Date.parse(part.to), to);
    const here = begins <= now() && now() < ends;
    return h(`li${part.people.length ? "" : ".gap"}${here ? ".here" : ""}`, {"aria-current": here ? "time" : null},
      h("small", whole ? say("all_day") : `${shortHour(begins, post.site)}–${ends === to ? "24:00" : shortHour(ends, post.site)}`), h("span", names(part.people)));
  });
}

function weekOf(post) {
  if (!post.week?.length) return null;
  const days = [isoDay(now(), post.site)];
  while (days.length < 7) days.push(dayAfter(days[days.length - 1]));
  return h("section.week", {data: {key: `${post.site}/${post.id}`}}, h("h4", title(post)), h("ol.days", days.map((iso, i) => h("li", {data: {key: iso}},
    h("p", i ? day(startOf(iso, post.site), post.site) : h("strong", say("today"))), h("ul", shifts(post, iso))))));
}

/* ---- changes by hand ---- */

/** "2026-12-24T08:00": local at the site, as the server reads it. */
const local = (name, value) => h("input", {name, type: "datetime-local", required: true, value});

function change(posts, swap) {
  const word = swap ? "swap" : "override";
  const people = peopleOptions(say("choose_person"));
  const tomorrow = dayAfter(isoDay(now()));
  const options = [["", say("choose")], ...posts.map((post) => [`${post.site}/${post.id}`, title(post).join("")])];
  return askAndAct(null, say(word), [
    field(say("post"), choice(options, options.length === 2 ? options[1][0] : "", {name: "post", required: true})),
    field(say(swap ? "first_person" : "person"), choice(people, "", {name: "one", required: true})),
    swap ? field(say("second_person"), choice(people, "", {name: "other", required: true})) : null,
    field(say("from"), local("from", `${tomorrow}T08:00`)), field(say("until"), local("to", `${tomorrow}T20:00`)),
    field(say("note_optional"), h("input", {name: "note", maxLength: 200}))], say(word), "duty/overrides", ({post, one, other, ...data}) => {
    const [site, ...id] = post.split("/");
    return {...data, site, post: id.join("/"), ...(swap ? {swap: [one, other]} : {people: [one]})};
  });
}

function overrideRow(one, posts) {
  const post = posts.find((other) => other.id === one.post && other.site === one.site);
  const people = (one.people ?? []).map((id) => personName(one.site, id));
  return h("li", {data: {key: one.id}}, h("div.grow", h("strong", dotted(place(one.site), said(post?.name ?? one.post, one.swap ? people.join(" ⇄ ") : listed(people)))),
    h("small", dotted([one.begins ? moment(one.begins, one.site) : "", " – ", one.until ? moment(one.until, one.site) : ""], one.note))),
  may("admin") ? button(say("end"), (event) => act(event, one.site, `duty/overrides/${encodeURIComponent(one.id)}/end`, {}), "plain.small") : null);
}

/* ---- handovers ---- */

/** Only who takes over can say so; an administrator may say it for them, and the record says who did. */
function acceptButton(one) {
  const where = `handovers/${encodeURIComponent(one.id)}/accept`;
  if (!may("operator")) return null;
  if (me() === one.to || !me()) return button(say("accept"), (event) => act(event, one.site, where, {}), "mood");
  if (!may("admin")) return null;
  const who = personName(one.site, one.to);
  return button(say("accept_for", {who}), () => askAndAct(one.site, say("accept_for", {who}), h("p", say("accept_for_text", {who, me: personName(one.site, me())})),
    say("accept"), where, () => ({by: one.to})), "plain");
}

function handoverRow(one, posts) {
  const post = posts.find((other) => other.id === one.post && other.site === one.site);
  const about = one.incident ? h("a", {href: `#/incident/${encodeURIComponent(one.incident)}`}, one.incident) : post?.name ?? one.post;
  return h("li", {data: {key: one.id}}, h("div.grow", h("strong", say("handover_waits", {who: personName(one.site, one.to)})),
    h("small", dotted(place(one.site), about, say("from_whom", {who: listed((one.from ?? []).map((id) => personName(one.site, id)))}),
      h("span", `${say("since")} `, moment(one.since, one.site)), one.note))), acceptButton(one));
}

export async function show() {
  const element = h("div");
  async function look() {
    const [duty, overrides, handovers] = await Promise.all([call("duty?week=true"), call("duty/overrides"), call("handovers")]);
    const posts = house.posts = duty.items;
    const admin = may("admin");
    const weeks = posts.map(weekOf).filter(Boolean);
    fill(element,
      h("div.head", h("h2", say("pages", "duty")), admin ? h("div.actions", button(say("override"), () => change(posts, false), "plain"),
        button(say("swap"), () => change(posts, true), "plain")) : null),
      handovers.items.length ? h("section.card", {data: {key: "handovers"}}, h("h3", say("handovers")),
        h("ul.rows", handovers.items.map((one) => handoverRow(one, posts))), problemLine()) : null,
      h("section", {data: {key: "now"}}, h("h3", say("on_duty")), posts.length ? h("div.posts", posts.map(postCard)) : h("p.quiet", say("nothing"))),
      weeks.length ? h("section.card", {data: {key: "week"}}, h("h3", say("this_week")), weeks) : null,
      h("section.card", {data: {key: "changes"}}, h("h3", say("overrides")),
        overrides.items.length ? h("ul.rows", overrides.items.map((one) => overrideRow(one, posts))) : h("p.quiet", say("none_now")), problemLine()));
  }
  await look();
  return {element, changed: (rows) => (concern(rows, "duty", "config", "operator", "incident.") ? look() : null)};
}
