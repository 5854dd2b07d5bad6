// Now: is anything wrong? And if all is quiet: what is switched off meanwhile, and who is there.

import {call} from "./api.js";
import {bigMark, button, choice, dotted, h, listed, problemLine} from "./dom.js";
import {card, key, outputWords, owedRow} from "./card.js";
import {concern, doubt, house, may, me, peopleOptions, personName, place, setMe, troubles} from "./house.js";
import {reportSomething} from "./raise.js";
import {fill, grow, refresh} from "./refresh.js";
import {standing} from "./standing.js";
import {running} from "./times.js";
import {say} from "./words.js";

/* ---- besides the incidents ---- */

const flood = () => (house.floods.length ? h("p.card.flood", {role: "note", data: {key: "flood"}},
  say("flood", {who: listed(house.floods.map((one) => (one.to ? personName(one.site, one.to) : one.channel)))})) : null);

/** What is owed or on although its incident is over. */
function left() {
  const open = new Set(house.open.map((one) => one.id));
  const owed = house.owed.filter((one) => !open.has(one.incident));
  const on = house.outputs.filter((one) => !open.has(one.incident));
  return [
    on.length ? h("section.card", {data: {key: "on"}}, h("h3", say("outputs")), h("ul.rows", on.map((one) => h("li", h("span.wait", outputWords(one)))))) : null,
    owed.length ? h("section.card", {data: {key: "owed"}}, h("h3", say("reports_owed")), h("ul.rows", owed.map((one) => {
      const row = owedRow(one);
      row.querySelector(".grow").append(h("small", h("a", {href: `#/incident/${encodeURIComponent(one.incident)}`}, one.incident)));
      return row;
    }))) : null];
}

/* ---- nothing is open ---- */

function lastHeard() {
  return house.status.sites.map((site) => site.devices.last_heard).filter(Boolean).sort().pop();
}

/** All is well; or, where that cannot be known, that it cannot. */
function quiet(duty) {
  const heard = lastHeard();
  const [count, silent] = house.status.sites.reduce((sum, site) => [sum[0] + site.devices.count, sum[1] + site.devices.silent], [0, 0]);
  const well = !doubt();
  const why = doubt() === "unready" ? [...troubles(), "other"][0] : doubt();
  return h(well ? "div.calm-view" : "div.calm-view.unsure", {data: {key: well ? "calm" : "unsure"}}, bigMark(well),
    h("h2", say(well ? "quiet" : "unsure")), h("p.quiet", well ? say("quiet_text") : say("unsure_text", why)),
    h("dl.facts", h("div", h("dt", say("last_sign")), h("dd", heard ? running(heard, "ago") : say("never"))),
      h("div", h("dt", say("devices_well")), h("dd", `${count}`, silent ? h("strong", ` · ${silent} ${say("silent")}`) : null)),
      duty.map((post) => h("div", h("dt", dotted(place(post.site), post.name)),
        h("dd", post.people.length ? listed(post.people.map((one) => one.name)) : h("strong", say("nobody_on_duty")))))));
}

/* ---- the page ---- */

export async function show() {
  const element = h("div");
  const rows = new Map(); // incident -> {row, key}
  let duty = [];

  async function askDuty() {
    duty = house.posts = (await call("duty")).items;
  }

  function row(incident) {
    const known = rows.get(incident.id);
    const now = key(incident);
    if (known?.key === now) return known.row;
    // Only what changed is made anew: a button under a thumb stays where it is.
    if (known) refresh(known.row.firstChild, card(incident));
    rows.set(incident.id, {row: known?.row ?? h("li", card(incident)), key: now});
    return rows.get(incident.id).row;
  }

  function head() {
    const chosen = choice(peopleOptions(say("choose_name")), me(), {"aria-label": say("i_am"), onchange: (event) => {
      setMe(event.target.value);
      opened();
    }});
    return h("div.head", {data: {key: "head"}}, h("h2", say("pages", "now")), h("div.actions",
      may("operator") && !house.session.person ? h("label.me", h("span.hide-narrow", say("i_am")), chosen) : null,
      may("operator") ? button(say("report_new"), reportSomething, "plain") : h("p.quiet", say("viewer"))));
  }

  function opened() {
    const counts = ["open", "acknowledged"].map((state) => house.open.filter((one) => one.state === state).length);
    fill(element, head(), problemLine(), standing(), flood(),
      house.open.length ? [h("h2.group", `${counts[0]} ${say("states", "open")} · ${counts[1]} ${say("states", "acknowledged")}`),
        h("ul.incidents", {data: {own: "", key: "incidents"}})] : quiet(duty),
      ...left());
    if (!house.open.length) return rows.clear();
    for (const id of rows.keys()) if (!house.open.some((one) => one.id === id)) rows.delete(id);
    grow(element.querySelector("ul.incidents"), house.open, row);
  }

  await askDuty();
  return {element, opened, async changed(news) {
    if (!concern(news, "duty", "config", "operator")) return;
    await askDuty();
    opened();
  }};
}
