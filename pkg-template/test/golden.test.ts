import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Engine, type Campaign } from "kfactor";

const FOLDER = "tests/golden";

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** A line of a file; `tests/golden/README.md` describes them. */
interface Line {
  golden?: number;
  state?: string;
  campaigns?: Record<string, Value>;
  log?: string;
  campaign?: Value;
  patch?: Value;
  seed?: string;
  revise?: Campaign;
  digest?: string;
}

for (const version of readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
  for (const name of readdirSync(`${FOLDER}/${version.name}`))
    test(`${version.name}/${name} is answered as it was`, async () => {
      await replay(`${FOLDER}/${version.name}/${name}`);
    });

/** Replays a file; fails at the first line that is answered otherwise. */
async function replay(file: string): Promise<void> {
  let head: Line = {};
  let engine: Engine | undefined;
  let answers: Hash = createHash("sha256");
  let number = 0;
  for (const text of readFileSync(file, "utf8").trim().split("\n")) {
    const place = `${file}:${++number}: ${text.slice(0, 300)}`;
    const line = JSON.parse(text) as Line | [string, Value];
    if (Array.isArray(line)) {
      assert.ok(engine, place);
      const command = typeof line[1] === "string" ? line[1] : text.slice(12, -1);
      answers.update(engine.submitBatch(command));
      assert.equal(answers.copy().digest("hex").slice(0, 8), line[0], place);
    } else if (line.golden !== undefined) head = line;
    else if (line.log !== undefined) {
      engine?.free();
      engine = await load(head, line);
      answers = createHash("sha256");
    } else if (line.revise !== undefined) engine?.revise(line.revise);
    else if (line.digest !== undefined && engine && head.state === form(engine))
      assert.equal(engine.digest(), line.digest, place);
  }
  engine?.free();
}

async function load(head: Line, { campaign, patch, seed }: Line): Promise<Engine> {
  const base = typeof campaign === "string" ? head.campaigns?.[campaign] : campaign;
  const document = patch === undefined ? base : merge(base, patch);
  const options = seed === undefined ? {} : { seed: Uint8Array.from(Buffer.from(seed, "hex")) };
  return Engine.load(JSON.stringify(document), options);
}

/** The form of an engine's state: the first line of its snapshots. */
function form(engine: Engine): string {
  const snapshot = engine.snapshot();
  return Buffer.from(snapshot.subarray(0, snapshot.indexOf(10))).toString();
}

/** RFC 7396. */
function merge(target: Value | undefined, patch: Value): Value {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const merged: { [key: string]: Value } = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
