// Stores that know no rules, on Redis and PostgreSQL behind Express and Fastify: pages replay them and agree.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Engine, anyStore, createLoop } from "kfactor";
import {
  EXAMPLES,
  folder,
  listening,
  mortalPostgres,
  mortalRedis,
  postgres,
  redis,
  running,
} from "./support.mjs";

const CAMPAIGN = JSON.stringify({
  id: "six-together",
  title: "Six buy together",
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2020-01-01T00:00", until: "2099-01-01T00:00" },
  plays: {
    six: {
      mechanic: "group-buy",
      title: "Six",
      size: 6,
      price: "49.90",
      alone: "69.90",
      within: "24h",
      payWithin: "30m",
    },
  },
});
const KEY = "sk_of_the_test";

const BACKENDS = [
  { framework: "express", name: "PostgreSQL", start: postgres },
  { framework: "fastify", name: "Redis", start: redis },
];

for (const { framework, name, start } of BACKENDS) {
  test(`${name} behind ${framework}`, async (t) => {
    const home = folder(t);
    const env = { ...process.env, STORE: await start(t), KEY, CAMPAIGNS: "six-together", PORT: "0" };
    const base = await running(t, process.execPath, [join(EXAMPLES, "main.mjs"), framework], {
      ready: listening,
      env,
      cwd: home,
    });
    const address = `${base}/store/six-together/commands`;
    const append = (command, headers = {}) =>
      fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(command),
      });
    const list = async (query = "after=0") => (await fetch(`${address}?${query}`)).json();
    const page = (id) =>
      opened(t, id, anyStore(`${base}/store`, { pollEvery: 60_000, page: "https://shop.example/m" }));

    await t.test("an id is taken once, and only its own repetition is answered again", async () => {
      const visit = { id: "v1", do: "visit", by: "ann", clock: 5 };
      const first = await (await append(visit)).json();
      assert.equal(first.seq, 1);
      assert.deepEqual(await (await append({ ...visit, clock: 6, at: 1 })).json(), first);
      const other = await append({ ...visit, by: "eve" });
      assert.deepEqual([other.status, await other.json()], [409, { code: "COMMAND_ID_REUSED" }]);
      assert.equal((await append({ id: "x" })).status, 400);
      assert.equal((await append([])).status, 400);
      assert.equal((await append({ id: "x", do: "help", loop: { a: 1 } })).status, 400);
      for (const after of ["-5", "x", "1e30", "0.5", ""])
        assert.equal((await list(`after=${after}`)).commands.length, 1, after);
      assert.equal((await list()).commands.length, 1);
    });

    await t.test("campaigns that the site does not have are not kept", async () => {
      const other = `${base}/store/another/commands`;
      const [body, headers] = [
        JSON.stringify({ id: "v1", do: "visit" }),
        { "Content-Type": "application/json" },
      ];
      assert.equal((await fetch(other)).status, 404);
      assert.equal((await fetch(other, { method: "POST", headers, body })).status, 404);
    });

    await t.test("only the backend says that money moved", async () => {
      const pay = { id: "p1", do: "pay", by: "ann", loop: "L", order: "o1", amount: 4990 };
      assert.equal((await append(pay)).status, 401);
      assert.equal((await append(pay, { Authorization: "Bearer sk_forged_of_it" })).status, 401);
      assert.equal((await append(pay, { Authorization: `Bearer ${KEY}` })).status, 200);
    });

    let loop;
    await t.test("200 pages join at once, and five are admitted", async () => {
      const ann = await page("ann");
      const answer = await ann.open("six");
      assert.ok(answer.ok, JSON.stringify(answer));
      loop = answer.facts.find(({ kind }) => kind === "opened").loop;
      const pages = await Promise.all(Array.from({ length: 200 }, (_, n) => page(`friend${n}`)));
      const answers = await Promise.all(pages.map((each) => each.join({ loop })));
      const refused = answers.filter(({ ok }) => !ok).map(({ code }) => code);
      assert.equal(answers.length - refused.length, 5);
      assert.deepEqual([...new Set(refused)], ["GROUP_FULL"]);
    });

    await t.test("whoever replays the list has the same state, and the audit is clean", async () => {
      const { commands, next } = await list();
      assert.deepEqual(
        commands.map(({ seq }) => seq),
        commands.map((_, at) => at + 1),
      );
      assert.equal(next, commands.length);
      assert.ok(commands.every(({ at }, n) => n === 0 || at >= commands[n - 1].at));
      const digest = await replayed(commands);
      // In parts, as a page does that was there from the beginning.
      const parts = [];
      for (let after = 0; after < next; after = parts.at(-1).seq)
        parts.push(...(await list(`after=${after}`)).commands.slice(0, 7));
      assert.equal(await replayed(parts), digest);

      const [document, log] = [join(home, "campaign.json"), join(home, "log.ndjson")];
      writeFileSync(document, CAMPAIGN);
      writeFileSync(log, commands.map((command) => JSON.stringify(command) + "\n").join(""));
      const audited = JSON.parse(kfactor("audit", document, log, "--json"));
      assert.deepEqual([audited.count, audited.commands, audited.digest], [0, commands.length, digest]);
    });

    await t.test("a loop's commands can be listed by themselves", async () => {
      const { commands } = await list(`after=0&loop=${loop}`);
      assert.equal(commands.length, 201);
      assert.equal(commands.filter((command) => command.do === "open").length, 1);
    });

    await t.test("appends from everywhere leave no gap for a reader who looks all the time", async () => {
      const seen = [];
      const appending = Promise.all(
        Array.from({ length: 300 }, (_, n) => append({ id: `many${n}`, do: "visit", by: `someone${n}` })),
      );
      let isOver = false;
      appending.finally(() => (isOver = true));
      for (let after = 0, rest = 2; rest > 0; rest -= isOver) {
        const { commands, next } = await list(`after=${after}`);
        seen.push(...commands.map(({ seq }) => seq));
        after = next;
      }
      assert.ok((await appending).every(({ status }) => status === 200));
      assert.deepEqual(
        seen,
        seen.map((_, at) => at + 1),
      );
      assert.equal(new Set((await list()).commands.map(({ id }) => id)).size, seen.length);
    });
  });
}

for (const [name, module, start] of [
  ["PostgreSQL", "postgres", mortalPostgres],
  ["Redis", "redis", mortalRedis],
]) {
  test(`${name}: a command that was acknowledged is still there when it was killed`, async (t) => {
    const { address, crash } = await start(t);
    const open = (await import(join(EXAMPLES, `${module}.mjs`)))[module];
    const acknowledged = new Map();
    for (let round = 0; round < 3; round++) {
      const store = await open(address);
      let isOver = false;
      const writing = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; !isOver; n++) {
          const command = { id: `r${round}w${writer}n${n}`, do: "visit", by: `p${n}` };
          const place = await store.append("c", command).catch(() => undefined);
          if (place === undefined) return;
          acknowledged.set(command.id, place);
        }
      });
      while (acknowledged.size < 200 * (round + 1)) await new Promise((resolve) => setTimeout(resolve, 5));
      const crashed = crash();
      isOver = true;
      await crashed;
      await Promise.all(writing);
      await store.close().catch(() => {});

      const after = await open(address);
      const commands = [];
      for (let last = 0, page; (page = await after.list("c", last)).commands.length > 0; last = page.next)
        commands.push(...page.commands);
      assert.deepEqual(
        commands.map(({ seq }) => seq),
        commands.map((_, at) => at + 1),
      );
      const found = new Map(commands.map(({ id, seq, at }) => [id, { ok: true, seq, at }]));
      for (const [id, place] of acknowledged) assert.deepEqual(found.get(id), place);
      await after.close();
    }
  });
}

/** A page that has connected. */
async function opened(t, id, backend) {
  const loop = createLoop({
    campaign: CAMPAIGN,
    participant: { id },
    backend,
    address: "https://shop.example/m",
  });
  t.after(() => loop.close());
  await new Promise((resolve, reject) => {
    const look = () => {
      const { status, notice } = loop.getSnapshot();
      if (status === "failed") reject(new Error(notice));
      if (status === "ready") resolve();
    };
    loop.subscribe(look);
    look();
  });
  return loop;
}

async function replayed(commands) {
  const engine = await Engine.load(CAMPAIGN);
  for (const command of commands) engine.submit(command);
  const digest = engine.digest();
  engine.free();
  return digest;
}

function kfactor(...words) {
  const program = new URL("../../node_modules/kfactor/bin/kfactor.js", import.meta.url).pathname;
  return execFileSync(process.execPath, [program, ...words], { encoding: "utf8" });
}
