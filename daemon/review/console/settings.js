// What a screen keeps for itself: the language and how it is dressed.

import {h} from "./dom.js";
import {language, speak} from "./words.js";

const [LANGUAGE, THEME] = ["tocsin.language", "tocsin.theme"];

/** The language that was chosen here, else the one offered, else the browser's. */
export const useLanguage = (offered) => speak(localStorage.getItem(LANGUAGE) ?? offered ?? navigator.language);

/** Changes it, and then has everything said anew. */
export function languageButton(word, anew) {
  const next = language() === "zh" ? "en" : "zh-CN";
  return h("button.plain", {type: "button", lang: next, onclick: () => {
    localStorage.setItem(LANGUAGE, next);
    useLanguage();
    anew();
  }}, word);
}

export const theme = () => localStorage.getItem(THEME) ?? "auto";

export function dress(chosen = theme()) {
  localStorage.setItem(THEME, chosen);
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
