// Node-RED for the benchmark: no editor, SQLite for its function node.
module.exports = {
	httpAdminRoot: false, httpNodeRoot: false, uiPort: Number(process.env.UI_PORT),
	flowFile: process.env.FLOWS, userDir: process.env.USER_DIR,
	functionGlobalContext: { Database: require("better-sqlite3") },
	logging: { console: { level: "info" } },
	editorTheme: { projects: { enabled: false } },
};
