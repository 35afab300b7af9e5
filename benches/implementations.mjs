// Everything that is measured, behind one of three forms. `open(campaign)` gives `submit`, and `free` where
// memory has to be given back. In the form `call` it takes a command object and returns an answer, in `async` a
// promise of one; in `bytes` it takes a JSON array of commands and returns a JSON array of answers, in UTF-8.

import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createState, reduce, reduceOnce, reduceToEffects } from "./reducer.mjs";

/** The built package. */
export const PACKAGE = fileURLToPath(new URL("../pkg/", import.meta.url));

export const implementations = {
  reducer: {
    form: "call",
    open: (campaign) => {
      const state = createState(campaign);
      return { submit: (command) => reduce(state, command) };
    },
  },
  "reducer-effects": {
    form: "call",
    open: (campaign) => {
      const state = createState(campaign);
      return { submit: (command) => reduceToEffects(state, command) };
    },
  },
  "reducer-once": {
    form: "call",
    open: (campaign) => {
      const state = createState(campaign);
      const answers = new Map();
      return { submit: (command) => reduceOnce(state, answers, command) };
    },
  },
  "reducer-bytes": {
    form: "bytes",
    open: (campaign) => {
      const state = createState(campaign);
      const answers = (bytes) => JSON.parse(bytes.toString()).map((command) => reduce(state, command));
      return { submit: (bytes) => Buffer.from(JSON.stringify(answers(bytes))) };
    },
  },
  "kfactor-call": {
    form: "call",
    open: async (campaign) => {
      const { Engine } = await kfactor();
      const engine = await Engine.load(campaign);
      return { submit: (command) => engine.submit(command), free: () => engine.free() };
    },
  },
  "kfactor-batch": {
    form: "bytes",
    open: async (campaign) => {
      const { Engine } = await kfactor();
      const engine = await Engine.load(campaign);
      return { submit: (bytes) => engine.submitBatch(bytes), free: () => engine.free() };
    },
  },
  "json-rules-engine": { form: "async", open: (campaign) => peer("jsonRulesEngine", campaign) },
  "zen-expression": { form: "call", open: (campaign) => peer("zenExpression", campaign) },
  "zen-table": { form: "async", open: (campaign) => peer("zenTable", campaign) },
};

/** The package's API, found the way Node finds it for a customer who installed it. */
export async function kfactor() {
  install();
  return import("kfactor");
}

/** The same with the engine of pages, in place of Node's. */
export async function kfactorOfPages() {
  install();
  const slim = await import("kfactor/slim");
  await slim.init(readFileSync(PACKAGE + "dist/engine.wasm"));
  return slim;
}

function install() {
  if (!existsSync(PACKAGE + "package.json")) {
    throw new Error("the package is not built: run `cargo xtask pkg` first");
  }
  const link = fileURLToPath(new URL("node_modules/kfactor", import.meta.url));
  if (!existsSync(link)) symlinkSync(PACKAGE, link, "junction");
}

async function peer(name, campaign) {
  const peers = await import("./peers.mjs");
  return { submit: peers[name](createState(campaign)) };
}
