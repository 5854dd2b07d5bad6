// Reports as pages, tables and data.

import {choice, field, h, isoDay} from "./dom.js";
import {house, now, siteOptions} from "./house.js";
import {startOf} from "./record.js";
import {language, say} from "./words.js";

const DAY = 86400000;

export async function show() {
  const lang = language() === "zh" ? "zh-CN" : "en";
  const site = choice([["", say("all")], ...siteOptions()], "", {onchange: fill});
  const since = h("input", {type: "date", value: isoDay(now() - 7 * DAY), max: isoDay(now()), onchange: fill});
  const until = h("input", {type: "date", value: isoDay(now()), max: isoDay(now()), onchange: fill});
  const list = h("div");
  function fill() {
    const link = (from, to, format, text) => h("a.button.plain", {target: format === "html" ? "_blank" : null, rel: format === "html" ? "opener" : null, download: format === "csv" ? `tocsin-${from}.csv` : null,
      href: `api/v1/report?format=${format}&lang=${lang}&since=${encodeURIComponent(startOf(from))}&until=${encodeURIComponent(startOf(isoDay(Date.parse(`${to}T12:00:00Z`) + DAY)))}${site.value ? `&site=${encodeURIComponent(site.value)}` : ""}`}, text);
    const row = (title, from, to) => h("li", h("div.grow", h("strong", title), h("small", from === to ? from : `${from} – ${to}`)), h("div.actions", link(from, to, "html", say("as_page")), link(from, to, "csv", say("as_table"))));
    const today = isoDay(now());
    list.replaceChildren(h("ul.rows.card",
      row(`${say("reports_day")} · ${say("today")}`, today, today), row(`${say("reports_day")} · ${say("yesterday")}`, isoDay(now() - DAY), isoDay(now() - DAY)),
      row(`${say("reports_week")} · ${say("last_7")}`, isoDay(now() - 6 * DAY), today), row(`${say("reports_month")} · ${say("last_30")}`, isoDay(now() - 29 * DAY), today),
      row(say("reports_free"), since.value, until.value)));
  }
  fill();
  return {element: h("div", h("div.head", h("h2", say("pages", "reports"))), h("p.quiet", say("reports_text")),
    h("div.filters", house.sites.size > 1 ? field(say("site"), site) : null, field(say("from"), since), field(say("until"), until)), list)};
}
