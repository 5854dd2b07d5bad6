// The API by the session's cookie, and the stream of ledger entries.

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Nothing answered, or not in time: whether it was done is not known. */
export class Unreached extends Error {}

const READ_WITHIN = 10000;
const ACT_WITHIN = 25000; // the service itself gives up after 20 s
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
const WORDS = new Set(["name", "note", "remedy", "text"]);

/** What people wrote stays among itself, whichever way it runs. */
function isolate(key, value) {
  return WORDS.has(key) && typeof value === "string" && TURNS.test(value)
    ? `\u2068${value.replace(/[\u2066-\u2069]/g, "")}\u2069` : value;
}

async function read(response) {
  const text = await response.text();
  return JSON.parse(text, TURNS.test(text) ? isolate : undefined);
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refused(response.status, problem.detail ?? response.statusText);
}

async function send(path, options, within) {
  try {
    return await fetch(`api/v1/${path}`, {
      ...options, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(within),
    });
  } catch (error) {
    throw new Unreached(error.message);
  }
}

const kept = new Map(); // path -> {tag, data}: what is asked for again and again

/** GET, or another method with a body. Throws Refused for a no, Unreached where nothing answers. */
export async function call(path, body, method = body ? "POST" : "GET") {
  const headers = {};
  if (method !== "GET") {
    headers["Tocsin-Console"] = "1"; // no page of another site can say so
    headers["Idempotency-Key"] = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  }
  if (body) headers["Content-Type"] = "application/json";
  const known = method === "GET" ? kept.get(path) : null;
  if (known) headers["If-None-Match"] = known.tag;
  const response = await send(path, {method, headers, body: body && JSON.stringify(body)}, method === "GET" ? READ_WITHIN : ACT_WITHIN);
  if (response.status === 304) return known.data;
  if (!response.ok) throw await refusal(response);
  let data;
  try {
    data = await read(response);
  } catch (error) {
    throw new Unreached(error.message);
  }
  const tag = response.headers.get("ETag");
  if (method === "GET" && tag) {
    if (kept.size > 40) kept.delete(kept.keys().next().value);
    kept.set(path, {tag, data});
  }
  return data;
}

/** Every page of a list. */
export async function all(path) {
  const items = [];
  let after = "";
  do {
    const join = path.includes("?") ? "&" : "?";
    const page = await call(path + (after ? `${join}after=${encodeURIComponent(after)}` : ""));
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

/** A query string of what has a value. */
export const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

const SILENCE = 16000; // the server says something every 10 s
const RETRY_FIRST = 500;
const RETRY_LAST = 10000;
const SIGN = /^: (\S+) (ready|not ready)$/m; // what the server says when there are no entries

/**
 * Follows the ledger until stop() is called: entry(row) for each, up() whenever the stream is
 * there (anew), alive({now, ready}) at each sign of life, down() when it is lost, refused(error).
 */
export function follow({entry, up, alive, down, refused}) {
  const stopped = new AbortController();
  let last = "";
  let wait = RETRY_FIRST;
  let attempt = null;

  function take(block) {
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) last = line.slice(4);
      else if (line.startsWith("data: ")) entry(JSON.parse(line.slice(6)));
    }
    const [, now, ready] = SIGN.exec(block) ?? [];
    alive(now ? {now: Date.parse(now), ready: ready === "ready"} : null);
  }

  async function listen() {
    attempt = new AbortController();
    const abort = () => attempt.abort();
    stopped.signal.addEventListener("abort", abort);
    let silence = setTimeout(abort, SILENCE);
    try {
      const response = await fetch("api/v1/stream", {
        headers: last ? {"Last-Event-ID": last} : {}, cache: "no-store", signal: attempt.signal,
      });
      if (!response.ok) throw await refusal(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      wait = RETRY_FIRST;
      up();
      let rest = "";
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(abort, SILENCE);
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        blocks.forEach(take);
      }
    } finally {
      clearTimeout(silence);
      stopped.signal.removeEventListener("abort", abort);
    }
  }

  // The network is gone, or the phone was asleep: what stands here is not now.
  const gone = () => attempt?.abort();
  addEventListener("offline", gone);
  stopped.signal.addEventListener("abort", () => removeEventListener("offline", gone));

  (async () => {
    while (!stopped.signal.aborted) {
      try {
        await listen();
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (error instanceof Refused && [401, 403].includes(error.status)) return refused(error);
        if (error instanceof Refused && error.status === 400) last = ""; // of another store
      }
      if (stopped.signal.aborted) return;
      down();
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
      wait = Math.min(wait * 2, RETRY_LAST);
    }
  })();

  return () => stopped.abort();
}
