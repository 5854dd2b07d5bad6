// Around every page: what is the matter, in colour, words, title and sound, and how far any of it
// can be believed.

import {plainText, said, sign, tell} from "./dom.js";
import {doubt, house, mood, now, place, siteName, troubles} from "./house.js";
import * as sound from "./sound.js";
import {clock, says} from "./times.js";
import {say} from "./words.js";

const $ = (id) => document.getElementById(id);
const LOUD = ["critical", "major"];
const RING = 8000;   // ms between the sounds of an alarm that nobody has
const HUM = 30000;   // of a screen that cannot be trusted

const drillMark = (incident) => (incident.drill ? say("drill_mark") : "");
const what = (incident) => `${drillMark(incident)}${say("incident", incident.kind)}`;

/** Why it is not to be believed, in a sentence: what is missing, and what to do. */
export function doubtWords() {
  switch (doubt()) {
  case "lost": return `${said(say("lost"), clock(now()))} ${say("lost_more")}`;
  case "failing": return say("failing");
  case "unready": return troubles().map((word) => say("unready", word)).join(" ") || say("unready", "other");
  default: return "";
  }
}

function showBanner() {
  const words = doubtWords();
  document.body.classList.toggle("lost", ["lost", "failing"].includes(doubt()));
  $("lost").hidden = !words;
  if ($("lost").textContent !== words) $("lost").textContent = words; // it is read out each time it is said
}

function showStrip(open) {
  const strip = $("strip");
  strip.hidden = !open.length || document.body.dataset.page === "now";
  if (strip.hidden) return;
  const words = plainText(what(open[0]), place(open[0].site), open[0].zone.name) + (open.length > 1 ? ` (+${open.length - 1})` : "");
  strip.replaceChildren(sign(open[0].severity), words);
}

function showTitle(open) {
  const sites = [...house.sites.keys()];
  const where = sites.length === 1 ? siteName(sites[0]) : "Tocsin";
  $("place").textContent = where;
  document.title = plainText(doubt() ? `⚠ ${say("doubt", doubt())}` : null, open.length ? `(${open.length}) ${what(open[0])}` : null, where);
}

let heard = new Map(); // id -> severity and round that have been told
let rung = 0;

function showNews(open) {
  const stand = new Map(open.map((incident) => [incident.id, `${incident.severity} ${incident.round}`]));
  const fresh = open.filter((incident) => heard.get(incident.id) !== stand.get(incident.id));
  heard = stand;
  if (!fresh.length) return;
  tell(`${what(fresh[0])}, ${say("severity", fresh[0].severity)}, ${fresh[0].zone.name}`);
  sound.beep(fresh[0].drill ? "drill" : fresh[0].severity);
  rung = performance.now();
}

/** Everything around the page as it is now. */
export function showFrame() {
  if (!house.session || !house.status) return;
  const open = house.open.filter((incident) => incident.state === "open");
  document.body.className = mood();
  showBanner();
  showStrip(open);
  showTitle(open);
  showNews(open);
  showSound();
  tick();
}

export function hideFrame() {
  for (const id of ["nav", "strip", "lost", "pulse", "sound"]) $(id).hidden = true;
  document.body.className = "";
  document.title = "Tocsin";
  heard = new Map();
}

/* ---- sound ---- */

function showSound() {
  const state = sound.listening() ? "on" : sound.wanted() ? "blocked" : "off";
  const words = say("sound", state);
  if ($("sound").textContent !== words) $("sound").textContent = words;
  $("sound").hidden = !sound.possible();
  $("sound").classList.toggle("warn", state === "blocked");
  $("sound").setAttribute("aria-pressed", String(state === "on"));
}

function ring() {
  if (!house.session) return;
  const passed = performance.now() - rung;
  const loud = house.open.find((incident) => incident.state === "open" && !incident.drill && LOUD.includes(incident.severity));
  if (loud && passed > RING) sound.beep(loud.severity);
  else if (doubt() && passed > HUM) sound.hum();
  else return;
  rung = performance.now();
}

/* ---- clocks ---- */

/** <time data-clock="since|until|ago|left"> run by themselves; while the connection is lost they stand. */
export function tick() {
  const at = now();
  for (const time of document.querySelectorAll("[data-clock]")) {
    const text = says(time.dataset.clock, Date.parse(time.getAttribute("datetime")), at);
    // The text alone changes: no element comes or goes, nothing has to be looked through again.
    if (!time.firstChild) time.append(text);
    else if (time.textContent !== text) time.firstChild.data = text;
  }
  if (house.session && $("pulse").textContent !== clock(at)) $("pulse").textContent = clock(at);
}

export function beginFrame() {
  // What appears shows its time at once.
  new MutationObserver(() => tick()).observe($("page"), {childList: true, subtree: true});
  setInterval(() => {
    tick();
    ring();
  }, 500);
  $("sound").addEventListener("click", (event) => {
    event.stopPropagation();
    sound.want(!sound.listening(), showSound);
    showSound();
  });
  // A browser lets nothing sound before somebody has touched the page.
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => !sound.listening() && sound.begin(showSound));
  sound.begin(showSound);
}
