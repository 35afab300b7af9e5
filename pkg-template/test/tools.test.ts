import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, peek, qr, referralCode, validate } from "kfactor";
import { mint, verify } from "kfactor/backend";
import { campaign } from "./fixtures.js";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);

test("a token that is minted can be peeked at by anyone and verified with its key only", async () => {
  const fields = {
    kid: 2,
    kind: 1,
    campaign: 12_345,
    touchpoint: 678,
    inviter: 0x12_3456_789a,
    day: 400,
    depth: 3,
  };
  const token = await mint(fields, KEY);
  assert.equal(token, "0OA2aaszmI1TKX80cBpKwKVR6Xxhi");
  assert.deepEqual(await peek(token), { version: 1, ...fields });
  assert.deepEqual(await verify(token, { 2: KEY }), { version: 1, ...fields });
  await assert.rejects(verify(token, { 2: new Uint8Array(16) }), { code: "TOKEN_INVALID" });
  await assert.rejects(verify(token, {}), { code: "TOKEN_INVALID" });
  await assert.rejects(mint({ kid: 8 }, KEY), { name: "KfactorError" });
  await assert.rejects(mint(fields, new Uint8Array(3)), { name: "KfactorError" });
  await assert.rejects(peek("short"), { code: "TOKEN_MALFORMED" });
});

test("a QR symbol is drawn as SVG and as modules", async () => {
  assert.match(await qr("https://example.com/", { dark: "#123", quiet: 2 }), /^<svg .*fill="#123"/s);
  const { width, isDark } = await qr("https://example.com/", { format: "matrix" });
  assert.equal((width - 17) % 4, 0);
  // Three corners have a finder pattern: a dark ring around a light one.
  for (const [x, y] of [
    [0, 0],
    [width - 7, 0],
    [0, width - 7],
  ] as const) {
    assert.deepEqual([isDark(x, y), isDark(x + 1, y + 1), isDark(x + 3, y + 3)], [true, false, true]);
  }
  assert.equal(isDark(-1, 0), false);
  await assert.rejects(qr("x".repeat(5000)), { code: "QR_TOO_LONG" });
  await assert.rejects(qr("x".repeat(5000), { format: "matrix" }), { code: "QR_TOO_LONG" });
  await assert.rejects(qr("x", { dark: "red" }), { code: "QR_COLOUR" });
});

test("a referral code is read as people type it", async () => {
  assert.equal(await referralCode(" psbv wtvq"), "PSBV-WTVQ");
  await assert.rejects(referralCode("PSBV-WTVR"), { code: "CODE_CHECK" });
  await assert.rejects(referralCode("?"), { code: "CODE_MALFORMED" });
});

test("sentences carry their values", async () => {
  const { en, zh } = await explain("DEVICE_LIMIT", { most: 3 });
  assert.match(en, /3/);
  assert.match(zh, /3/);
});

test("a sound document has no errors, a text that is no document has one", async () => {
  for (const name of ["ten-friends", "mask-for-two", "bring-a-friend"]) {
    assert.deepEqual(
      (await validate(campaign(name))).filter((problem) => problem.severity === "error"),
      [],
    );
  }
  const [problem] = await validate("{ not json");
  assert.equal(problem?.code, "JSON_SYNTAX");
  assert.deepEqual([problem?.line, problem?.column], [1, 3]);
});
