// Records and the forms they are sent in, against data: what earlier versions sent, byte for byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32, utf8 } from "../src/report/bytes.js";
import { encode, formOf, type ReportForm } from "../src/report/encode.js";
import { seal, waitOf } from "../src/report/outbox.js";
import { type Draft, makeRecord } from "../src/report/record.js";
import { base64 } from "../src/report/tools.js";

interface Cases {
  records: {
    campaign: string;
    sequence: number;
    at: number;
    told: Draft;
    record: string;
    sealed: string;
  }[];
  bodies: {
    as: ReportForm;
    from: number;
    sent: number;
    key?: string;
    type: string;
    count: number;
    body: string;
  }[];
}

const { records, bodies } = JSON.parse(readFileSync("tests/fixtures/reports.json", "utf8")) as Cases;

/** As the engine hashes, which `report.test.ts` sees through the package. */
function hash(campaign: string, text: string): number {
  return createHash("sha256").update(`${campaign}\0${text}`).digest().readUIntBE(0, 6);
}

test("records", () => {
  for (const { campaign, sequence, at: now, told, record, sealed } of records) {
    assert.equal(makeRecord(told, { campaign, session: "s5xkq0", sequence, now }, hash), record);
    assert.equal(seal(record), sealed);
  }
});

test("bodies in every form", async () => {
  const texts = records.map(({ record }) => record);
  for (const { as, from, sent, key, type, count, body } of bodies)
    assert.deepEqual(
      encode(await formOf(as), texts.slice(from), sent, key, 2 ** 20),
      { type, body, count },
      as,
    );
});

test("as many records as fit, but at least one, and no more than may go together", async () => {
  const texts = Array.from({ length: 60 }, (_, n) => {
    const origin = { campaign: "tea", session: "s", sequence: n + 1, now: 0 };
    return makeRecord({ kind: "seen", data: { note: "笔".repeat(n) } }, origin, hash);
  });
  for (const as of ["json", "ndjson", "segment", "sensors"] as const) {
    const form = await formOf(as);
    let most = 0;
    for (let room = 0; room < 60_000; room += 777) {
      const { body, count } = encode(form, texts, 0, undefined, room);
      assert.ok(count === 1 || Buffer.byteLength(body) <= room, `${as}: ${room}`);
      assert.ok(count >= most, `${as}: fewer in more room`);
      most = count;
    }
    assert.equal(most, 50);
  }
  assert.equal(encode(await formOf("cloudevents"), texts, 0, undefined, 60_000).count, 1);
});

test("both forms of Retry-After", () => {
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  assert.equal(waitOf("120", undefined), 120_000);
  assert.equal(waitOf("Sun, 06 Nov 1994 08:50:07 GMT", date), 30_000);
  assert.equal(waitOf("Sun, 06 Nov 1994 08:00:00 GMT", date), 0);
  assert.equal(waitOf("Sun, 06 Nov 1994 08:50:07 GMT", undefined), 0);
  for (const wrong of ["", "soon", "-1", "1.5", "Sun, 06 Nob 1994 08:49:37 GMT"])
    assert.equal(waitOf(wrong, date), 0, wrong);
});

test("checksums and base64", () => {
  assert.equal(crc32("123456789"), 0xcbf43926);
  for (const text of ["", "a", "ab", "abc", "笔记🎉", "\u0000\u007f"])
    assert.equal(base64(utf8(text)), Buffer.from(text).toString("base64"));
});
