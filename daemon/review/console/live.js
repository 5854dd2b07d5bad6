// The API, and the stream of ledger entries. An EventSource cannot send a token, so the stream is
// read with fetch.

const KEY = "tocsin.token";

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function headers(more) {
  return {Authorization: `Bearer ${token.get()}`, ...more};
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refused(response.status, problem.detail ?? response.statusText);
}

/** GET, or POST with a body. Throws Refused for an answer that says no, TypeError for none. */
export async function call(path, body) {
  const response = await fetch(`api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: headers(body ? {"Content-Type": "application/json"} : {}),
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(25000),
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

const SILENCE = 25000; // the server says something every 10 s
const RETRY_FIRST = 1000;
const RETRY_LAST = 15000;

/**
 * Follows the ledger until stop() is called: entry(row) for each, up() whenever the stream is
 * there (anew), down() when it is lost, refused(error) when the token is.
 */
export function follow({entry, up, down, refused}) {
  const stopped = new AbortController();
  let last = "";
  let wait = RETRY_FIRST;

  function take(block) {
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) last = line.slice(4);
      else if (line.startsWith("data: ")) entry(JSON.parse(line.slice(6)));
    }
  }

  async function read() {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    stopped.signal.addEventListener("abort", abort);
    let silence = setTimeout(abort, SILENCE);
    try {
      const response = await fetch("api/v1/stream", {
        headers: headers(last ? {"Last-Event-ID": last} : {}),
        cache: "no-store",
        signal: attempt.signal,
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

  (async () => {
    while (!stopped.signal.aborted) {
      try {
        await read();
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (error instanceof Refused && [401, 403].includes(error.status)) return refused(error);
        if (error instanceof Refused && error.status === 400) last = ""; // a cursor of another store
      }
      if (stopped.signal.aborted) return;
      down();
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
      wait = Math.min(wait * 2, RETRY_LAST);
    }
  })();

  return () => stopped.abort();
}
