// What every page stands on: who is signed in, the sites and people, and what is open right now.

import {all, call} from "./api.js";
import {useZone} from "./dom.js";

const PERSON = "tocsin.person";

export const house = {
  session: null,       // {name, role, person}
  status: null,
  sites: new Map(),    // id -> its status
  people: [],
  zones: [],
  open: [],            // incidents that are open or in hand
  owed: [],            // reports upward that are not made yet
  outputs: [],         // sirens, doors: what is switched on while an incident lasts
  floods: [],          // who gets digests now, because there is too much
  lost: false,
  offset: 0,           // of the service's clock against this one
  seen: 0,             // when something was last heard from the service
};

export const now = () => (house.lost ? house.seen : Date.now()) + house.offset;
export const may = (role) => ["viewer", "operator", "admin"].indexOf(house.session?.role) >= ["viewer", "operator", "admin"].indexOf(role);

export async function load() {
  const [status, people, zones] = await Promise.all([call("status"), all("people?limit=1000"), all("zones?limit=1000")]);
  take(status);
  house.people = people;
  house.zones = zones;
  if (status.sites[0]) useZone(status.sites[0].timezone);
}

export function take(status) {
  house.status = status;
  house.sites = new Map(status.sites.map((site) => [site.id, site]));
  house.offset = Date.parse(status.now) - Date.now();
}

const urgency = ["critical", "major", "minor", "warning"];

export async function loadOpen() {
  const items = await all("incidents?state=open,acknowledged&limit=500");
  items.sort((a, b) => (a.state === "open" ? 0 : 1) - (b.state === "open" ? 0 : 1) || a.drill - b.drill ||
    urgency.indexOf(a.severity) - urgency.indexOf(b.severity) || Date.parse(b.opened_at) - Date.parse(a.opened_at));
  house.open = items;
}

/** What stands beside the incidents; true if a ledger entry may have changed it. */
export const movesBeside = (row) => ["reporting", "output", "flood", "config", "operator"].some((word) => row.type.startsWith(word));

export async function loadBeside() {
  const [owed, outputs, floods] = await Promise.all([call("reporting"), call("outputs"), call("floods")]);
  house.owed = owed.items.map((one) => ({...one, late: Date.parse(one.until) <= now()})).sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
  house.outputs = outputs.items.filter((one) => one.state === "on");
  house.floods = floods.items;
}

/** The most urgent of what nobody has, else of what is in hand; "" while all is quiet. */
export function mood() {
  const first = house.open[0];
  return !first ? "calm" : first.state === "open" ? first.severity : "warning";
}

export function personName(site, id) {
  return house.people.find((one) => one.id === id && (!site || one.site === site))?.name ?? id;
}

export const zoneName = (site, id) => house.zones.find((zone) => zone.site === site && zone.id === id)?.name ?? id;
export const siteName = (id) => house.sites.get(id)?.name ?? id;

/** In whose name this screen acts: of who has signed in, or as chosen. */
export const me = () => house.session?.person ?? sessionStorage.getItem(PERSON) ?? "";
export const setMe = (id) => sessionStorage.setItem(PERSON, id);

/** People and zones for a select; of one site, or of all. */
export function peopleOptions(first, site) {
  const seen = new Map();
  for (const one of house.people) if (!site || one.site === site) seen.set(one.id, one.name);
  return [["", first], ...seen];
}
export function zoneOptions(first, site) {
  const several = house.sites.size > 1;
  return [...(first === undefined ? [] : [["", first]]), ...house.zones.filter((zone) => !site || zone.site === site)
    .map((zone) => [zone.id, several && !site ? `${siteName(zone.site)} · ${zone.name}` : zone.name])];
}
export const siteOptions = () => [...house.sites.values()].map((site) => [site.id, site.name]);
