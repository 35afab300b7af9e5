import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, CampaignError, type Command, Engine, KfactorError, Rejected } from "kfactor";
import { campaign, chance, NOON } from "./fixtures.js";

const TEN = campaign("ten-friends");

/** What the protocol says of an answer, without the sentences. */
function plain(answer: Answer): unknown {
  const {
    message: _,
    messageZh: __,
    ...rest
  } = JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  return rest;
}

/** Of several malformed fields either form may name any. */
function comparable(answer: unknown): unknown {
  const { params, ...rest } = answer as { code?: string; params?: unknown };
  return rest.code === "COMMAND_MALFORMED" ? rest : { ...rest, params };
}

test("ten friends help, and both sides are rewarded once", async () => {
  const engine = await Engine.load(TEN);
  const submit = (command: object): Answer => engine.submit({ at: NOON, ...command } as Command);
  submit({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  assert.ok(submit({ id: "o", do: "open", by: "ann", play: "ten-friends", loop: "L1" }).ok);
  const answers = Array.from({ length: 11 }, (_, i) =>
    submit({ id: `h${i}`, do: "help", by: `f${i}`, loop: "L1" }),
  );
  assert.deepEqual(
    answers.map((answer) => answer.ok),
    [...Array<boolean>(10).fill(true), false],
  );
  const last = answers[9];
  assert.ok(last?.ok);
  assert.deepEqual(
    last.facts.map((fact) => fact.kind),
    ["met", "helped", "granted", "completed", "granted"],
  );
  const cash = last.facts[4];
  assert.ok(cash?.kind === "granted" && cash.to === "ann" && cash.amount === 800 && cash.loop === "L1");
  const again = submit({ id: "h3", do: "help", by: "f3", loop: "L1" });
  assert.ok(again.ok && again.repeated === true);
});

test("a refusal has its sentences in two languages, also as JSON", async () => {
  const engine = await Engine.load(TEN);
  const answer = engine.submit({ id: "h", at: NOON, do: "help", by: "bo", loop: "nowhere" });
  assert.ok(answer instanceof Rejected && !answer.ok);
  assert.equal(answer.code, "LOOP_UNKNOWN");
  assert.equal(answer.message, "This invitation does not exist.");
  assert.match(answer.messageZh, /[一-鿿]/);
  const json = JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  assert.equal(json.message, answer.message);
});

test("the readable call and JSON say the same, over thousands of random commands", async () => {
  for (const name of ["ten-friends", "mask-for-two", "bring-a-friend"]) {
    const [one, other] = [await Engine.load(campaign(name)), await Engine.load(campaign(name))];
    const play = { "ten-friends": "ten-friends", "mask-for-two": "mask", "bring-a-friend": "friends" }[name];
    const pick = chance(name.length);
    const any = <T>(...values: T[]): T => values[pick(values.length)] as T;
    let at = NOON;
    for (let i = 0; i < 4000; i++) {
      at += pick(600_000) - 100;
      const by = any(
        "ann",
        "bo",
        "陈",
        "d\u{1f600}",
        "e".repeat(64),
        "f".repeat(65),
        "g".repeat(400),
        "",
        `p${pick(40)}`,
      );
      const loop = any(undefined, `L${pick(30)}`, `L${pick(30)}`);
      const command = {
        id: any(`c${i}`, `c${i}`, `c${i}`, `c${pick(i + 1)}`, "bad id"),
        at: any(at, at, at, at, at, 1.5),
        do: any(
          "visit",
          "share",
          "open",
          "open",
          "help",
          "help",
          "join",
          "join",
          "leave",
          "pay",
          "event",
          "refund",
          "fulfil",
          "fail",
          "revoke",
          "tick",
        ),
        ...any({ by }, { by }, { by }, {}),
        ...(loop === undefined ? {} : { loop }),
        ...any({}, { play }, { play }, { play: "nothing" }),
        ...any({}, { name: "ticket-bought" }, { name: "first-order" }),
        ...any({}, { order: `o${pick(60)}` }),
        ...any({}, { amount: 4990 }, { amount: 6990 }, { amount: -1 }),
        ...any({}, {}, { grant: `L${pick(30)}.${pick(4)}` }),
        ...any({}, {}, {}, { reason: "out of 库存" }),
        ...any({}, {}, {}, { device: "d1", risk: pick(120) }),
      } as Command;
      const expected = JSON.parse(other.submitBatch(JSON.stringify(command))) as Answer;
      assert.deepEqual(comparable(plain(one.submit(command))), comparable(expected), JSON.stringify(command));
    }
    assert.equal(one.digest(), other.digest());
    one.free();
    other.free();
  }
});

test("a refusal says what would open the way, in the readable call as in JSON", async () => {
  const document = {
    id: "steps",
    title: "Steps",
    timezone: "+08:00",
    currency: "CNY",
    runs: { from: "2026-12-01T12:00", until: "2026-12-20T00:00" },
    rewards: { cash: { kind: "cash", title: "Cash", amount: "1.00", budget: "9.00", hold: "7d" } },
    plays: {
      bought: {
        mechanic: "assist",
        title: "B",
        helpers: 1,
        within: "24h",
        requires: "ticket-bought",
        give: ["cash"],
      },
      daily: {
        mechanic: "assist",
        title: "D",
        helpers: 5,
        within: "24h",
        give: ["cash"],
        limits: [{ per: "helper", every: "day", most: 1 }],
      },
    },
  };
  const [one, other] = [await Engine.load(document as never), await Engine.load(document as never)];
  const refusals: string[] = [];
  const both = (command: object): void => {
    const expected = JSON.parse(other.submitBatch(JSON.stringify(command))) as Answer;
    const answer = one.submit(command as Command);
    assert.deepEqual(plain(answer), expected, JSON.stringify(command));
    if (!answer.ok && answer.missing.length > 0) refusals.push(`${answer.code} ${answer.missing[0]?.need}`);
  };
  both({ id: "early", at: NOON - 1, do: "open", by: "ann", play: "daily" });
  both({ id: "none", at: NOON, do: "open", by: "ann", play: "bought" });
  both({ id: "ticket", at: NOON, do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  both({ id: "B", at: NOON, do: "open", by: "ann", play: "bought" });
  both({ id: "help", at: NOON, do: "help", by: "bo", loop: "B" });
  both({ id: "held", at: NOON, do: "fulfil", grant: "B.1" });
  for (const by of ["ann", "cy"]) both({ id: `D-${by}`, at: NOON, do: "open", by, play: "daily" });
  for (const who of ["ann", "cy"]) both({ id: `d-${who}`, at: NOON, do: "help", by: "bo", loop: `D-${who}` });
  assert.deepEqual(refusals, [
    "CAMPAIGN_NOT_STARTED wait",
    "EVENT_REQUIRED event",
    "GRANT_HELD wait",
    "LIMIT_REACHED wait",
  ]);
});

test("a batch has the form it came in", async () => {
  const engine = await Engine.load(TEN);
  const command = { id: "v", at: NOON, do: "visit", by: "ann" } as const;
  const answers = engine.submitBatch([command]);
  assert.ok(answers[0]?.ok && answers[0].facts[0]?.kind === "met");
  const lines = engine
    .submitBatch(`${JSON.stringify(command)}\n{"id":"x","at":${NOON},"do":"halp"}\n`)
    .trim()
    .split("\n");
  assert.equal(lines.length, 2);
  assert.equal((JSON.parse(lines[0] ?? "") as { repeated: boolean }).repeated, true);
  const bytes = engine.submitBatch(new TextEncoder().encode(JSON.stringify([command])));
  assert.ok(bytes instanceof Uint8Array && new TextDecoder().decode(bytes).startsWith('[{"ok":true'));
});

test("a snapshot, a fork and applied facts continue alike", async () => {
  const engine = await Engine.load(TEN);
  const followed = await Engine.load(TEN);
  for (const by of ["ann", "bo", "cy"]) {
    const answer = engine.submit({ id: `v-${by}`, at: NOON, do: "visit", by });
    if (answer.ok) followed.apply(answer.facts);
  }
  const restored = await Engine.restore(TEN, engine.snapshot());
  const fork = engine.fork();
  const next: Command = { id: "s", at: NOON + 1, do: "share", by: "bo" };
  const expected = plain(engine.submit(next));
  assert.deepEqual(plain(restored.submit(next)), expected);
  assert.deepEqual(plain(fork.submit(next)), expected);
  assert.equal(restored.digest(), engine.digest());
  assert.deepEqual(followed.view("bo", { at: NOON }).participant, "bo");
});

test("every problem of a document is reported at once, with its place", async () => {
  const broken = TEN.replace('"helpers": 10', '"helpers": 0').replace('"currency"', '"curency"');
  const failure: unknown = await Engine.load(broken).catch((reason: unknown) => reason);
  assert.ok(failure instanceof CampaignError && failure instanceof KfactorError && failure instanceof Error);
  assert.equal(failure.code, "CAMPAIGN_INVALID");
  const codes = failure.problems.map((problem) => problem.code).sort();
  assert.deepEqual(
    codes.filter((code) => code !== "PLATFORM-SHARE"),
    ["KEY_UNKNOWN", "NUMBER_RANGE"],
  );
  assert.ok(failure.problems.every((problem) => problem.line > 1 && problem.messageZh !== ""));
  const snapshot: unknown = await Engine.restore(TEN, new Uint8Array([1, 2, 3])).catch(
    (reason: unknown) => reason,
  );
  assert.ok(snapshot instanceof CampaignError);
});

test("a freed engine says so", async () => {
  const engine = await Engine.load(TEN);
  engine.free();
  engine.free();
  const expected = { name: "KfactorError", code: "ENGINE_FREED" };
  assert.throws(() => engine.submit({ id: "v", at: NOON, do: "visit", by: "ann" }), expected);
  assert.throws(() => engine.view("ann", { at: NOON }), expected);
  assert.throws(() => engine.submitBatch([]), expected);
  assert.throws(() => engine.digest(), expected);
});

test("what is no command, no batch, no moment and no snapshot is said in the package's own errors", async () => {
  const engine = await Engine.load(TEN);
  const before = engine.digest();
  const field = (command: unknown): unknown => {
    const answer = engine.submit(command as Command);
    assert.ok(!answer.ok && answer.code === "COMMAND_MALFORMED" && answer.message !== "");
    return answer.params.field;
  };
  for (const nothing of [undefined, null, 5, "help", [], {}]) assert.equal(field(nothing), "id");
  const help = { id: "h", do: "help", by: "bo", loop: "L1" };
  for (const at of [undefined, null, "", "2026-12-01", NaN, 1.5, -1])
    assert.equal(field({ ...help, at }), "at");
  const pay = { id: "p", at: NOON, do: "pay", by: "bo", loop: "L1", order: "o" };
  for (const amount of [39.99, "39.99", null, -1]) assert.equal(field({ ...pay, amount }), "amount");
  for (const batch of [undefined, null, 5, {}]) {
    assert.throws(() => engine.submitBatch(batch as never), {
      name: "KfactorError",
      code: "COMMANDS_EXPECTED",
    });
  }
  for (const at of ["2026-12-01", NaN, 1.5, null]) {
    assert.throws(() => engine.view("ann", { at: at as never }), {
      name: "KfactorError",
      code: "TIME_EXPECTED",
    });
  }
  assert.throws(() => engine.apply(undefined as never), { name: "KfactorError", code: "FACT_MALFORMED" });
  for (const snapshot of [undefined, null, "x", {}]) {
    await assert.rejects(Engine.restore(TEN, snapshot as never), { code: "CAMPAIGN_INVALID" });
  }
  assert.equal(engine.digest(), before);
});

test("an audit re-decides a log, revisions included, and names what could not stand", async () => {
  const engine = await Engine.load(TEN);
  const log: string[] = [];
  const submit = (command: object): void => {
    const text = JSON.stringify({ at: NOON, ...command });
    log.push(`{"command":${text},"answer":${engine.submitBatch(text)}}`);
  };
  submit({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  submit({ id: "o", do: "open", by: "ann", play: "ten-friends", loop: "L1" });
  const revised = TEN.replace('"helpers": 10', '"helpers": 11');
  engine.revise(revised);
  log.push(JSON.stringify({ campaign: JSON.parse(revised) as unknown }));
  submit({ id: "t2", do: "event", by: "bo", name: "ticket-bought", order: "o2" });
  submit({ id: "o2", do: "open", by: "bo", play: "ten-friends", loop: "L2" });
  submit({ id: "h2", do: "help", by: "cy", loop: "L2" });
  const found = engine.audit(log.join("\n"));
  assert.deepEqual([found.findings, found.commands, found.digest], [[], 5, engine.digest()]);
  const [command] = log.splice(2, 1);
  assert.ok(command?.startsWith('{"campaign"'));
  const codes = engine.audit(`[${log.join(",")}]`).findings.map(({ code, id }) => `${code} ${id}`);
  assert.deepEqual(codes, ["ANSWER_DIFFERS h2"]);
  const alone = JSON.stringify({ id: "v", at: NOON, do: "visit", by: "ann" });
  assert.deepEqual([engine.audit(alone).commands, engine.audit(alone).count], [1, 0]);
});

test("a fact that cannot be read is an error", async () => {
  const engine = await Engine.load(TEN);
  assert.throws(() => engine.apply([{ id: "x/0", at: 1, kind: "nonsense" } as never]), {
    code: "FACT_MALFORMED",
  });
});
