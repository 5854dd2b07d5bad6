// What every page stands on: who is signed in, the sites and people, what is open right now, and
// whether any of it can be believed.

import {all, call} from "./api.js";
import {useZones} from "./times.js";

const PERSON = "tocsin.person";
const FRESH = 25000; // ms that a look is good for; the next one comes after 10 s

export const house = {
  session: null,       // {name, role, person}
  status: null,
  sites: new Map(),    // id -> its status
  people: [],
  zones: [],
  posts: [],           // who is on duty, as far as a page has asked
  open: [],            // incidents that are open or in hand
  owed: [],            // reports upward that are not made yet
  outputs: [],         // sirens, doors: what is switched on while an incident lasts
  floods: [],          // who gets digests now, because there is too much
  drills: [], silences: [], armings: [], handovers: [], // what stands until somebody or the clock ends it
  stream: false,       // the live connection is there
  failed: null,        // why the last look at what is open got no answer
  looked: 0,           // when the last one did, on this machine's own clock (performance.now)
};

/* ---- time ---- */

let [service, here] = [Date.now(), performance.now()]; // the service's clock, and ours at that moment

/** What time it is at the service, whatever is set on this machine; a lost connection has none. */
export const now = () => service + (doubt() === "lost" ? 0 : performance.now() - here);

/** The service has said what time it is, or that it lives. */
export function setClock(at = now()) {
  [service, here] = [at, performance.now()];
}

/* ---- belief ---- */

/**
 * Why what is shown may not be so: "lost" (no connection), "failing" (the service cannot say),
 * "unready" (it cannot hear or record everything); null: it is live and whole.
 */
export function doubt() {
  if (!house.stream) return "lost";
  if (house.failed) return house.failed;
  if (!document.hidden && performance.now() - house.looked > FRESH) return "lost";
  return house.status?.ready ? null : "unready";
}

/** What is not as it should be, in the order of how much it hides: "store", "broker". */
export const troubles = () => [
  house.status?.store?.writable === false ? "store" : null,
  house.status?.broker.connected === false ? "broker" : null].filter(Boolean);

/* ---- loading ---- */

export async function load() {
  const [status, people, zones] = await Promise.all([call("status"), all("people?limit=1000"), all("zones?limit=1000")]);
  take(status);
  house.people = people;
  house.zones = zones;
}

export function take(status) {
  house.status = status;
  house.sites = new Map(status.sites.map((site) => [site.id, site]));
  useZones(status.sites.map((site) => [site.id, site.timezone]));
  setClock(Date.parse(status.now));
}

const urgency = ["critical", "major", "minor", "warning"];

export async function loadOpen() {
  const items = await all("incidents?state=open,acknowledged&limit=500");
  items.sort((a, b) => (a.state === "open" ? 0 : 1) - (b.state === "open" ? 0 : 1) || a.drill - b.drill ||
    urgency.indexOf(a.severity) - urgency.indexOf(b.severity) || Date.parse(b.opened_at) - Date.parse(a.opened_at));
  house.open = items;
}

/** True if these ledger entries (null: any may have been missed) have to do with one of the types. */
export const concern = (rows, ...types) => rows === null || rows.some((row) => types.some((type) => row.type.startsWith(type)));

const BESIDE = ["reporting", "output", "flood", "config", "operator", "drill", "silence", "arming", "duty", "hazard"];
export const movesBeside = (rows) => concern(rows, ...BESIDE);

/** What stands beside the incidents. */
export async function loadBeside() {
  const names = ["reporting", "outputs", "floods", "drills", "silences", "armings", "handovers"];
  const [owed, outputs, floods, drills, silences, armings, handovers] = (await Promise.all(names.map((name) => call(name)))).map((page) => page.items);
  house.owed = owed.map((one) => ({...one, late: Date.parse(one.until) <= now()})).sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
  house.outputs = outputs.filter((one) => one.state === "on");
  Object.assign(house, {floods, drills, silences, armings, handovers});
}

/** The most urgent of what nobody has, else of what is in hand; "calm" only while that is certain. */
export function mood() {
  const first = house.open[0];
  if (first) return first.drill ? "drill" : first.state === "open" ? first.severity : "warning";
  return doubt() ? "unsure" : "calm";
}

/* ---- names ---- */

export const may = (role) => ["viewer", "operator", "admin"].indexOf(house.session?.role) >= ["viewer", "operator", "admin"].indexOf(role);

export function personName(site, id) {
  return house.people.find((one) => one.id === id && (!site || one.site === site))?.name ?? id;
}

export const zoneOf = (site, id) => house.zones.find((zone) => zone.site === site && zone.id === id);
export const zoneName = (site, id) => zoneOf(site, id)?.name ?? id;
export const siteName = (id) => house.sites.get(id)?.name ?? id;
/** "Werk Nord", where there are others; else nothing. */
export const place = (site) => (house.sites.size > 1 ? siteName(site) : null);

/** In whose name this screen acts: of who has signed in, or as chosen. */
export const me = () => house.session?.person ?? sessionStorage.getItem(PERSON) ?? "";
export const setMe = (id) => sessionStorage.setItem(PERSON, id);

/* ---- for selects ---- */

/** People; of one site, or of all. */
export function peopleOptions(first, site) {
  const seen = new Map();
  for (const one of house.people) if (!site || one.site === site) seen.set(one.id, one.name);
  return [["", first], ...seen];
}

/** Zones as a tree, each below the one around it: [[id, name with its depth, zone]]. */
export function zoneTree(site) {
  const all = house.zones.filter((zone) => zone.site === site);
  const lines = [];
  const walk = (inside, depth) => all.filter((zone) => zone.in === inside).forEach((zone) => {
    lines.push([zone, depth]);
    walk(zone.id, depth + 1);
  });
  walk(null, 0);
  return lines;
}
export const zoneOptions = (first, site) => [["", first],
  ...zoneTree(site ?? [...house.sites.keys()][0]).map(([zone, depth]) => [zone.id, "\u2003".repeat(depth) + zone.name])];
export const siteOptions = () => [...house.sites.values()].map((site) => [site.id, site.name]);
