// The plain Node.js script that many a school runs: MQTT in, a row in SQLite, a POST for an alarm.
// All that one turn of its event loop brings is one transaction, synced; but its library has
// acknowledged each message before (asked to wait, it takes one message at a time).
//   node plain.js BROKER_PORT RECEIVER_PORT DB
"use strict";
const http = require("http");
const mqtt = require("mqtt");
const Database = require("better-sqlite3");

const [brokerPort, receiverPort, path] = process.argv.slice(2);
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
	if (!waiting.length) setImmediate(settle);
	waiting.push([topic.split("/")[3], signal.kind, signal.state, body, Date.now()]);
});
client.on("connect", () => client.subscribe("tocsin/+/device/+/event", { qos: 1 },
	() => console.log("ready")));
