// Which receiver takes which form of report: the table of docs/backends.md, measured.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import {
  EXAMPLES,
  FORMS,
  PYTHON,
  answering,
  backend,
  folder,
  freePort,
  lines,
  listening,
  needed,
  postgres,
  records,
  redis,
  running,
  send,
} from "./support.mjs";

/**
 * How to start each receiver, the status it answers to each form, and what it has kept. 2xx means that the records are
 * there, and anything else that none of them is: no receiver may take a report and lose it.
 */
const RECEIVERS = {
  express: {
    start: async (t) => {
      const home = folder(t);
      const STORE = await postgres(t);
      const base = await backend(t, "express", STORE, home);
      return {
        address: `${base}/reports`,
        kept: () => query(STORE, "SELECT record FROM report").map(JSON.parse),
      };
    },
    takes: {
      cloudevents: 204,
      "cloudevents-batch": 204,
      json: 204,
      ndjson: 204,
      beacon: 204,
      "beacon-batch": 204,
    },
  },
  fastify: {
    start: async (t) => {
      const home = folder(t);
      const base = await backend(t, "fastify", await redis(t), home);
      return { address: `${base}/reports`, kept: () => lines(join(home, "reports.ndjson")) };
    },
    takes: {
      cloudevents: 204,
      "cloudevents-batch": 204,
      json: 204,
      ndjson: 204,
      beacon: 204,
      "beacon-batch": 204,
    },
  },
  "cloudevents of npm": {
    start: (t) => program(t, process.execPath, ["cloudevents.mjs"]),
    takes: {
      cloudevents: 204,
      "cloudevents-batch": 204,
      json: 400,
      ndjson: 400,
      beacon: 400,
      "beacon-batch": 400,
    },
  },
  "cloudevents of PyPI": {
    start: (t) => program(t, PYTHON, ["receive.py"]),
    takes: {
      cloudevents: 204,
      "cloudevents-batch": 400,
      json: 400,
      ndjson: 400,
      beacon: 204,
      "beacon-batch": 400,
    },
  },
  "functions-framework": {
    start: async (t) => {
      const port = await freePort();
      const cli = "node_modules/@google-cloud/functions-framework/build/src/main.js";
      const words = [
        cli,
        "--source=functions.mjs",
        "--target=report",
        "--signature-type=cloudevent",
        `--port=${port}`,
      ];
      const started = await program(
        t,
        process.execPath,
        words,
        (printed) => /URL: (http\S+)/.exec(printed)?.[1],
      );
      await answering(port);
      return { ...started, address: `http://127.0.0.1:${port}/` };
    },
    takes: {
      cloudevents: 204,
      "cloudevents-batch": 500,
      json: 500,
      ndjson: 500,
      beacon: 500,
      "beacon-batch": 500,
    },
  },
};

for (const [name, { start, takes }] of Object.entries(RECEIVERS)) {
  test(name, async (t) => {
    const { address, kept } = await start(t);
    for (const form of Object.keys(FORMS)) {
      await t.test(`${form}: ${takes[form]}`, () => {
        const sent = records(7, `by-${form}`);
        return compare(address, form, sent, takes[form], kept);
      });
    }
  });
}

async function compare(address, form, sent, status, kept) {
  assert.deepEqual([...new Set(await send(address, form, sent))], [status]);
  const found = kept().filter(({ source }) => source === sent[0].source);
  assert.deepEqual(found.map(timed).sort(byId), status < 300 ? sent.map(timed) : []);
}

/** With times as numbers: receivers write the same moment in their own way. */
function timed({ time, recordedtime, ...rest }) {
  return { ...rest, time: Date.parse(time), recordedtime: Date.parse(recordedtime) };
}

const byId = (a, b) => (a.id < b.id ? -1 : 1);

for (const [framework, start] of [
  ["express", postgres],
  ["fastify", redis],
]) {
  test(`${framework}: what is not a report changes nothing and says so`, async (t) => {
    const address = `${await backend(t, framework, await start(t), folder(t))}/reports`;
    const post = async (body, type = "application/json") =>
      (await fetch(address, { method: "POST", headers: { "Content-Type": type }, body })).status;
    for (const body of [
      "",
      "{",
      "[1]",
      "{}",
      '{"id":"","source":"s"}',
      "null",
      "{}\n{}",
      '[{"id":1,"source":"s"}]',
    ])
      assert.equal(await post(body), 400, body);
    assert.equal(await post("x".repeat(70_000), "text/plain;charset=UTF-8"), 413);

    const asks = {
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type",
    };
    for (const path of ["reports", "store/ten-friends/commands"]) {
      const headers = { Origin: "https://shop.example", ...asks };
      const preflight = await fetch(new URL(`/${path}`, address), { method: "OPTIONS", headers });
      assert.equal(preflight.status, 204, path);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.match(preflight.headers.get("access-control-allow-headers"), /content-type/);
    }
  });
}

test("the SDK of npm takes one writing of a charset, which is why reports have none", async (t) => {
  const { address } = await RECEIVERS["cloudevents of npm"].start(t);
  const status = async (charset) => {
    const headers = { "Content-Type": FORMS.cloudevents.type + charset };
    const body = JSON.stringify(records(1)[0]);
    return (await fetch(address, { method: "POST", headers, body })).status;
  };
  const statuses = ["", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8"].map(status);
  assert.deepEqual(await Promise.all(statuses), [204, 204, 400, 400]);
});

test("PostgreSQL counts a report once, however often and in whatever form it arrives", async (t) => {
  const STORE = await postgres(t);
  const address = `${await backend(t, "express", STORE, folder(t))}/reports`;
  const sent = records(120);
  const times = Object.keys(FORMS).map((form) => send(address, form, sent));
  await Promise.all(times);
  assert.deepEqual(query(STORE, "SELECT count(*) FROM report"), ["120"]);
});

/** Starts a program of the examples that keeps reports in a file. */
async function program(t, name, words, ready = listening) {
  const REPORTS = join(folder(t), "reports.ndjson");
  const env = { ...process.env, REPORTS, PORT: "0" };
  const address = await running(t, name, words, { ready, env, cwd: EXAMPLES });
  return { address, kept: () => lines(REPORTS) };
}

function query(address, statement) {
  const words = [address, "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement];
  const printed = execFileSync(join(needed("POSTGRES_BIN"), "psql"), words, { encoding: "utf8" });
  return printed.split("\n").filter((line) => line !== "");
}
