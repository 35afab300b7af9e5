// One measurement in a process of its own:
//
//   node worker.mjs time IMPLEMENTATION FOLDER SIZE      {"seconds"}, after a second of the small workload
//   node worker.mjs answers IMPLEMENTATION FOLDER SIZE   every answer, an array of a batch per line
//   node worker.mjs state IMPLEMENTATION FOLDER SIZE     {"heap","wasm"}: the bytes that both grew by
//   node worker.mjs cold page|complete FOLDER SIZE       {"seconds"} from nothing to the second answer

import { readFileSync, writeSync } from "node:fs";
import { implementations, kfactor, kfactorOfPages } from "./implementations.mjs";
import { prepare, readBatches } from "./workload.mjs";

const modes = { time, answers, state, cold };
const [mode, name, folder, size] = process.argv.slice(2);
await modes[mode](name);

/** Seconds for the whole workload, when the small one has run often enough for compilers to have done their best. */
async function time(name) {
  const { form, open } = implementations[name];
  const once = async (size) => {
    const workload = load(size);
    const { submit, free } = await open(workload.campaign);
    const reader = createReader();
    const seconds = await run(form, submit, workload.batches, reader);
    if (reader.answers === 0) throw new Error("nothing was answered");
    free?.();
    return seconds;
  };
  for (const end = performance.now() + 1000; performance.now() < end;) await once("small");
  const seconds = await once(size);
  print({ seconds });
}

/** Seconds spent on what an application would do as well: making the call and reading the answer. */
async function run(form, submit, batches, reader) {
  let nanoseconds = 0n;
  for (const batch of batches) {
    const commands = form === "bytes" ? [] : JSON.parse(batch.toString());
    const start = process.hrtime.bigint();
    if (form === "bytes") reader.answers += submit(batch).length;
    else if (form === "call") for (const command of commands) reader.take(submit(command));
    else for (const command of commands) reader.take(await submit(command));
    nanoseconds += process.hrtime.bigint() - start;
  }
  return Number(nanoseconds) / 1e9;
}

/** Reads every answer the way an application does: whether it was accepted, and what was granted. */
function createReader() {
  return {
    answers: 0,
    amount: 0,
    take(answer) {
      this.answers += 1;
      const facts = answer.facts ?? (answer.ok === undefined ? answer : []);
      for (let n = 0; n < facts.length; n++) {
        const fact = facts[n];
        if (fact.kind === "granted") this.amount += fact.amount;
      }
    },
  };
}

async function answers(name) {
  const { form, open } = implementations[name];
  const workload = load(size);
  const { submit } = await open(workload.campaign);
  for (const batch of workload.batches) {
    if (form === "bytes") {
      write(Buffer.from(submit(batch)));
      write("\n");
    } else {
      const all = [];
      for (const command of JSON.parse(batch.toString())) all.push(await submit(command));
      write(JSON.stringify(all) + "\n");
    }
  }
}

/** Weighs the state before the first command and after the last one. Needs `--expose-gc`. */
async function state(name) {
  const memories = watchMemories();
  const { form, open } = implementations[name];
  const workload = load(size);
  const { submit } = await open(workload.campaign);
  const weigh = () => {
    globalThis.gc();
    globalThis.gc();
    const wasm = memories().reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
    return { heap: process.memoryUsage().heapUsed, wasm };
  };
  const before = weigh();
  for (const batch of workload.batches) {
    if (form === "bytes") submit(batch);
    else for (const command of JSON.parse(batch.toString())) await submit(command);
  }
  const after = weigh();
  // Keeps the state alive until it has been weighed.
  await submit(form === "bytes" ? Buffer.from("[]") : { id: "last", at: 0, do: "help", by: "x", loop: "x" });
  print({ heap: after.heap - before.heap, wasm: after.wasm - before.wasm });
}

/** From an empty module cache to the second answer: read, compile, instantiate, load the campaign, decide twice. */
async function cold(build) {
  const { campaign, batches } = load(size);
  const commands = JSON.parse(batches[0].toString()).slice(0, 2);
  const start = process.hrtime.bigint();
  const { Engine } = await (build === "page" ? kfactorOfPages() : kfactor());
  const engine = await Engine.load(campaign);
  const answers = commands.map((command) => engine.submit(command));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (!answers.every((answer) => answer.ok)) throw new Error("a first command was refused");
  print({ seconds });
}

/** The memories of all WebAssembly instances made from now on. */
function watchMemories() {
  const found = [];
  const keep = (instance) => {
    found.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
    return instance;
  };
  const { Instance, instantiate } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    return keep(new Instance(module, imports));
  };
  WebAssembly.instantiate = async (source, imports) => {
    const result = await instantiate(source, imports);
    keep(result.instance ?? result);
    return result;
  };
  return () => found;
}

function load(size) {
  const paths = prepare(folder, size);
  return { campaign: JSON.parse(readFileSync(paths.campaign, "utf8")), batches: readBatches(paths.batches) };
}

function print(value) {
  write(JSON.stringify(value) + "\n");
}

/** All of it, also into a pipe that is full for the moment. */
function write(data) {
  const bytes = Buffer.from(data);
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}
