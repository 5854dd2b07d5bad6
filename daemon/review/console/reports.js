// Reports as pages, tables and data: of a day, a shift, a longer time, and of drills.

import {call, query} from "./api.js";
import {choice, dotted, field, h} from "./dom.js";
import {concern, house, now, siteOptions} from "./house.js";
import {whereOf} from "./standing.js";
import {fill} from "./refresh.js";
import {dayAfter, isoDay, moment, startOf} from "./times.js";
import {language, say} from "./words.js";

const DAY = 86400000;
const tag = () => (language() === "zh" ? "zh-CN" : "en");

function links(path, parts, name) {
  const href = (format) => `api/v1/${path}?${query({...parts, format, lang: tag()})}`;
  return h("div.actions", h("a.button.plain", {href: href("html"), target: "_blank", rel: "opener"}, say("as_page")),
    h("a.button.plain", {href: href("csv"), download: `${name}.csv`}, say("as_table")));
}

const row = (title, about, ...more) => h("li", {data: {key: title}}, h("div.grow", h("strong", title), h("small", about)), ...more);

export async function show() {
  const element = h("div.groups");
  const site = choice([["", say("all")], ...siteOptions()], "", {onchange: draw});
  const since = h("input", {type: "date", value: isoDay(now() - 7 * DAY), max: isoDay(now()), onchange: draw});
  const until = h("input", {type: "date", value: isoDay(now()), max: isoDay(now()), onchange: draw});
  const periods = h("div");
  const free = h("div");
  const drilled = h("div");
  let drills = [];

  const period = (from, to, name) => links("report", {site: site.value, name, since: startOf(from, site.value), until: startOf(dayAfter(to), site.value)}, `tocsin-${from}`);
  const days = (from, to) => (from === to ? from : `${from} – ${to}`);

  function draw() {
    const day = (ago) => isoDay(now() - ago * DAY, site.value);
    const one = (title, from, to, name) => row(title, days(from, to), period(from, to, name));
    const began = new Date(now() - 12 * 3600000).toISOString();
    fill(periods, h("ul.rows.card",
      row(say("reports_shift"), say("reports_shift_text"), links("report", {site: site.value, name: "shift", since: began, until: new Date(now()).toISOString()}, "tocsin-shift")),
      one(`${say("reports_day")} · ${say("today")}`, day(0), day(0), "day"), one(`${say("reports_day")} · ${say("yesterday")}`, day(1), day(1), "day"),
      one(`${say("reports_week")} · ${say("last_7")}`, day(6), day(0), "week"), one(`${say("reports_month")} · ${say("last_30")}`, day(29), day(0), "month")));
    fill(free, since.value && until.value && since.value <= until.value ? period(since.value, until.value, "period") : h("p.quiet", say("choose_days")));
    fill(drilled, drills.length ? h("ul.rows", drills.map((drill) => h("li", {data: {key: drill.id}}, h("div.grow",
      h("strong", whereOf(drill)), h("small", dotted(moment(drill.since, drill.site), drill.state === "active" ? say("running") : null, drill.note))),
    links(`drills/${encodeURIComponent(drill.id)}/report`, {}, drill.id)))) : h("p.quiet", say("no_drills_yet")));
  }

  async function ask() {
    drills = (await call("drills?all=true&limit=100")).items;
    draw();
  }

  await ask();
  element.append(h("div.head", h("h2", say("pages", "reports"))), h("p.quiet", say("reports_text")),
    house.sites.size > 1 ? h("div.filters", field(say("site"), site)) : "", periods,
    h("section.card", h("h3", say("reports_free")), h("div.filters", field(say("from"), since), field(say("until"), until)), free),
    h("section.card", h("h3", say("drills")), drilled));
  return {element, changed: (rows) => (concern(rows, "drill") ? ask() : null)};
}
