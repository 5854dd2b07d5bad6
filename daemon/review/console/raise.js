// A person reports something: the same path as a sensor.

import {call} from "./api.js";
import {ask, choice, field, h} from "./dom.js";
import {asMe} from "./card.js";
import {house, siteOptions, zoneOptions} from "./house.js";
import {say, wordsOf} from "./words.js";

export async function reportSomething() {
  const by = await asMe();
  if (!by) return;
  const zones = choice(zoneOptions(), "", {name: "zone"});
  const sites = choice(siteOptions(), "", {name: "site", onchange: () => zones.replaceChildren(...zoneOptions(undefined, sites.value).map(([value, text]) => h("option", {value}, text)))});
  await ask(say("report_new"), [
    field(say("report_kind"), choice(wordsOf("incident").filter((word) => !["tamper", "trouble"].includes(word)).map((word) => [word, say("incident", word)]), "fire", {name: "kind"})),
    house.sites.size > 1 ? field(say("site"), sites) : null, field(say("zone"), zones),
    field(say("note_optional"), h("textarea", {name: "note", maxLength: 600})),
  ], say("report_new"), (data) => call("incidents", {...data, by, note: data.note || undefined}), "mood");
}
