// A person reports something: the same path as a sensor.

import {askAndAct, note} from "./acting.js";
import {choice, field} from "./dom.js";
import {placeFields} from "./places.js";
import {say, wordsBelow} from "./words.js";

export function reportSomething() {
  const kinds = wordsBelow("incident").filter((word) => !["tamper", "trouble"].includes(word)).map((word) => [word, say("incident", word)]);
  const {site, fields} = placeFields();
  return askAndAct(site(), say("report_new"), [field(say("report_kind"), choice([["", say("choose")], ...kinds], "", {name: "kind", required: true})),
    fields, note()], say("report_new"), "incidents", (data) => ({site: site(), ...data}), "mood");
}
