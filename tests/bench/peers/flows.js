// The flow as one would draw it: MQTT in -> store (SQLite) -> alarms only -> HTTP request.
// Prints it as Node-RED's JSON:  node flows.js BROKER_PORT RECEIVER_PORT DB
"use strict";
const [brokerPort, receiverPort, db] = process.argv.slice(2);
const initialize = `
const Database = global.get("Database");
const db = new Database(${JSON.stringify(db)});
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE IF NOT EXISTS message (row INTEGER PRIMARY KEY, device TEXT, kind TEXT," +
	" state TEXT, body TEXT, received INTEGER)");
context.set("add", db.prepare("INSERT INTO message (device, kind, state, body, received)" +
	" VALUES (?, ?, ?, ?, ?)"));
`;
const func = `
const device = msg.topic.split("/")[3], signal = msg.payload;
context.get("add").run(device, signal.kind, signal.state, JSON.stringify(signal), Date.now());
if (signal.kind !== "panic") return null;
return { payload: { device, reason: "opened" },
	headers: { "content-type": "application/json" } };
`;
console.log(JSON.stringify([
	{ id: "tab", type: "tab", label: "alarms" },
	{ id: "broker", type: "mqtt-broker", broker: "127.0.0.1", port: brokerPort, clientid: "peer",
		cleansession: false, protocolVersion: "4", keepalive: "60", autoConnect: true },
	{ id: "in", type: "mqtt in", z: "tab", topic: "tocsin/+/device/+/event", qos: "1",
		datatype: "json", broker: "broker", inputs: 0, wires: [["store"]] },
	{ id: "store", type: "function", z: "tab", func, initialize, outputs: 1, libs: [],
		wires: [["post"]] },
	{ id: "post", type: "http request", z: "tab", method: "POST", ret: "txt", persist: true,
		url: `http://127.0.0.1:${receiverPort}/phone`, wires: [[]] },
]));
