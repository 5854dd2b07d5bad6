// What went wrong, in the reader's language.

import {Refused} from "./api.js";
import {said} from "./dom.js";
import {language, say} from "./words.js";

/** A sentence for people. The service says its own in English; Chinese comes from a table. */
export async function errorWords(error) {
  if (!(error instanceof Refused)) return say("no_connection");
  if (language() === "en") return said(say("failed"), error.message);
  const table = await import("./chinese.js").catch(() => null);
  return said(say("failed"), table?.chinese(error.message) ?? error.message);
}
