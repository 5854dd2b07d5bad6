// The frame: signing in, the pages, the live connection, the sound.

import {call, follow, Refused} from "./api.js";
import {button, clock, field, h, roughly, sign, tell, ticking} from "./dom.js";
import {house, load, loadBeside, loadOpen, mood, movesBeside, now, take} from "./house.js";
import {language, say, speak} from "./words.js";
import {beep, listen, listening} from "./sound.js";

const $ = (id) => document.getElementById(id);
const PAGES = ["now", "record", "duty", "devices", "control", "hazards", "reports", "health"];
const TABS = 4; // on a phone; the rest is behind "more"

let stop = null;
let page = null; // {element, changed?(rows), opened?(), leave?()}
let turn = 0;    // of showing pages: an older one that comes late is dropped

/* ---- signing in ---- */

function enter(problem, byToken = false) {
  stop?.();
  stop = null;
  house.session = null;
  leavePage();
  for (const id of ["nav", "strip", "lost", "pulse", "sound"]) $(id).hidden = true;
  document.body.className = "";
  const said = h("p.problem", {role: "alert"}, problem ?? "");
  const first = byToken ? h("input", {name: "token", type: "password", autocomplete: "off", required: true})
    : h("input", {name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true});
  const form = h("form", {id: "enter"}, h("h2", say("enter_title")),
    byToken ? field(say("token"), first) : [field(say("name"), first),
      field(say("password"), h("input", {name: "password", type: "password", autocomplete: "current-password", required: true}))],
    said, h("button", {type: "submit"}, say("enter")),
    button(say(byToken ? "by_password" : "by_token"), () => enter("", !byToken), "plain"), languageButton());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const submit = form.querySelector("[type=submit]");
    submit.disabled = true;
    try {
      house.session = await call("session", Object.fromEntries(new FormData(form)));
      start();
    } catch (error) {
      said.textContent = error.status === 429 ? say("enter_braked")
        : error.status === 401 ? say(byToken ? "token_refused" : "enter_refused") : `${say("failed")} ${error.message}`;
    } finally {
      submit.disabled = false;
    }
  });
  $("page").replaceChildren(form);
  document.title = "Tocsin";
  first.focus();
}

const isRefusal = (error) => error instanceof Refused && error.status === 401;

async function leave() {
  await call("session", undefined, "DELETE").catch(() => {});
  enter();
}

/* ---- starting ---- */

async function start() {
  try {
    house.session = await call("session");
    await load();
  } catch (error) {
    if (isRefusal(error)) return enter();
    lost(true);
    setTimeout(start, 3000);
    return;
  }
  settle();
  stop?.();
  stop = follow({entry: noticed, up: () => { lost(false); besideKnown = false; look(); }, alive: () => { house.seen = Date.now(); },
    down: () => lost(true), refused: () => enter()});
  await show();
}

/** Language, place and the ways to the pages, once it is known where we are. */
function settle() {
  const sites = [...house.sites.values()];
  speak(localStorage.getItem("tocsin.language") ?? sites[0]?.language ?? navigator.language);
  $("place").textContent = sites.length === 1 ? sites[0].name : "Tocsin";
  $("nav").hidden = $("pulse").hidden = $("sound").hidden = false;
  $("nav").setAttribute("aria-label", "Tocsin");
  $("nav").replaceChildren(...PAGES.map((name, i) => h(`a${i >= TABS ? ".wide" : ""}`, {href: `#/${name}`, data: {page: name}}, say("pages", name))),
    h("a.narrow", {href: "#/more", data: {page: "more"}}, say("pages", "more")),
    h("a.wide", {href: "#/more", data: {page: "more"}}, house.session.name));
  showSound();
}

/* ---- pages ---- */

function leavePage() {
  page?.leave?.();
  page = null;
  turn++;
}

async function show() {
  if (!house.session) return;
  const [name, ...rest] = (location.hash.replace(/^#\/?/, "") || "now").split("/").map(decodeURIComponent);
  leavePage();
  const mine = turn;
  const known = [...PAGES, "incident", "more"].includes(name) ? name : "now";
  for (const link of $("nav").children) {
    const here = link.dataset.page === known || (link.classList.contains("narrow") && PAGES.indexOf(known) >= TABS);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const made = known === "more" ? more() : await (await import(`./${known}.js`)).show(...rest);
    if (mine !== turn) return made.leave?.();
    page = made;
    $("page").replaceChildren(page.element);
  } catch (error) {
    if (isRefusal(error)) return enter();
    if (mine === turn) $("page").replaceChildren(h("p.problem", {role: "alert"}, `${say("failed")} ${error.message}`));
  }
  document.body.dataset.page = known;
  showOpen();
  tick();
}

function languageButton() {
  return h("button.plain", {type: "button", lang: language() === "zh" ? "en" : "zh-CN", onclick: () => {
    const next = language() === "zh" ? "en" : "zh-CN";
    localStorage.setItem("tocsin.language", next);
    speak(next);
    if (!house.session) return enter();
    settle();
    show();
  }}, say("language"));
}

function more() {
  const theme = localStorage.getItem("tocsin.theme") ?? "auto";
  const choose = h("select", {onchange: (event) => { localStorage.setItem("tocsin.theme", event.target.value); dress(); }},
    ["auto", "light", "dark"].map((word) => h("option", {value: word, selected: word === theme}, say("theme", word))));
  return {element: h("section", h("div.head", h("h2", say("pages", "more"))),
    h("ul.menu.card", PAGES.slice(TABS).map((name) => h("li", h("a", {href: `#/${name}`}, say("pages", name))))),
    h("div.card", h("p", `${say("signed_in")} `, h("strong", house.session.name), ` (${say("role", house.session.role)})`),
      field(say("appearance"), choose), h("p.actions", languageButton(), button(say("leave"), leave, "plain"))))};
}

function dress() {
  const theme = localStorage.getItem("tocsin.theme") ?? "auto";
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/* ---- what is open, on every page ---- */

function lost(is) {
  if (is && !house.seen) house.seen = Date.now();
  house.lost = is;
  document.body.classList.toggle("lost", is);
  $("lost").hidden = !is;
  if (is) $("lost").textContent = `${say("lost")} ${clock(house.seen + house.offset)}. ${say("lost_more")}`;
}

let waiting = null;
let rows = [];
let took = 0;
let besideKnown = false; // since the connection is there

function noticed(row) {
  rows.push(row);
  if (row.type === "config") load().then(settle, () => {});
  look();
}

/** Many entries of one turn make one look; a long look is not begun again at once. */
function look() {
  waiting ??= setTimeout(async () => {
    const news = rows;
    rows = [];
    const began = Date.now();
    try {
      const beside = !besideKnown || news.some(movesBeside);
      const [status] = await Promise.all([call("status"), loadOpen(), beside ? loadBeside() : null]);
      take(status);
      besideKnown ||= beside;
      house.seen = Date.now();
      showOpen();
      await page?.changed?.(news);
    } catch (error) {
      if (isRefusal(error)) return enter();
      if (!(error instanceof Refused)) lost(true);
    } finally {
      took = Date.now() - began;
      waiting = null;
      if (rows.length) look();
    }
  }, Math.min(2000, 60 + took * 2));
}

let rang = new Map(); // id -> severity and round that have been heard

function showOpen() {
  const open = house.open.filter((incident) => incident.state === "open");
  const feeling = mood();
  document.body.className = feeling + (house.lost ? " lost" : "");
  const strip = $("strip");
  strip.hidden = !open.length || document.body.dataset.page === "now";
  if (open.length) {
    const words = `${say("incident", open[0].kind)} · ${open[0].zone.name}`;
    strip.replaceChildren(sign(open[0].severity), open.length > 1 ? `${words} (+${open.length - 1})` : words);
  }
  const place = $("place").textContent;
  document.title = open.length ? `(${open.length}) ${say("incident", open[0].kind)} · ${place}` : place;
  if (!house.status.ready && !house.lost) {
    $("lost").hidden = false;
    $("lost").textContent = `${say("not_ready")} ${house.status.why}`;
  } else if (!house.lost) {
    $("lost").hidden = true;
  }
  const heard = new Map(open.map((incident) => [incident.id, `${incident.severity} ${incident.round}`]));
  const fresh = open.filter((incident) => rang.get(incident.id) !== heard.get(incident.id));
  rang = heard;
  if (fresh.length) tell(`${say("incident", fresh[0].kind)}, ${say("severity", fresh[0].severity)}, ${fresh[0].zone.name}`);
  beep(fresh[0]?.severity);
  page?.opened?.();
  tick();
}

function showSound() {
  $("sound").textContent = say(listening() ? "sound_on" : "sound_off");
  $("sound").setAttribute("aria-pressed", String(listening()));
}

/* ---- clocks ---- */

/** <time data-clock="since|until|ago"> run by themselves; while the connection is lost they stand. */
function tick() {
  const at = now();
  for (const time of document.querySelectorAll("[data-clock]")) {
    const then = Date.parse(time.getAttribute("datetime"));
    const kind = time.dataset.clock;
    const text = kind === "since" ? ticking(at - then) : kind === "ago" ? `${roughly(at - then)} ${say("ago")}`
      : kind === "left" ? roughly(then - at) : then <= at ? say("due") : ticking(then - at);
    // The text alone changes: no element comes or goes, nothing has to be looked through again.
    if (!time.firstChild) time.append(text);
    else if (time.textContent !== text) time.firstChild.data = text;
  }
  if (house.seen) $("pulse").textContent = clock(at);
}

let rung = 0;

// What appears shows its time at once.
new MutationObserver(() => tick()).observe($("page"), {childList: true, subtree: true});

setInterval(() => {
  if (house.lost) return;
  tick();
  const loud = house.open.find((incident) => incident.state === "open" && ["critical", "major"].includes(incident.severity));
  if (loud && Date.now() - rung > 8000) {
    rung = Date.now();
    beep(loud.severity);
  }
}, 500);
// A session that is used goes on.
setInterval(() => house.session && !house.lost && call("session").catch((error) => isRefusal(error) && enter()), 600000);

$("sound").addEventListener("click", () => { listen(!listening()); showSound(); });
document.addEventListener("visibilitychange", () => document.hidden || (house.session && look()));
addEventListener("hashchange", () => { show(); $("page").focus({preventScroll: true}); scrollTo(0, 0); });
dress();
speak(localStorage.getItem("tocsin.language") ?? navigator.language);
start();
