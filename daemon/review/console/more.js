// More: the pages that have no room on a phone's bar, and what this screen keeps for itself.

import {button, choice, field, h} from "./dom.js";
import {house, me, personName} from "./house.js";
import {dress, languageButton, theme} from "./settings.js";
import {say} from "./words.js";

export async function show({pages, anew, leave}) {
  const {name, role} = house.session;
  const person = me() && personName(null, me()) !== name ? ` · ${personName(null, me())}` : "";
  return {element: h("section", h("div.head", h("h2", say("pages", "more"))),
    h("ul.menu.card", pages.map((page) => h("li", h("a", {href: `#/${page}`}, say("pages", page))))),
    h("div.card.stack", h("p", `${say("signed_in")} `, h("strong", name), `${person} (${say("role", role)})`),
      field(say("appearance"), choice(["auto", "light", "dark"].map((word) => [word, say("theme", word)]), theme(),
        {onchange: (event) => dress(event.target.value)})),
      h("p.actions", languageButton(say("language"), anew), button(say("leave"), leave, "plain"))))};
}
