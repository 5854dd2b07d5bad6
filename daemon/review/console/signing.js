// Signing in: with a name and a password, or with an access token.

import {call} from "./api.js";
import {button, field, h, problemLine} from "./dom.js";
import {house} from "./house.js";
import {errorWords} from "./problems.js";
import {languageButton} from "./settings.js";
import {say} from "./words.js";

async function refusal(error, byToken) {
  if (error.status === 429) return say("enter_braked");
  if (error.status === 401) return say(byToken ? "token_refused" : "enter_refused");
  return errorWords(error);
}

function fields(byToken) {
  if (byToken) return [field(say("token"), h("input", {name: "token", type: "password", autocomplete: "off", required: true}))];
  return [field(say("name"), h("input", {name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true})),
    field(say("password"), h("input", {name: "password", type: "password", autocomplete: "current-password", required: true}))];
}

/** Shows the form in the page; entered() once somebody is signed in. */
export function showSigning(page, entered, byToken = false) {
  const problem = problemLine();
  const submit = h("button", {type: "submit"}, say("enter"));
  const form = h("form", {id: "enter", onsubmit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      house.session = await call("session", Object.fromEntries(new FormData(form)));
      entered();
    } catch (error) {
      problem.textContent = await refusal(error, byToken);
    } finally {
      submit.disabled = false;
    }
  }}, h("h2", say("enter_title")), fields(byToken), problem, submit,
  button(say(byToken ? "by_password" : "by_token"), () => showSigning(page, entered, !byToken), "plain"),
  languageButton(say("language"), () => showSigning(page, entered, byToken)));
  page.replaceChildren(form);
  form.querySelector("input").focus();
}
