import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  createLoop,
  createReporter,
  type Fact,
  KfactorError,
  local,
  type Reporter,
  type ReporterOptions,
  type ReportRecord,
} from "kfactor";
import { fileStore } from "kfactor/files";
import { campaign, NOON } from "./fixtures.js";

interface Asked {
  type: string;
  body: string;
}

/** A backend that answers as it is told, and 204 after that. */
async function sink(t: TestContext, answers: (number | [number, Record<string, string>])[] = []) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      asked.push({ type: request.headers["content-type"] ?? "", body: Buffer.concat(parts).toString() });
      const [status, headers] = [answers.shift() ?? 204].flat() as [number, Record<string, string>?];
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { asked, to: `http://127.0.0.1:${port}/events` };
}

function reporter(t: TestContext, options: Omit<ReporterOptions, "campaign">): Reporter {
  const made = createReporter({ campaign: "ten-friends", ...options });
  t.after(() => made.close());
  return made;
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !is();) {
    if (Date.now() > end) assert.fail(`${what} does not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const records = (asked: readonly Asked[]): ReportRecord[] =>
  asked.flatMap(({ body }) => JSON.parse(body) as ReportRecord);

const HELPED = {
  id: "c1/0",
  at: NOON,
  kind: "helped",
  loop: "L1",
  by: "bo",
  have: 1,
  need: 10,
} as unknown as Fact;

test("a fact arrives as a CloudEvent under its own id, an event of the page under one of the session", async (t) => {
  const { asked, to } = await sink(t);
  const reports = reporter(t, { to, subject: "ann" });
  reports.fact(HELPED);
  reports.track("video-watched", { seconds: 30, phone: "13812345678", note: { open_id: "x", text: "hi" } });
  await until("the second record", () => reports.counts().acked === 2);
  assert.deepEqual(
    asked.map(({ type }) => type),
    ["application/cloudevents+json", "application/cloudevents+json"],
  );
  const [fact, event] = records(asked);
  assert.ok(fact && event);
  const { session, recordedtime, sentat, ...rest } = fact;
  assert.match(session, /^[0-9a-z]{6,14}$/);
  assert.ok(Date.parse(recordedtime ?? "") > 0 && Date.parse(sentat) >= Date.parse(recordedtime ?? ""));
  assert.deepEqual(rest, {
    specversion: "1.0",
    id: "c1/0",
    source: "urn:kfactor:ten-friends",
    type: "io.kfactor.helped.v1",
    time: new Date(NOON).toISOString(),
    subject: "ann",
    datacontenttype: "application/json",
    partitionkey: "ten-friends",
    sequence: "000000000001",
    data: { loop: "L1", by: "bo", have: 1, need: 10 },
  });
  assert.equal(event.type, "io.kfactor.video-watched.v1");
  assert.equal(event.sequence, "000000000002");
  // What identifies a person stays here.
  assert.deepEqual(event.data, { seconds: 30, note: { text: "hi" } });
});

test("what looks like a phone number, an openid or a mail address becomes a pseudonym", async (t) => {
  const { asked, to } = await sink(t);
  const reports = reporter(t, { to, as: "json", subject: "13812345678" });
  reports.track("seen", {
    by: "13812345678",
    who: "oABCDEFGHIJKLMNOPQRSTUVWXYZ1",
    at: "ann@example.com",
    order: "138",
  });
  await until("the record", () => reports.counts().acked === 1);
  const [record] = records(asked);
  assert.match(record?.subject ?? "", /^p_[0-9a-f]{12}$/);
  assert.equal(record?.data["by"], record?.subject);
  assert.match(String(record?.data["who"]), /^p_/);
  assert.match(String(record?.data["at"]), /^p_/);
  assert.equal(record?.data["order"], "138");
});

test("what fails is sent again; one bad record is found among many and dropped, with the reason", async (t) => {
  const { asked, to } = await sink(t, [503, [429, { "Retry-After": "0" }], 400, 400, 204, 400]);
  const heard: string[] = [];
  const reports = reporter(t, { to, as: "json", onError: ({ code }) => heard.push(code) });
  for (let n = 0; n < 3; n++) reports.track("seen", { n });
  // [0,1,2] fails three times, is halved, [0] is refused, [1,2] is taken … with the count of what was dropped behind it.
  await until("the rest", () => reports.counts().queued === 0 && asked.length >= 6);
  const { tracked, acked, dropped } = reports.counts();
  assert.equal(tracked, acked + Object.values(dropped).reduce((sum, number) => sum + number, 0));
  assert.ok((dropped["refused"] ?? 0) >= 1 && heard.every((code) => code === "REPORT_DROPPED"));
  const told = records(asked).filter(({ type }) => type === "io.kfactor.reports-lost.v1");
  assert.ok(told.length > 0 && Number(told[0]?.data["refused"]) >= 1);
});

test("a backend that refuses everything is parked, and nothing is lost", async (t) => {
  const { to } = await sink(
    t,
    Array.from({ length: 50 }, () => 404),
  );
  const heard: KfactorError[] = [];
  const reports = reporter(t, { to, onError: (error) => heard.push(error) });
  for (let n = 0; n < 5; n++) reports.track("seen", { n });
  await until("the refusal", () => heard.length > 0);
  assert.equal(heard[0]?.code, "REPORT_REFUSED");
  assert.match(heard[0]?.messageZh ?? "", /404/);
  assert.deepEqual(
    [reports.counts().queued, reports.counts().parked, reports.counts().dropped],
    [5, 404, {}],
  );
});

test("consent: nothing goes before it, and nothing stays after it is denied", async (t) => {
  const { asked, to } = await sink(t);
  const reports = reporter(t, { to, as: "json", consent: "unknown" });
  for (let n = 0; n < 60; n++) reports.track("seen", { n });
  await until("the queue", () => reports.counts().queued === 50);
  assert.equal(asked.length, 0);
  reports.consent("granted");
  await until("what waited", () => reports.counts().queued === 0);
  assert.ok(records(asked).length >= 50);
  reports.consent("denied");
  reports.track("seen");
  await until("the drop", () => reports.counts().dropped["no-consent"] === 1);
  assert.equal(
    records(asked).filter(({ data }) => data["n"] === undefined && data["overflow"] === undefined).length,
    0,
  );
});

test("a program that ends leaves what it could not send to the next one, in files", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kfactor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const first = reporter(t, { to: "http://127.0.0.1:9/", as: "ndjson", store: fileStore(folder) });
  for (let n = 0; n < 4; n++) first.track("seen", { n });
  await until("the queue", () => first.counts().queued === 4);
  first.close();
  const { asked, to } = await sink(t);
  const second = reporter(t, { to, as: "ndjson", store: fileStore(folder) });
  await until("what was left", () => second.counts().acked === 4);
  // What was told before the engine was there is told again.
  const { recovered, tracked } = second.counts();
  assert.equal(recovered + tracked, 4);
  const lines = asked
    .flatMap(({ body }) => body.trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as ReportRecord);
  assert.deepEqual(
    lines.map(({ data }) => data["n"]),
    [0, 1, 2, 3],
  );
  assert.equal(asked[0]?.type, "application/x-ndjson");
});

test("forms of others: Segment, 神策, GA4, and one of the site's own", async (t) => {
  const { asked, to } = await sink(t);
  const about = { to, subject: "ann" };
  for (const more of [
    { as: "segment", key: "write-key" },
    { as: "sensors" },
    { as: "ga4", to: `${to}?measurement_id=G-1&api_secret=secret` },
    {
      as: "custom",
      encode: (all: ReportRecord[]) => ({
        type: "text/csv",
        body: all.map(({ id, type }) => `${id},${type}`).join("\n"),
      }),
    },
  ] as const) {
    const before = asked.length;
    const reports = reporter(t, { ...about, ...more });
    reports.fact(HELPED);
    reports.track("page-shown", { list: ["a", "b"], deep: { x: 1 } });
    await until(more.as, () => reports.counts().acked === 2 && asked.length > before);
  }
  const [segment, sensors, ga4, own] = asked;
  const { batch, sentAt, writeKey } = JSON.parse(segment?.body ?? "") as Record<string, never[]>;
  assert.equal(segment?.type, "application/json");
  assert.equal(writeKey as unknown, "write-key");
  assert.match(String(sentAt), /Z$/);
  const [first] = batch as unknown as Record<string, unknown>[];
  assert.equal(first?.["type"], "track");
  assert.equal(first?.["messageId"], "ten-friends:c1/0");
  assert.equal(first?.["anonymousId"], "ann");
  assert.equal(first?.["event"], "helped");
  assert.deepEqual(first?.["properties"], {
    campaign: "ten-friends",
    loop: "L1",
    by: "bo",
    have: 1,
    need: 10,
  });

  assert.equal(sensors?.type, "text/plain");
  const list = decodeURIComponent(/^data_list=([^&]+)$/.exec(sensors?.body ?? "")?.[1] ?? "");
  const events = JSON.parse(Buffer.from(list, "base64").toString()) as Record<string, unknown>[];
  assert.deepEqual(
    events.map(({ event, type, distinct_id, time_free }) => [event, type, distinct_id, time_free]),
    [
      ["kf_helped", "track", "ann", true],
      ["kf_page_shown", "track", "ann", true],
    ],
  );
  assert.equal(events[0]?.["time"], NOON);
  assert.deepEqual((events[1]?.["properties"] as Record<string, unknown>)["deep"], '{"x":1}');

  const measured = JSON.parse(ga4?.body ?? "") as {
    client_id: string;
    events: { name: string; timestamp_micros: number }[];
  };
  assert.equal(measured.client_id, "ann");
  assert.deepEqual(
    [measured.events[0]?.name, measured.events[0]?.timestamp_micros],
    ["kf_helped", NOON * 1000],
  );

  assert.equal(own?.type, "text/csv");
  assert.match(own?.body ?? "", /^c1\/0,io\.kfactor\.helped\.v1\n/);
});

test("a loop tells the page's functions and its sinks what happens", async (t) => {
  const { asked, to } = await sink(t);
  const facts: string[] = [];
  let progress = 0;
  const loop = createLoop({
    campaign: campaign("ten-friends"),
    participant: { id: "ann" },
    backend: local({ now: () => NOON, page: "https://example.com/m" }),
    address: "https://example.com/",
    report: { to, as: "json" },
    onFact: ({ kind }) => facts.push(kind),
    onProgress: () => progress++,
  });
  t.after(() => loop.close());
  await loop.visit();
  await loop.open("ten-friends");
  await loop.share();
  await until("the reports", () => records(asked).some(({ type }) => type.includes("link-shared")));
  const kinds = records(asked).map(({ type }) => type.slice("io.kfactor.".length, -".v1".length));
  for (const kind of ["page-shown", "refused", "link-shared", ...facts])
    assert.ok(kinds.includes(kind), kind);
  assert.ok(facts.length > 0 && progress > 0);
  const refused = records(asked).find(({ type }) => type.includes("refused"));
  assert.deepEqual(refused?.data, { do: "open", code: "EVENT_REQUIRED", loop: refused?.data["loop"] });
});

test("a backend that refuses every record is not asked without end", async (t) => {
  const { asked, to } = await sink(
    t,
    Array.from({ length: 500 }, () => 400),
  );
  const heard: string[] = [];
  const reports = reporter(t, { to, onError: ({ code, messageZh }) => heard.push(`${code} ${messageZh}`) });
  reports.track("seen");
  await reports.flush();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  // The record, and the one that tells of its drop.
  assert.equal(asked.length, 2);
  assert.equal(reports.counts().dropped["refused"], 2);
  assert.equal(heard.length, 2);
  assert.match(heard[0] ?? "", /REPORT_DROPPED .*被丢弃：refused/);
});

test("what the page's own functions do wrong changes nothing", async (t) => {
  const { asked, to } = await sink(t);
  const heard: string[] = [];
  const fails = (): never => {
    throw new Error("mine");
  };
  const loop = createLoop({
    campaign: campaign("ten-friends"),
    participant: { id: "ann" },
    backend: local({ now: () => NOON, page: "https://example.com/m" }),
    address: "https://example.com/",
    report: { to, as: "custom", encode: fails },
    onFact: fails,
    onProgress: fails,
    onError: ({ code }) => {
      heard.push(code);
      if (code !== "CALLBACK_FAILED") fails();
    },
  });
  assert.ok((await loop.visit()).ok);
  assert.ok(!(await loop.open("ten-friends")).ok);
  await until("the errors", () => heard.includes("CALLBACK_FAILED") && heard.includes("REPORT_SINK"));
  assert.equal(loop.getSnapshot().connection, "online");
  assert.equal(asked.length, 0);
  loop.close();
  await assert.rejects(loop.open("ten-friends"), { code: "LOOP_CLOSED" });
});

test("what cannot be reported is said, not thrown; facts are about whom they name", async (t) => {
  const { asked, to } = await sink(t);
  const heard: string[] = [];
  const reports = reporter(t, { to, as: "json", onError: ({ code }) => heard.push(code) });
  reports.track("seen", { n: 1n });
  reports.track("Video Watched!");
  reports.track("");
  reports.fact(HELPED);
  assert.deepEqual(heard, ["REPORT_RECORD", "REPORT_RECORD", "REPORT_RECORD"]);
  assert.equal((await reports.flush()).acked, 1);
  assert.equal(records(asked)[0]?.subject, "bo");
});

test("a loop needs a document, a visitor and a backend", async () => {
  const options = { campaign: campaign("ten-friends"), participant: { id: "ann" }, backend: local() };
  for (const missing of ["campaign", "participant", "backend"]) {
    assert.throws(() => createLoop({ ...options, [missing]: undefined } as never), { code: "LOOP_OPTIONS" });
  }
  const loop = createLoop({ ...options, campaign: "ten-friends", address: "https://example.com/" });
  await until("the failure", () => loop.getSnapshot().status === "failed");
  assert.match(loop.getSnapshot().notice ?? "", /document itself/);
  loop.close();
});

test("what does not fit together is said at once", () => {
  for (const [options, code] of [
    [{ to: "nowhere" }, "REPORT_SINK"],
    [{ to: "/events" }, "REPORT_SINK"],
    [{ to: "https://example.com/", as: "xml" }, "REPORT_SINK"],
    [{ to: "https://example.com/", as: "segment" }, "REPORT_SINK"],
    [{ to: "https://example.com/", as: "ga4" }, "REPORT_SINK"],
    [{ to: "https://example.com/", consent: "maybe" }, "REPORT_SINK"],
    [{ to: "https://example.com/", headers: "x" }, "REPORT_SINK"],
    [{ to: "https://example.com/", store: "folder" }, "REPORT_SINK"],
    [{ to: "" }, "REPORT_SINK"],
    [{ to: "https://example.com/", as: "custom" }, "REPORT_SINK"],
    [{ to: "https://example.com/", encode: () => ({ type: "", body: "" }) }, "REPORT_SINK"],
  ] as unknown as [ReporterOptions, string][]) {
    assert.throws(() => createReporter({ ...options, campaign: "x" }), { code });
  }
});
