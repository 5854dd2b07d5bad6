// Doing something: in whose name, and what is said where it did not work.

import {call} from "./api.js";
import {ask, choice, field, h, problemNear} from "./dom.js";
import {me, peopleOptions, setMe} from "./house.js";
import {errorWords} from "./problems.js";
import {say} from "./words.js";

export const path = (incident) => `incidents/${encodeURIComponent(incident.id)}`;

/** In whose name; asks once where the session is nobody's. "" where that was cancelled. */
export async function asMe(site) {
  if (me()) return me();
  await ask(say("i_am"), field(say("person"), choice(peopleOptions(say("choose_name"), site), "", {name: "by", required: true})),
    say("go_on"), async (data) => setMe(data.by));
  return me();
}

/** Does it by a button, and says beside it what went wrong. What the service answers, or null. */
export async function act(event, site, where, body) {
  const pressed = event.currentTarget;
  const problem = problemNear(pressed);
  const by = await asMe(site);
  if (!by) {
    problem.textContent = say("choose_first");
    return null;
  }
  pressed.disabled = true;
  problem.textContent = "";
  try {
    return await call(where, {by, ...body});
  } catch (error) {
    problem.textContent = await errorWords(error);
    return null;
  } finally {
    pressed.disabled = false;
  }
}

/** Asks for more in a dialog, and then does it: body(data) is what is sent besides who does it. */
export async function askAndAct(site, title, controls, word, where, body = (data) => data, kind = "") {
  const by = await asMe(site);
  if (!by) return false;
  return ask(title, controls, word, (data) => {
    const given = Object.fromEntries(Object.entries(body(data)).filter(([, value]) => value !== "" && value !== undefined));
    return call(typeof where === "string" ? where : where(data), {by, ...given});
  }, kind);
}

export const note = (word = say("note_optional"), props = {}) => field(word, h("textarea", {name: "note", maxLength: 600, rows: 2, ...props}));
export const reason = () => note(say("why"), {required: true});
