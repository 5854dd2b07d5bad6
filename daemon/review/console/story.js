// A ledger entry as a sentence: line(row, incident) is [words, tone], or null for what adds nothing.

import {roughly} from "./dom.js";
import {personName} from "./house.js";
import {pick, say} from "./words.js";

const person = (row, id) => personName(row.site, id);

function told(row, list) {
  return list.map((one) => (one.kind === "person" ? person(row, one.id) : one.id)).join("、");
}

function span(ms) {
  return ms >= 60000 ? roughly(ms) : `${Math.max(1, Math.round(ms / 1000))} ${say("units", "s")}`;
}

const noted = (words) => (words ? `“${words}”` : "");

const tellers = {
  signal: (row, data, incident) => {
    const name = incident.signals.find((one) => one.device === row.device)?.name ?? row.device;
    return [`${name} · ${say("kind", data.kind)}${data.state === "clear" ? ` (${say("cleared")})` : ""}${data.value === undefined ? "" : ` ${data.value}`}`, data.state === "clear" ? "" : "strong"];
  },
  "incident.opened": (row, data) => [`${pick("Opened", "发生警情")}: ${say("incident", data.kind)}, ${say("severity", data.severity)}${row.by ? ` · ${say("reported")} ${person(row, row.by)}` : ""} ${noted(data.note)}`, "alarm"],
  "incident.raised": (row, data) => [`${pick("More severe", "级别升高")}: ${say("severity", data.from)} → ${say("severity", data.to)}`, "alarm"],
  "incident.joined": (row, data) => [`${pick("Joined by", "新增")} ${row.device ?? (row.by ? person(row, row.by) : "")} ${data.kind ? say("kind", data.kind) : ""} ${noted(data.note)}`, "strong"],
  "incident.cleared": () => [pick("Every sensor is clear again", "全部信号已恢复"), ""],
  "incident.acknowledged": (row, data) => [`${person(row, row.by ?? data.owner)} ${pick("took charge", "接手处理")}${data.resolve_within_ms ? ` · ${pick("to be resolved within", "处置时限")} ${span(data.resolve_within_ms)}` : ""}`, "good"],
  "incident.assigned": (row, data) => [`${pick("Handed to", "移交给")} ${person(row, data.owner)}`, "good"],
  "incident.reopened": (row, data) => [`${pick("Open again", "重新报警")}: ${pick(data.why ?? "", data.why?.startsWith("not resolved") ? "接手后未在时限内解除" : data.why ?? "")}`, "alarm"],
  "incident.resolved": (row, data) => [`${pick("Resolved", "已解除")}: ${say("outcomes", data.outcome)}${row.by ? ` · ${person(row, row.by)}` : ""} ${noted(data.note)}`, "good"],
  "incident.note": (row, data) => [`${row.by ? person(row, row.by) : ""}: ${noted(data.note)}`, "strong"],
  step: (row, data) => [`${pick("Step", "第")} ${data.step}${pick("", " 步")} (${say("reason", data.reason)}): ${told(row, data.to ?? [])}${data.late_ms > 1000 ? ` · ${pick("late by", "迟")} ${span(data.late_ms)}` : ""}`, "strong"],
  gap: (row, data) => [`${pick("GAP", "缺口")}: ${pick(data.why ?? "", data.why === "nobody to tell" ? "无人可通知" : data.why ?? "")}`, "alarm"],
  delivery: (row, data) => {
    const good = data.result === "accepted";
    return [`${person(row, data.to)} · ${data.channel}: ${good ? `${say("delivery", "accepted")} (${data.took_ms} ms)` : `${say("delivery", data.result === "refused" ? "refused" : "retrying")} · ${data.detail ?? ""}`}`, good ? "weak" : "strong"];
  },
  output: (row, data) => [`${data.output}: ${say(data.state === "on" ? "output_word_on" : "output_word_off")}${data.delivered ? ` (${say("output_confirmed")})` : ""}`, data.delivered ? "weak" : "strong"],
  reporting: (row, data) => {
    const words = {owed: pick("is owed", "需上报"), reminded: pick("reminded of", "已提醒"), late: pick("LATE", "逾期未报"), made: pick("made in time", "已按时上报"), "made late": pick("made late", "逾期上报"), "not owed": pick("not owed after all", "无需上报")}[data.action] ?? data.action;
    const {what} = data;
    return [`${what.note} → ${what.to}: ${words}${row.by ? ` · ${person(row, row.by)}` : ""}`, data.action === "late" ? "alarm" : data.action.startsWith("made") ? "good" : "strong"];
  },
  notification: (row, data) => (data.digest ? [`${data.to.kind === "person" ? person(row, data.to.id) : data.to.id}: ${pick("told in a digest, for there is too much", "警情过多，并入汇总通知")}`, "weak"] : null),
  operator: (row, data) => {
    const who = row.by ? person(row, row.by) : data.via ?? "";
    const said = {note: [`${who}: ${noted(data.note)}`, "strong"], reply: [`${who}: ${say(data.choice ?? "")} ${data.to ? person(row, data.to) : ""} ${noted(data.note)}`, "strong"]}[data.action];
    return said ?? (data.note && !["resolve"].includes(data.action) ? [`${who}: ${noted(data.note)}`, "strong"] : null);
  },
};

export function line(row, incident) {
  const teller = tellers[row.type];
  if (teller) return teller(row, row.data, incident);
  const words = [row.type, row.by ? person(row, row.by) : "", row.data.note ?? row.data.why ?? row.data.detail ?? ""].filter(Boolean).join(" · ");
  return [words, "weak"];
}

