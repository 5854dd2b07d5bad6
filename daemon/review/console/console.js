// The console: what is open, who has it, and the two buttons.

import {call, follow, Refused, token} from "./live.js";
import {age, say, speak} from "./words.js";

const PERSON = "tocsin.person";
const $ = (id) => document.getElementById(id);

let sites = new Map();
let people = [];
let clockOffset = 0; // of the service's clock against this one
let stop = null;
let refreshing = null;
let closingId = null;

function personName(site, id) {
  return people.find((person) => person.site === site && person.id === id)?.name ?? id;
}

/* ---- signing in ---- */

function showEnter(problem) {
  stop?.();
  stop = null;
  for (const id of ["quiet", "me", "leave", "lost"]) $(id).hidden = true;
  $("incidents").replaceChildren();
  $("counts").textContent = "";
  document.body.className = "";
  $("enter-problem").textContent = problem ?? "";
  $("enter").hidden = false;
  $("token").focus();
}

function refused(error) {
  token.forget();
  showEnter(error.status === 429 ? say("enter_braked") : say("enter_refused"));
}

function isRefusal(error) {
  return error instanceof Refused && [401, 429].includes(error.status);
}

async function start() {
  if (!token.get()) return showEnter();
  $("enter").hidden = true;
  try {
    await loadHouse();
  } catch (error) {
    if (isRefusal(error)) return refused(error);
    lost(true);
    setTimeout(start, 3000);
    return;
  }
  $("leave").hidden = false;
  stop?.();
  stop = follow({entry: noticed, up: () => { lost(false); refresh(); }, down: () => lost(true), refused});
}

async function loadHouse() {
  const status = await call("status"); // first alone: a wrong token is one failure, not two
  const found = await call("people");
  sites = new Map(status.sites.map((site) => [site.id, site]));
  people = found.items;
  speak(status.sites[0]?.language ?? navigator.language);
  $("place").textContent = status.sites.length === 1 ? status.sites[0].name : "Tocsin";
  clockOffset = Date.parse(status.now) - Date.now();
  offerPeople(status.token.role);
}

function offerPeople(role) {
  const select = $("person");
  const chosen = sessionStorage.getItem(PERSON) ?? "";
  select.replaceChildren(new Option(say("choose"), ""));
  for (const id of new Set(people.map((person) => person.id))) {
    const name = people.find((person) => person.id === id).name;
    select.add(new Option(name, id, false, id === chosen));
  }
  $("me").hidden = role === "viewer";
  document.body.dataset.role = role;
}

/* ---- what is open ---- */

function lost(is) {
  $("lost").textContent = is ? say("lost") : "";
  $("lost").hidden = !is;
}

function noticed(row) {
  if (row.type === "config") loadHouse().catch(() => {});
  if (row.incident || row.type.startsWith("incident.")) refresh();
}

/** Many entries of one turn make one look. */
function refresh() {
  refreshing ??= setTimeout(async () => {
    refreshing = null;
    try {
      const [open, status] = await Promise.all([
        call("incidents?state=open,acknowledged&limit=200"), call("status")]);
      show(open.items);
      if (!status.ready) {
        $("lost").textContent = `${say("not_ready")} ${status.why}`;
        $("lost").hidden = false;
      }
    } catch (error) {
      if (isRefusal(error)) refused(error);
      else lost(true);
    }
  }, 100);
}

const urgency = ["critical", "major", "minor", "warning"];

function show(incidents) {
  incidents.sort((a, b) =>
    (a.state === "open" ? 0 : 1) - (b.state === "open" ? 0 : 1) ||
    urgency.indexOf(a.severity) - urgency.indexOf(b.severity) ||
    Date.parse(b.opened_at) - Date.parse(a.opened_at));
  const list = $("incidents");
  const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = incidents.map((incident) => fill(known.get(incident.id) ?? blank(incident), incident));
  // Moving an element would take the focus from a button: only a change of order is one.
  if (items.length !== list.children.length || items.some((item, i) => item !== list.children[i])) {
    list.replaceChildren(...items);
  }
  const open = incidents.filter((incident) => incident.state === "open").length;
  $("quiet").hidden = incidents.length > 0;
  document.body.className = open ? "alarm" : incidents.length ? "taken" : "calm";
  $("counts").textContent = incidents.length
    ? `${open} ${say("open")} · ${incidents.length - open} ${say("acknowledged")}` : "";
  document.title = open ? `(${open}) ${$("place").textContent}` : $("place").textContent;
  tick();
}

function blank(incident) {
  const item = $("incident").content.firstElementChild.cloneNode(true);
  item.dataset.id = incident.id;
  item.querySelector(".take").addEventListener("click", () => take(item));
  item.querySelector(".resolve").addEventListener("click", () => askOutcome(item));
  for (const element of item.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  return item;
}

function fill(item, incident) {
  const $in = (selector) => item.querySelector(selector);
  item.className = `incident ${incident.state} ${incident.severity}`;
  item.dataset.site = incident.site;
  const drill = incident.drill ? `[${say("drill")}] ` : "";
  $in("h2").textContent = `${drill}${say("incident", incident.kind)} · ${say("severity", incident.severity)}`;
  $in("time").dateTime = incident.opened_at;
  $in("time").title = new Date(incident.opened_at).toLocaleString();
  const place = sites.size > 1 ? `${sites.get(incident.site)?.name ?? incident.site} · ` : "";
  $in(".where").textContent = `${place}${incident.zone.name}${incident.subject ? ` · ${incident.subject}` : ""}`;
  $in(".signals").replaceChildren(...incident.signals.slice(-6).map((signal) => {
    const line = document.createElement("li");
    const clear = signal.state === "clear" ? ` (${say("cleared")})` : "";
    line.textContent = `${signal.name ?? signal.device} · ${say("kind", signal.kind)}${clear}`;
    return line;
  }));
  if (incident.reported_by) {
    const line = document.createElement("li");
    line.textContent = `${say("reported")} ${personName(incident.site, incident.reported_by)}`;
    $in(".signals").append(line);
  }
  $in(".owner").textContent = incident.owner
    ? `${say("owned")} ${personName(incident.site, incident.owner)}` : say("nobody");
  $in(".take").hidden = incident.owner !== null && incident.owner === $("person").value;
  return item;
}

function tick() {
  for (const time of document.querySelectorAll("#incidents time")) {
    time.textContent = age(Date.now() + clockOffset - Date.parse(time.dateTime));
  }
}

/* ---- the two buttons ---- */

function me(problem) {
  const person = $("person").value;
  problem.textContent = person ? "" : say("choose_first");
  if (!person) $("person").focus();
  return person;
}

async function post(path, body, problem, button) {
  button.disabled = true;
  try {
    await call(path, body);
    return true;
  } catch (error) {
    if (isRefusal(error)) refused(error);
    else problem.textContent = `${say("failed")} ${error.message}`;
    return false;
  } finally {
    button.disabled = false;
    refresh();
  }
}

function take(item) {
  const problem = item.querySelector(".problem");
  const by = me(problem);
  if (by) post(`incidents/${encodeURIComponent(item.dataset.id)}/ack`, {by}, problem, item.querySelector(".take"));
}

function askOutcome(item) {
  if (!me(item.querySelector(".problem"))) return;
  closingId = item.dataset.id;
  $("closing-title").textContent = `${item.querySelector("h2").textContent} – ${item.querySelector(".where").textContent}`;
  $("closing-problem").textContent = "";
  $("note").value = "";
  $("outcomes").replaceChildren(...Object.keys(say("outcomes")).map((word) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), {type: "radio", name: "outcome", value: word});
    label.append(input, ` ${say("outcomes", word)}`);
    return label;
  }));
  $("closing").showModal();
}

async function close() {
  const problem = $("closing-problem");
  const outcome = $("outcomes").querySelector("input:checked")?.value;
  const note = $("note").value.trim();
  if (!outcome) {
    problem.textContent = say("choose_outcome");
    return;
  }
  const body = {by: $("person").value, outcome, ...(note && {note})};
  if (await post(`incidents/${encodeURIComponent(closingId)}/resolve`, body, problem, $("closing-done"))) {
    $("closing").close();
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set($("token").value.trim());
  $("token").value = "";
  start();
});
$("leave").addEventListener("click", () => { token.forget(); showEnter(); });
$("person").addEventListener("change", () => {
  sessionStorage.setItem(PERSON, $("person").value);
  refresh();
});
$("closing-cancel").addEventListener("click", () => $("closing").close());
$("closing-done").addEventListener("click", close);
setInterval(tick, 1000);
speak(navigator.language);
start();
