// Every model that zigbee-herdsman-converters knows, with what it says: a JSON list of
// {m: model, d: description, e: [{p: property, t: type, on, off, v: values, a: access, d: description}]}.
//
//   node exposes.mjs PACKAGE_FOLDER > exposes.json
import {createRequire} from "node:module";
import path from "node:path";

const require = createRequire(path.resolve(process.argv[2], "package.json"));
const {prepareDefinition} = require("zigbee-herdsman-converters");
const folder = path.dirname(require.resolve("zigbee-herdsman-converters"));
const definitions = (await import(path.join(folder, "devices", "index.js"))).default.default;

function flat(expose, into) {
    if (expose.features && expose.type !== "composite") {
        for (const feature of expose.features) flat(feature, into);
    } else if (!expose.features) {
        into.push({p: expose.property ?? expose.name, t: expose.type, on: expose.value_on,
            off: expose.value_off, v: expose.values, a: expose.access, d: expose.description});
    }
    return into;
}

const models = [];
for (const definition of definitions) {
    const {model, exposes} = prepareDefinition({...definition});
    const list = typeof exposes === "function" ? exposes({isDummyDevice: true}, {}) : exposes;
    models.push({m: model, d: definition.description, e: list.reduce((into, one) => flat(one, into), [])});
}
process.stdout.write(JSON.stringify(models));
