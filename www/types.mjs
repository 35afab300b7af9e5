// Checks the types of the page, templates too: node www/types.mjs
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
process.argv.push("--noEmit", "--project", dirname(fileURLToPath(import.meta.url)));
// vue-tsc needs a compiler that is written in JavaScript; the workspace's own is not.
require("vue-tsc").run(require.resolve("typescript-for-vue/lib/tsc.js"));
