import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, peek, posterSvg, qr, qrAll, referralCode, validate, type Campaign } from "kfactor";
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
  assert.match(await qr("https://example.com/", { dark: "#123", quiet: 2 }), /^<svg .*stroke="#123"/s);
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

test("a Micro QR symbol is drawn where it is asked for and fits", async () => {
  const { width, isDark } = await qr("A-2049", { micro: true, format: "matrix" });
  assert.equal(width, 13);
  // One finder, and the timing pattern along the upper edge.
  assert.deepEqual([isDark(0, 0), isDark(1, 1), isDark(8, 0), isDark(9, 0)], [true, false, true, false]);
  assert.match(await qr("A-2049", { micro: true }), /^<svg [^>]*viewBox="0 0 17 17"/);
  assert.match(await qr("A-2049", { micro: true, dark: "#123" }), /^<svg [^>]*viewBox="0 0 17 17"/);
  assert.equal((await qr("A-2049", { micro: true, level: "Q", format: "matrix" })).width, 17);
  await assert.rejects(qr("https://example.com/", { micro: true }), { code: "QR_NOT_MICRO" });
  await assert.rejects(qr("A", { micro: true, level: "H" }), { code: "QR_NOT_MICRO" });
  await assert.rejects(qr("", { micro: true, format: "matrix" }), { code: "QR_EMPTY" });
});

test("many symbols at once are the same as one by one", async () => {
  const texts = ["https://example.com/a", "", "0123456789", "x".repeat(5_000), "一起买"];
  const all = await qrAll(texts, "Q");
  assert.deepEqual(
    all.map((symbol) => symbol === null),
    [false, true, false, true, false],
  );
  for (const [at, symbol] of all.entries()) {
    if (symbol === null) continue;
    const { width, rows } = await qr(texts[at] ?? "", { format: "matrix", level: "Q" });
    assert.deepEqual([symbol.width, symbol.rows], [width, rows]);
  }
  assert.deepEqual(await qrAll([]), []);
  const png = await qr("https://example.com/", { format: "png" });
  assert.deepEqual(
    Array.from(png.subarray(1, 4)),
    Array.from("PNG", (c) => c.charCodeAt(0)),
  );
});

test("a poster is SVG without a browser, and what cannot be read is refused", async () => {
  const { posters } = JSON.parse(campaign("ten-friends")) as Campaign;
  const template = posters?.invite;
  assert.ok(template);
  const url = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
  const svg = await posterSvg(template, { url, values: { nickname: "<安妮>" }, variant: "cash" });
  assert.match(svg, /^<svg .*width="750" height="1334"/);
  assert.match(svg, /&lt;安妮&gt;/);
  assert.doesNotMatch(svg, /帮我点一下/);
  await assert.rejects(posterSvg(template, { url: "" }), { code: "QR_EMPTY" });
  await assert.rejects(posterSvg('{ "size": [750, 900] }', { url }), { code: "CAMPAIGN_INVALID" });
  const small = { size: [750, 900], layers: [{ draw: "qr", at: [0, 0, 60, 60] }] };
  await assert.rejects(posterSvg(JSON.stringify(small), { url }), { code: "QR_MODULE" });
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
  const { en: limit } = await explain("LIMIT_REACHED", { most: 3, name: "helper/day" });
  assert.equal(limit, "The limit of 3 is reached (each day).");
  for (const unknown of ["TOO_NEW", "constructor"]) {
    assert.deepEqual(await explain(unknown), {
      en: `Not accepted: ${unknown}.`,
      zh: `未被接受：${unknown}。`,
    });
  }
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

test("what is no text, no level and no document is said in words", async () => {
  await assert.rejects(qr(5 as never), { code: "TEXT_EXPECTED" });
  await assert.rejects(peek(undefined as never), { code: "TEXT_EXPECTED" });
  await assert.rejects(referralCode(null as never), { code: "TEXT_EXPECTED" });
  await assert.rejects(qr("x", { level: "X" as never }), { code: "QR_LEVEL" });
  await assert.rejects(validate(undefined as never), { code: "CAMPAIGN_INVALID" });
});
