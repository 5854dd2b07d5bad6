// The console: who signs in, which page is shown, and what keeps it true.

import {call, Refused} from "./api.js";
import {h} from "./dom.js";
import {beginFrame, hideFrame, showFrame, tick} from "./frame.js";
import {doubt, house, load, loadBeside, loadOpen} from "./house.js";
import {errorWords} from "./problems.js";
import {dress, useLanguage} from "./settings.js";
import {showSigning} from "./signing.js";
import {lookNow, unwatch, watch} from "./watch.js";
import {say} from "./words.js";

const $ = (id) => document.getElementById(id);
const PAGES = ["now", "record", "duty", "devices", "control", "hazards", "reports", "health"];
const TABS = 4; // on a phone; the rest is behind "more"

let page = null; // {element, changed?(rows), opened?(), leave?()}
let failed = false; // the page that was wanted is not there
let turn = 0;    // of showing pages: an older one that comes late is dropped

const isRefusal = (error) => error instanceof Refused && error.status === 401;

/* ---- coming and going ---- */

function enter() {
  unwatch();
  house.session = null;
  leavePage();
  hideFrame();
  showSigning($("page"), start);
}

async function leave() {
  await call("session", undefined, "DELETE").catch(() => {});
  enter();
}

async function start() {
  try {
    house.session = await call("session");
    await Promise.all([load(), loadOpen(), loadBeside()]);
  } catch (error) {
    if (isRefusal(error)) return enter();
    $("lost").hidden = false;
    $("lost").textContent = await errorWords(error);
    setTimeout(start, 3000);
    return;
  }
  settle();
  watch({looked, configured: settle, refused: enter, doubted() {
    showFrame();
    page?.opened?.();
  }});
  await show();
}

/** The language, and the ways to the pages, once it is known where we are. */
function settle() {
  useLanguage([...house.sites.values()][0]?.language);
  const link = (name, kind, words) => h(`a${kind}`, {href: `#/${name}`, data: {page: name}}, words);
  $("nav").replaceChildren(...PAGES.map((name, i) => link(name, i >= TABS ? ".wide" : "", say(i < TABS ? "tabs" : "pages", name))),
    link("more", "", say("tabs", "more")));
  $("nav").setAttribute("aria-label", say("navigation"));
  $("nav").hidden = $("pulse").hidden = false;
  mark();
  showFrame();
}

/* ---- pages ---- */

function leavePage() {
  page?.leave?.();
  page = null;
  turn++;
}

/** "#/incident/binjiang-2026-000001?a=b" -> {name, rest, query} */
function wanted() {
  const [path, query] = (location.hash.startsWith("#/") ? location.hash.slice(2) : "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  return {name: [...PAGES, "incident", "more"].includes(name) ? name : "now", rest, query: new URLSearchParams(query)};
}

function mark() {
  const {name} = wanted();
  for (const link of $("nav").children) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    link.classList.toggle("holds", link.dataset.page === "more" && PAGES.indexOf(name) >= TABS);
  }
}

let missed = 0; // a module that did not come is asked for by another name: browsers keep that it failed

async function make({name, rest, query}) {
  const {show: open} = await import(`./${name}.js${missed ? `?${missed}` : ""}`).catch((error) => {
    missed++;
    throw error;
  });
  return open(name === "more" ? {pages: PAGES.slice(TABS), anew, leave} : {id: rest[0], query});
}

const sorry = (words) => h("p.problem", {role: "alert"}, words);

async function show() {
  if (!house.session) return;
  leavePage();
  const mine = turn;
  const asked = wanted();
  mark();
  if (doubt() === "lost") $("page").replaceChildren(sorry(say("no_connection")));
  try {
    const made = await make(asked);
    if (mine !== turn) return made.leave?.();
    [page, failed] = [made, false];
    $("page").replaceChildren(page.element);
  } catch (error) {
    if (isRefusal(error)) return enter();
    const words = await errorWords(error);
    if (mine !== turn) return;
    failed = !(error instanceof Refused && error.status < 500);
    $("page").replaceChildren(sorry(words));
    if (failed) lookNow();
  }
  document.body.dataset.page = asked.name;
  showFrame();
  page?.opened?.();
  tick();
}

function anew() {
  settle();
  show();
}

/** Something may be otherwise than it was: what is open is known, the page asks for its own. */
async function looked(rows) {
  showFrame();
  if (failed) return show();
  page?.opened?.();
  try {
    await page?.changed?.(rows);
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500 || error.status === 401) throw error;
    $("page").replaceChildren(sorry(await errorWords(error)));
  }
}

// A session that is used goes on.
setInterval(() => house.session && !doubt() && call("session").catch((error) => isRefusal(error) && enter()), 600000);

addEventListener("hashchange", () => {
  if (!location.hash.startsWith("#/")) return; // a place in the page
  show();
  $("page").focus({preventScroll: true});
  scrollTo(0, 0);
});
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("page").focus();
});
dress();
useLanguage();
beginFrame();
start();
