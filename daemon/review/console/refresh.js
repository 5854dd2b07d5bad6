// What is shown is brought up to date where it stands: what somebody reads, has the focus on, has
// opened or is about to press stays the same element, and only what differs about it changes.

import {h, handle, handlersOf} from "./dom.js";

const keyOf = (node) => node.dataset?.key ?? node.id ?? "";
const keepsItself = (node) => node.dataset?.own !== undefined || Boolean(node.dataset?.clock);
const alike = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b) && keepsItself(a) === keepsItself(b);
const THEIRS = new Set(["open", "value", "checked", "disabled", "style"]); // of whoever sits there; style has its own way

function dress(old, fresh) {
  for (const {name} of [...old.attributes]) if (!fresh.hasAttribute(name) && !THEIRS.has(name)) old.removeAttribute(name);
  for (const {name, value} of fresh.attributes) {
    if (old.getAttribute(name) !== value && !THEIRS.has(name)) old.setAttribute(name, value);
  }
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  const [before, after] = [handlersOf(old), handlersOf(fresh)];
  for (const name of Object.keys({...before, ...after})) handle(old, name, after[name]);
}

/** Makes these the children of element. What stands right already is not moved. */
function arrange(element, nodes) {
  const focused = document.activeElement;
  let at = element.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else element.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  if (focused !== document.activeElement && element.contains(focused)) focused.focus({preventScroll: true});
}

function become(old, fresh) {
  dress(old, fresh);
  // A clock runs by itself; what is said of a tap that failed is whose tap it was.
  if (!keepsItself(old)) takeChildren(old, [...fresh.childNodes]);
  return old;
}

function takeChildren(old, fresh) {
  const left = [...old.childNodes];
  arrange(old, fresh.map((child) => {
    const at = left.findIndex((one) => alike(one, child));
    if (at < 0) return child;
    const [same] = left.splice(at, 1);
    if (same.nodeType === Node.ELEMENT_NODE) return become(same, child);
    if (same.data !== child.data) same.data = child.data;
    return same;
  }));
}

/** Whatever had the focus keeps it; where it has gone, what is nearest to where it was has it. */
function keepFocus(root, change) {
  const around = [];
  for (let one = document.activeElement; one && root.contains(one); one = one.parentElement) around.push(one);
  change();
  if (!around.length || root.contains(document.activeElement)) return;
  const near = around.find((one) => root.contains(one));
  (near?.querySelector("a[href], button, summary, input, select") ?? document.getElementById("page"))?.focus({preventScroll: true});
}

/**
 * The old element becomes like the fresh one, which is thrown away; children are the same by
 * data-key or id, else by their order. Returns what is now shown.
 */
export function refresh(old, fresh) {
  if (!alike(old, fresh)) return fresh;
  keepFocus(old, () => become(old, fresh));
  return old;
}

/** These are the children of a page now. */
export function fill(element, ...children) {
  const fresh = h("div", ...children);
  keepFocus(element, () => takeChildren(element, [...fresh.childNodes]));
}

const grown = new WeakMap(); // list -> how far it is shown

function showMore(list, state) {
  const {items, make, nodes, more} = state;
  nodes.push(...items.slice(nodes.length, state.shown).map(make));
  const rest = nodes.length < items.length;
  state.watch.unobserve(more);
  keepFocus(list, () => arrange(list, rest ? [...nodes, more] : nodes));
  if (rest) state.watch.observe(more);
}

/**
 * A long list, as much of it as is looked at: make(item) for each, sixty at a time. Given anew, it
 * is as long as before, and nodes that make gives again stay where they are.
 */
export function grow(list, items, make, step = 60) {
  let state = grown.get(list);
  if (!state) {
    state = {shown: step, more: h("li.more", {"aria-hidden": "true"})};
    state.watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      state.shown += step;
      showMore(list, state);
    }, {rootMargin: "600px"});
    grown.set(list, state);
  }
  Object.assign(state, {items, make, nodes: []});
  showMore(list, state);
}
