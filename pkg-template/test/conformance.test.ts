import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

function conformance(...words: string[]): Ended {
  return spawnSync(process.execPath, ["pkg/bin/kfactor.js", "conformance", ...words], { encoding: "utf8" });
}

test("every conformance case passes on the package", () => {
  const { status, stdout } = conformance("tests/conformance");
  assert.match(stdout, /^\d{3,} passed, 0 failed\n$/);
  assert.equal(status, 0);
});

test("a case that must fail is reported with its place, expectation and answer", () => {
  const { status, stdout } = conformance("tests/fixtures/conformance/failing");
  assert.equal(status, 1);
  assert.ok(stdout.startsWith("one.json: one friend is not two\n  step 1, /cases/0/steps/1: "), stdout);
  assert.ok(stdout.includes('\n  expected [{"kind":"helped","have":2}]\n  actual   [{'), stdout);
  assert.ok(stdout.endsWith("\n0 passed, 1 failed\n"), stdout);
});

test("--json gives one line for each case", () => {
  const { status, stdout, stderr } = conformance("tests/fixtures/conformance/failing", "--json");
  const { ok, step } = JSON.parse(stdout) as { ok: boolean; step: number };
  assert.deepEqual([status, ok, step, stderr], [1, false, 1, "0 passed, 1 failed\n"]);
});

test("every kind of expectation can fail", () => {
  const { stdout } = conformance("tests/fixtures/conformance/untrue");
  assert.match(stdout, /\n0 passed, [3-9]\d failed\n$/);
});

test("what the format does not have is refused by name", () => {
  const { stdout } = conformance("tests/fixtures/conformance/malformed", "--json");
  const files = stdout.trim().split("\n");
  assert.ok(files.length >= 10);
  for (const line of files) {
    const { file, ok, what } = JSON.parse(line) as { file: string; ok: boolean; what: string };
    assert.ok(!ok && what.includes(file.replace(".json", "")), line);
  }
});

test("a folder without cases is no success", () => {
  for (const words of [[], ["nowhere"], ["tests/support"], ["tests/conformance", "--what"]]) {
    const { status, stdout, stderr } = conformance(...words);
    assert.deepEqual([status, stdout], [2, ""], words.join(" "));
    assert.match(stderr, /^kfactor: /);
  }
});
