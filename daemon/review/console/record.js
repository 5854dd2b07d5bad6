// The record: every incident, by day, found again and taken away. What is looked for stands in the
// address: Back comes back to it, and it can be sent to somebody.

import {call, query as queryOf} from "./api.js";
import {button, choice, dotted, field, h, listed, plainText, sign} from "./dom.js";
import {drillSign, subjectWords, wordsOf} from "./card.js";
import {concern, house, now, personName, place, siteOptions, zoneOptions} from "./house.js";
import {fill} from "./refresh.js";
import {dayAfter, full, isoDay, longDay, shortHour, startOf, ticking} from "./times.js";
import {lookNow} from "./watch.js";
import {language, say, wordsBelow} from "./words.js";

const FILTERS = ["words", "site", "zone", "kind", "severity", "state", "outcome", "drill", "since", "until"];
const PORTION = 200;
const tag = () => (language() === "zh" ? "zh-CN" : "en");

/** What the server is asked, of a list and of a report alike; days are the site's own. */
function asked(data) {
  const {since, until, ...rest} = data;
  return {...rest, since: since && startOf(since, data.site), until: until && startOf(dayAfter(until), data.site)};
}

function row(incident) {
  const name = (id) => personName(incident.site, id);
  const spoke = listed([...new Set(incident.signals.map((signal) => signal.name ?? signal.device))].slice(0, 3));
  const lasted = incident.resolved_at ? ticking(Date.parse(incident.resolved_at) - Date.parse(incident.opened_at)) : null;
  return h("li", {data: {key: incident.id}}, h("a.row", {href: `#/incident/${encodeURIComponent(incident.id)}`},
    h("time", {dateTime: incident.opened_at, title: full(incident.opened_at, incident.site)}, shortHour(incident.opened_at, incident.site)), sign(incident.severity),
    h("span.grow", h("strong", drillSign(incident), dotted(say("incident", incident.kind), place(incident.site), incident.zone.name)),
      h("small", dotted(say("severity", incident.severity), incident.owner ? name(incident.owner) : null, lasted)),
      h("small", dotted(spoke, subjectWords(incident), wordsOf(incident)))),
    h("span.badge", incident.outcome ? say("outcomes", incident.outcome) : say("states", incident.state))));
}

function byDay(items) {
  const days = new Map();
  for (const one of items) {
    const iso = isoDay(one.opened_at, one.site);
    if (!days.has(iso)) days.set(iso, []);
    days.get(iso).push(one);
  }
  return [...days];
}

/** A report is of one site. */
function dayReport(iso, site) {
  const report = queryOf({format: "html", lang: tag(), site, since: startOf(iso, site), until: startOf(dayAfter(iso), site)});
  const words = plainText(say("day_report"), place(site));
  return h("a", {href: `api/v1/report?${report}`, target: "_blank", rel: "opener", "aria-label": `${words} ${iso}`}, words);
}

function dayPart([iso, ones]) {
  const sites = [...new Set(ones.map((one) => one.site))];
  return h("section.of-day", {data: {key: iso}}, h("h3.day", longDay(ones[0].opened_at, ones[0].site),
    sites.map((site) => dayReport(iso, site))),
  h("ul.rows.card", ones.map(row)));
}

const monthAgo = () => isoDay(now() - 30 * 86400000);

function exports(given) {
  const {site} = given;
  const parts = asked({...given, since: given.since || monthAgo(), until: given.until || isoDay(now(), site)});
  return ["csv", "json"].map((format) => h("a.button.plain", {download: `${house.sites.size > 1 ? site : "tocsin"}.${format}`,
    href: `api/v1/report?${queryOf({...parts, format, lang: tag()})}`}, plainText(`${say("export")} ${format.toUpperCase()}`, place(site))));
}

function filters(given) {
  const today = isoDay(now());
  const any = (name, words) => [["", say("all")], ...words.map((word) => [word, say(name, word)])];
  const select = (name, options) => choice(options, given.get(name) ?? "", {name});
  const input = (name, type, props) => h("input", {name, type, value: given.get(name) ?? "", ...props});
  const more = FILTERS.slice(1).filter((name) => given.get(name)).length;
  return h("form.search", {role: "search"},
    field(say("search"), input("words", "search", {autocomplete: "off"})),
    h("details", {open: more > 0}, h("summary", say("filters")), h("div.filters",
      house.sites.size > 1 ? field(say("site"), select("site", [["", say("all")], ...siteOptions()])) : null,
      field(say("zone"), select("zone", zoneOptions(say("all"), given.get("site")))),
      field(say("kind_word"), select("kind", any("incident", wordsBelow("incident")))),
      field(say("severity_word"), select("severity", any("severity", wordsBelow("severity")))),
      field(say("state"), select("state", any("states", wordsBelow("states")))),
      field(say("outcome"), select("outcome", any("outcomes", wordsBelow("outcomes")))),
      field(say("drill"), select("drill", [["", say("all")], ["false", say("no_drills")], ["true", say("only_drills")]])),
      field(say("from"), input("since", "date", {max: today})), field(say("until"), input("until", "date", {max: today})))));
}

export async function show({query}) {
  const list = h("div");
  const count = h("p.quiet", {role: "status"});
  const exporting = h("div.actions");
  const form = filters(query);
  const before = {...history.state}; // where it was left, and how long it was
  let turn = 0;
  let next = null;
  let items = [];

  const data = () => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));

  function draw() {
    count.textContent = say("found", {n: items.length + (next ? "+" : "")});
    const given = data();
    const links = (given.site ? [given.site] : [...house.sites.keys()]).flatMap((site) => exports({...given, site}));
    fill(exporting, links, given.since ? null : h("small", say("export_since", {day: monthAgo()})));
    fill(list, byDay(items).map(dayPart), items.length ? null : h("p.quiet", say(next ? "searching" : "nothing")),
      next ? h("p.actions", button(say("more"), () => ask(next), "plain")) : null);
  }

  /** From the newest, or what comes after; as long as it finds less than a screen full, on and on. */
  async function ask(after = null, wanted = PORTION / 2) {
    const mine = ++turn;
    const found = after ? items : [];
    for (;;) {
      const page = await call(`incidents?${queryOf({...asked(data()), limit: PORTION, after})}`);
      if (mine !== turn) return;
      found.push(...page.items);
      [items, next, after] = [found, page.next, page.next];
      draw();
      if (!next || items.length >= wanted) return;
    }
  }

  function changed(event) {
    if (event.target.name === "site") form.elements.zone.replaceChildren(...zoneOptions(say("all"), event.target.value).map(([value, text]) => h("option", {value}, text)));
    const words = queryOf(data());
    history.replaceState(null, "", `#/record${words ? `?${words}` : ""}`);
    return ask();
  }

  let typed = null;
  form.addEventListener("input", (event) => { // a word is looked for once it is written
    clearTimeout(typed);
    typed = setTimeout(() => changed(event).catch(() => lookNow()), event.target.name === "words" ? 250 : 0);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const row = event.target.closest("a.row")?.parentElement;
    if (row) history.replaceState({row: row.dataset.key, top: row.getBoundingClientRect().top, items: items.length}, "");
  });
  await ask(null, before.items);
  return {element: h("div", h("div.head", h("h2", say("pages", "record")), exporting), form, count, list),
    leave: () => clearTimeout(typed),
    opened() { // once it stands in the page
      const row = before.row && list.querySelector(`[data-key="${CSS.escape(before.row)}"] a`);
      before.row = null;
      if (!row) return;
      row.focus({preventScroll: true});
      requestAnimationFrame(() => scrollBy(0, row.getBoundingClientRect().top - before.top));
    },
    changed: (rows) => (concern(rows, "incident.") && items.length <= PORTION ? ask() : null)};
}
