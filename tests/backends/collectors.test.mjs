// Collectors without a program of one's own, and DuckDB over what they and kfactor-server wrote.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { insight } from "kfactor";
import {
  EXAMPLES,
  FORMS,
  PYTHON,
  folder,
  listening,
  needed,
  nginx,
  records,
  running,
  send,
} from "./support.mjs";

/** What `records(20)` of a campaign come to: half of them are people who came, each of whom shared. */
const FUNNEL = { came: [10, 10], shared: [10, 10] };

test("nginx logs reports of every form, and DuckDB counts each once", async (t) => {
  const { address, log } = await nginx(t);
  for (const form of Object.keys(FORMS)) {
    const sent = records(20, `by-${form}`);
    for (let times = 0; times < 2; times++) {
      const statuses = await patiently(() => send(address, form, sent.slice(0, 10)));
      assert.deepEqual([...new Set(statuses)], [204], form);
    }
    assert.deepEqual([...new Set(await patiently(() => send(address, form, sent.slice(10))))], [204]);
  }
  const found = funnel("nginx", log);
  for (const form of Object.keys(FORMS)) assert.deepEqual(found[`by-${form}`], FUNNEL, form);
});

test("nginx logs a body of the largest size that pages send", async (t) => {
  const { address, log } = await nginx(t);
  const sent = records(50).map((record) => ({ ...record, data: { note: "说".repeat(280) } }));
  const bytes = Buffer.byteLength(FORMS.ndjson.body(sent));
  assert.ok(bytes > 59_000 && bytes <= 61_440, `${bytes} bytes`);
  assert.deepEqual(await send(address, "ndjson", sent), [204]);
  const { came, shared } = funnel("nginx", log)["ten-friends"];
  assert.deepEqual(
    [came, shared],
    [
      [25, 25],
      [25, 25],
    ],
  );
});

test("nginx answers other origins, refuses what is too large, and says when it is too much", async (t) => {
  const { address, log } = await nginx(t);
  const asks = { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type" };
  const preflight = await fetch(address, {
    method: "OPTIONS",
    headers: { Origin: "https://shop.example", ...asks },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "content-type");

  const large = await fetch(address, { method: "POST", body: "x".repeat(70_000) });
  assert.deepEqual([large.status, large.headers.get("access-control-allow-origin")], [413, "*"]);

  const sent = records(200);
  const answers = await Promise.all(
    sent.map((record) =>
      fetch(address, {
        method: "POST",
        headers: { "Content-Type": FORMS.cloudevents.type },
        body: JSON.stringify(record),
      }),
    ),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0);
  assert.ok(refused.every(({ headers }) => headers.get("retry-after") === "2"));
  assert.equal(answers.filter(({ status }) => status === 204).length, 200 - refused.length);
  // What was refused is not counted, and what was taken is.
  const { came, shared } = funnel("nginx", log)["ten-friends"];
  assert.equal(came[1] + shared[1], 200 - refused.length);
});

test("DuckDB counts records of a file of lines once each", (t) => {
  const sent = records(20);
  const path = join(folder(t), "reports.ndjson");
  writeFileSync(path, [...sent, ...sent.slice(5)].map((record) => JSON.stringify(record) + "\n").join(""));
  assert.deepEqual(funnel("records", path), { "ten-friends": FUNNEL });
});

test("facts of kfactor-server: DuckDB counts what insight counts", async (t) => {
  const home = folder(t);
  mkdirSync(join(home, "data"));
  const options = ["--demo", "--listen", "127.0.0.1:0", "--data", join(home, "data")];
  options.push("--campaigns", "examples/campaigns/mask-for-two.json");
  const env = { ...process.env, KFACTOR_SECRET_KEY: "sk_of_this_very_test" };
  const base = await running(t, needed("KFACTOR_SERVER"), options, { ready: listening, env });
  const path = `${base}/v1/campaigns/mask-for-two`;
  const headers = { Authorization: "Bearer sk_of_this_very_test", "Content-Type": "application/json" };
  const commands = [];
  for (let n = 0; n < 12; n++) {
    const loop = `L${n}`;
    commands.push({ id: `v${n}`, do: "visit", by: `p${n}`, touchpoint: "moments" });
    commands.push({ id: `o${n}`, do: "open", by: `p${n}`, play: "mask", loop });
    commands.push({ id: `s${n}`, do: "share", by: `p${n}`, loop });
    if (n % 3 !== 0) continue;
    commands.push({ id: `w${n}`, do: "visit", by: `q${n}`, touchpoint: "store-window" });
    commands.push({ id: `j${n}`, do: "join", by: `q${n}`, loop });
  }
  const decided = await fetch(`${path}/commands`, {
    method: "POST",
    headers,
    body: JSON.stringify(commands),
  });
  assert.ok((await decided.json()).every(({ ok }) => ok));

  const { facts } = await (await fetch(`${path}/facts`, { headers })).json();
  const file = join(home, "facts.ndjson");
  writeFileSync(
    file,
    facts.map((fact) => JSON.stringify({ campaign: "mask-for-two", ...fact }) + "\n").join(""),
  );
  const counted = funnel("facts", file)["mask-for-two"];
  const { funnel: stages } = await insight(JSON.stringify(facts));
  const people = Object.fromEntries(stages.map(({ stage, people }) => [stage, people]));
  assert.deepEqual([counted.came[0], counted["took part"][0], counted.shared[0]], [16, 16, 12]);
  assert.deepEqual([people.arrived, people.tookPart, people.shared], [16, 16, 12]);
});

/** Sends again what a collector says is too much for now. */
async function patiently(send) {
  for (;;) {
    const statuses = await send();
    if (!statuses.includes(429)) return statuses;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What funnel.py prints: people and events of each step, by campaign. */
function funnel(source, path) {
  const printed = execFileSync(PYTHON, [join(EXAMPLES, "funnel.py"), source, path], { encoding: "utf8" });
  const found = {};
  for (const line of printed.split("\n").filter((line) => line !== "")) {
    const { campaign, step, people, events } = JSON.parse(line);
    (found[campaign] ??= {})[step] = [people, events];
  }
  return found;
}
