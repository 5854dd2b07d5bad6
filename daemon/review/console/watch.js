// Looking: the stream says that something happened, a look asks what is so now. A look that fails
// is seen at once, and is tried again until one succeeds.

import {call, follow, Refused} from "./api.js";
import {doubt, house, load, loadBeside, loadOpen, movesBeside, setClock, take} from "./house.js";

const SOON = 60;       // ms: many entries of one turn make one look
const CALM = 10000;    // between looks while all is well
const CLOSE = 3000;    // while the service is not ready: what it cannot record comes on no stream
const RETRY_FIRST = 500;
const RETRY_LAST = 8000;
const ROWS_MAX = 500;

let told = null;       // by whom this was begun: {looked(rows), doubted(), configured(), refused()}
let stop = null;
let rows = [];         // not looked at yet; null: some may have been missed
let timer = null;
let due = 0;
let looking = false;
let took = 0;
let retry = RETRY_FIRST;
let believed = null;   // the doubt that was told last

function judge() {
  if (believed === doubt()) return;
  believed = doubt();
  told.doubted();
}

/** A look in so many ms, unless one comes sooner. */
function plan(after) {
  const at = performance.now() + after;
  if (!stop || (timer && due <= at)) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(look, after);
}

const soon = () => plan(Math.min(2000, SOON + took * 2)); // a long look is not begun again at once

async function see(news) {
  const beside = movesBeside(news);
  const [status] = await Promise.all([call("status"), loadOpen(), beside ? loadBeside() : null]);
  take(status);
  await told.looked(status.ready ? news : null);
}

async function look() {
  timer = null;
  if (looking) return;
  looking = true;
  const [news, began] = [rows, performance.now()];
  rows = [];
  let next = CALM;
  try {
    await see(news);
    [house.failed, house.looked, retry] = [null, performance.now(), RETRY_FIRST];
    if (!house.status.ready) next = CLOSE;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return told.refused();
    rows = news && rows && news.length + rows.length < ROWS_MAX ? [...news, ...rows] : null;
    house.failed = error instanceof Refused ? "failing" : "lost";
    next = retry;
    retry = Math.min(retry * 2, RETRY_LAST);
  } finally {
    looking = false;
    took = performance.now() - began;
  }
  judge();
  if (rows?.length && !house.failed) soon();
  else plan(next);
}

export const lookNow = () => plan(0);

/** Begins with what was loaded just now. */
export function watch(who) {
  unwatch();
  [told, rows, house.stream, house.failed, house.looked, believed] = [who, [], true, null, performance.now(), null];
  stop = follow({
    entry(row) {
      rows?.push(row);
      if (row.type === "config") load().then(told.configured, () => {});
      soon();
    },
    up() {
      house.stream = true;
      rows = null; // what happened before it was there came to nobody
      plan(0);
    },
    alive(sign) {
      setClock(sign?.now);
      if (sign && sign.ready !== house.status.ready) plan(0);
    },
    down() {
      house.stream = false;
      judge();
    },
    refused: told.refused,
  });
  judge();
}

export function unwatch() {
  stop?.();
  stop = null;
  clearTimeout(timer);
  timer = null;
}

// A screen that was asleep, or whose timers were, may be older than it knows.
setInterval(() => stop && judge(), 1000);
document.addEventListener("visibilitychange", () => !document.hidden && plan(0));
