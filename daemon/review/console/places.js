// Where something is meant to hold: a zone to be chosen, as a tree, and how much lies in it.

import {call} from "./api.js";
import {choice, field, h} from "./dom.js";
import {house, siteOptions, zoneOptions, zoneTree} from "./house.js";
import {say} from "./words.js";

/** Every zone below this one, and itself. */
export function within(site, id) {
  const tree = zoneTree(site);
  const at = tree.findIndex(([zone]) => zone.id === id);
  if (at < 0) return [];
  const end = tree.findIndex(([, depth], i) => i > at && depth <= tree[at][1]);
  return tree.slice(at, end < 0 ? undefined : end).map(([zone]) => zone.id);
}

/** Fields for a dialog: {fields, site()}; with covers it says what the choice reaches. */
export function placeFields({covers = false} = {}) {
  const zone = choice([], "", {name: "zone", required: true});
  const site = choice(siteOptions(), "", {name: "site"});
  const reach = h("output", {htmlFor: ""});
  const fit = () => {
    zone.replaceChildren(...zoneOptions(say("choose_zone"), site.value).map(([value, text]) => h("option", {value}, text)));
    reach.textContent = "";
  };
  async function tell() {
    const asked = `${site.value} ${zone.value}`;
    if (!covers || !zone.value) return reach.replaceChildren();
    const zones = within(site.value, zone.value).length;
    const devices = (await call(`devices?limit=10000&site=${encodeURIComponent(site.value)}&zone=${encodeURIComponent(zone.value)}`)).items.length;
    if (asked === `${site.value} ${zone.value}`) reach.textContent = say("covers", {zones, devices});
  }
  site.addEventListener("change", fit);
  zone.addEventListener("change", () => tell().catch(() => {}));
  fit();
  const where = field(say("zone"), zone, covers ? reach : null);
  return {site: () => site.value, fields: house.sites.size > 1 ? [field(say("site"), site), where] : [where]};
}
