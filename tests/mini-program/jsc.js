// The scenario in JavaScriptCore's shell:
//
//   jsc [--useJIT=false] jsc.js -- KIND PROMISES RESULT PACKAGE UNPACKED CAMPAIGN AT SCRIPTS play|measure
//
// PACKAGE is the folder of the code package, UNPACKED has its WebAssembly without Brotli. Prints JSON.
/* global arguments, load, print, quit, readFile, startHost, createStore, playScenario, measureStart */
"use strict";

const [kind, promises, result, folder, unpacked, document, at, scripts, what] = arguments;
const shell = { print, quit, readFile, setTimeout, preciseTime };
for (const name of ["runtime.js", "scenario.js", "measure.js"]) load(`${scripts}/${name}`);

/** The shell has one timer queue that it never sorts in time; that is enough. */
const after = (wait, run) => void shell.setTimeout(run, wait);
const read = (path, how) => {
  try {
    return how === undefined ? shell.readFile(path) : shell.readFile(path, how);
  } catch {
    return null;
  }
};
const cache = new Map();
const code = (path) => {
  if (!cache.has(path)) cache.set(path, read(folder + path));
  return cache.get(path);
};
let state = 88172645463325252 % 4294967296;
const random = (bytes) => {
  for (let at = 0; at < bytes.length; at++) {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

const store = createStore(Number(at));
const request = async (asked) => store.handle(asked);
const wasm = (path) => read(unpacked + path, "binary");
const begin = shell.preciseTime();
const host = startHost({ kind, promises, result, code, wasm, request, random, after });
const campaign = shell.readFile(document);

const run =
  what === "measure"
    ? measureStart({ host, campaign, begin, now: shell.preciseTime, at: Number(at) })
    : playScenario({ host, store, campaign });
run.then(
  (seen) => {
    shell.print(JSON.stringify({ seen, faults: host.faults }));
    shell.quit(0);
  },
  (error) => {
    shell.print(`${error}\n${error && error.stack}`);
    shell.quit(1);
  },
);
