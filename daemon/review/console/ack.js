// Keeps the page behind a link true while it is open: what is so now is asked for every ten seconds
// and put in the place of what was. What somebody is about to say stays. Without it the page works
// as well: it says as of when it is.

const AGAIN = 10000;
const chinese = document.documentElement.lang.startsWith("zh");
const $ = (id, page = document) => page.getElementById(id);

/** Somebody writes, or has chosen something. */
function isBusy() {
  const form = document.querySelector("form");
  return form && (form.contains(document.activeElement) || [...form.elements].some((field) => field.name !== "choice" && field.value));
}

function say(words) {
  let line = $("lost");
  if (!line && words) document.querySelector("main").prepend(line = Object.assign(document.createElement("p"), {id: "lost", role: "alert"}));
  if (line && !words) line.remove();
  else if (line && line.textContent !== words) line.textContent = words;
}

async function look() {
  try {
    const answer = await fetch(location.href, {headers: {Accept: "text/html"}, cache: "no-store", signal: AbortSignal.timeout(8000)});
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !$("state", page)) throw new Error(answer.status);
    if (page.querySelector("form") && isBusy()) $("state").replaceWith($("state", page));
    else document.querySelector("main").replaceWith(page.querySelector("main"));
    document.body.className = page.body.className;
    say("");
  } catch {
    say(chinese ? "连接已断开，以下内容可能已过时。正在重试……" : "No connection: what you see may be old. Trying again…");
  }
}

if ($("state")) {
  setInterval(() => !document.hidden && look(), AGAIN);
  document.addEventListener("visibilitychange", () => !document.hidden && look());
}
