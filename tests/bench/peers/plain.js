// The plain Node.js script that many a school runs: MQTT in, a row in SQLite, synced, a POST for an
// alarm. With --batched the one that somebody has thought about: all that one turn of its event loop
// brings is one transaction; but then its library has acknowledged each message before (asked to
// wait, it takes one message at a time).
//   node plain.js BROKER_PORT RECEIVER_PORT DB [--batched]
"use strict";
const http = require("http");
const mqtt = require("mqtt");
const Database = require("better-sqlite3");

const [brokerPort, receiverPort, path, how] = process.argv.slice(2);
const db = new Database(path);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE IF NOT EXISTS message (row INTEGER PRIMARY KEY, device TEXT, kind TEXT," +
	" state TEXT, body TEXT, received INTEGER)");
const add = db.prepare("INSERT INTO message (device, kind, state, body, received)" +
	" VALUES (?, ?, ?, ?, ?)");
const addAll = db.transaction((rows) => rows.forEach((row) => add.run(...row)));
const agent = new http.Agent({ keepAlive: true });
let waiting = [];

function post(device) {
	const body = JSON.stringify({ device, reason: "opened" });
	const request = http.request({ agent, port: receiverPort, path: "/phone", method: "POST",
		headers: { "content-type": "application/json", "content-length": body.length } });
	request.on("response", (answer) => answer.resume());
	request.on("error", (error) => console.error(`${device}: ${error.message}`));
	request.end(body);
}

function settle() {
	const rows = waiting;
	waiting = [];
	addAll(rows);
	for (const row of rows)
		if (row[1] === "panic") post(row[0]);
}

const client = mqtt.connect(`mqtt://127.0.0.1:${brokerPort}`, { clientId: "peer", clean: false });
client.on("message", (topic, payload) => {
	const body = payload.toString(), signal = JSON.parse(body);
	const row = [topic.split("/")[3], signal.kind, signal.state, body, Date.now()];
	if (how !== "--batched") {
		add.run(...row);
		if (signal.kind === "panic") post(row[0]);
		return;
	}
	if (!waiting.length) setImmediate(settle);
	waiting.push(row);
});
client.on("connect", () => client.subscribe("tocsin/+/device/+/event", { qos: 1 },
	() => console.log("ready")));
