// Elements from words. Text is only ever text: nothing that came from outside becomes markup.

import {errorWords} from "./problems.js";
import {language, say} from "./words.js";

const handlers = new WeakMap(); // element -> {click: function}

export const handlersOf = (element) => handlers.get(element) ?? {};

/** What is done on an event, instead of what was done before; undefined: nothing any more. */
export function handle(element, name, does) {
  let own = handlers.get(element);
  if (!own) handlers.set(element, own = {});
  if (!(name in own)) element.addEventListener(name, (event) => own[name]?.(event));
  own[name] = does;
}

/** h("p.quiet", {title: "…", onclick}, "text", child, null, [more]) */
export function h(tag, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  let props = {};
  if (children.length && isProps(children[0])) props = children.shift();
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) handle(element, key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key in element && !key.startsWith("aria") && key !== "list") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== "" && child !== false));
  return element;
}

function isProps(thing) {
  return thing && typeof thing === "object" && !(thing instanceof Node) && !Array.isArray(thing);
}

/** "钱师傅、赵老师" or "Qian, Zhao" */
export const listed = (words) => words.join(language() === "zh" ? "、" : ", ");
/** "下一步：赵老师" or "Next: Zhao" */
export const said = (name, words) => name + (language() === "zh" ? "：" : ": ") + words;
/** Parts with a dot between those that there are; a part may be several. */
export const dotted = (...parts) => parts.filter((part) => (Array.isArray(part) ? part.length : part)).flatMap((part, i) => (i ? [" · ", part] : [part]));
/** The same as text, for what has no elements. */
export const plainText = (...parts) => dotted(...parts).flat(4).map((part) => part.textContent ?? part).join("");

const NS = "http://www.w3.org/2000/svg";

function drawing(box, name, ...paths) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of paths) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", kind);
    svg.append(path);
  }
  return svg;
}

const shapes = { // one for each severity, so that colour is never the only word
  critical: "M7 1h10l6 6v10l-6 6H7l-6-6V7z",
  major: "M12 1.5 23.5 22H.5z",
  minor: "M12 .8 23.2 12 12 23.2.8 12z",
  warning: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z",
};
const bang = {
  major: "M10.9 9h2.2l-.3 6.4h-1.6zM11 17h2v2.1h-2z",
  other: "M10.8 5.6h2.4l-.4 8h-1.6zM10.9 15.8h2.2v2.4h-2.2z",
};

/** The sign of a severity: a shape with a mark in it. */
export const sign = (severity) => drawing("0 0 24 24", `sign ${severity}`,
  ["shape", shapes[severity] ?? shapes.warning], ["mark", bang[severity] ?? bang.other]);
/** All is well; or nobody can tell. */
export const bigMark = (well) => drawing("0 0 48 48", well ? "well" : "unsure",
  ["round", "M24 3a21 21 0 1 0 0 42 21 21 0 0 0 0-42z"],
  well ? ["tick", "M15 25l6.5 6.5L34 18"] : ["tick", "M24 13v14M24 33.5v1"]);

/* ---- asking ---- */

export const button = (text, onclick, kind = "", props = {}) => h(`button${kind && `.${kind}`}`, {type: "button", onclick, ...props}, text);
/** Where it is said what went wrong with a tap; empty while nothing did. */
export const problemLine = () => h("p.problem", {role: "alert", data: {own: ""}});

/** The line for what went wrong that is nearest to a button. */
export function problemNear(pressed) {
  for (let one = pressed.parentElement; one; one = one.parentElement) {
    const line = one.querySelector(".problem");
    if (line) return line;
  }
  return problemLine();
}

let fields = 0;

/** A labelled control: field("note", h("textarea")). */
export function field(text, control, hint) {
  control.id ||= `field-${++fields}`;
  const note = hint && (hint instanceof Node ? hint : h("small", hint));
  if (note) control.setAttribute("aria-describedby", note.id ||= `${control.id}-hint`);
  return h("p.field", h("label", {htmlFor: control.id}, text), control, note);
}

export function choice(options, chosen, props = {}) {
  return h("select", props, options.map(([value, text]) => h("option", {value, selected: value === chosen}, text)));
}

/**
 * A dialog with a form; done(data) does it and may throw, then its words stand in the dialog.
 * Resolves to true once it was done.
 */
export function ask(title, controls, word, done, kind = "") {
  const dialog = document.getElementById("ask");
  const problem = problemLine();
  const submit = h(`button${kind && `.${kind}`}`, {type: "submit"}, word);
  return new Promise((resolve) => {
    const form = h("form", {method: "dialog"},
      h("h2", {id: "ask-title"}, title), controls, problem,
      h("div.actions", button(say("cancel"), () => dialog.close(), "plain"), submit));
    handle(form, "submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      problem.textContent = "";
      try {
        await done(Object.fromEntries(new FormData(form)));
        resolve(true);
        dialog.close();
      } catch (error) {
        problem.textContent = await errorWords(error);
      } finally {
        submit.disabled = false;
      }
    });
    dialog.replaceChildren(form);
    dialog.onclose = () => resolve(false);
    dialog.showModal();
  });
}

/** Copies text from a button beside it; where the browser lets nobody, the text is selected. */
export function copyButton(word, text, kind = "plain.small") {
  return button(word, async (event) => {
    const pressed = event.currentTarget;
    const shown = pressed.parentElement.querySelector("code");
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch { // not by http over a network
      getSelection().selectAllChildren(shown);
      copied = document.execCommand("copy");
    }
    pressed.textContent = say(copied ? "copied" : "copy_selected");
  }, kind);
}

/** Says something to whoever listens instead of looking. */
export function tell(text) {
  document.getElementById("said").textContent = text;
}
