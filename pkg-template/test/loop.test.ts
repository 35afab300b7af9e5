import assert from "node:assert/strict";
import { test } from "node:test";
import { type Backend, createLoop, type KeyValue, local, type Loop, type LoopSnapshot } from "kfactor";
import { campaign, NOON } from "./fixtures.js";

const TEN = campaign("ten-friends");

function memory(): KeyValue & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

/** Waits until a loop's state is as wanted. */
function until(loop: Loop, wanted: (state: LoopSnapshot) => boolean): Promise<LoopSnapshot> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(JSON.stringify(loop.getSnapshot()))), 3000);
    const look = (): void => {
      if (!wanted(loop.getSnapshot())) return;
      clearTimeout(late);
      stop();
      resolve(loop.getSnapshot());
    };
    const stop = loop.subscribe(look);
    look();
  });
}

function page(backend: Backend, id: string, address = "https://example.com/", storage = memory()): Loop {
  return createLoop({ campaign: TEN, participant: { id }, backend, address, storage, lang: "en" });
}

test("one opens and shares, ten friends arrive by the link and help", async () => {
  const backend = local({ now: () => NOON, page: "https://example.com/m" });
  const ann = page(backend, "ann");
  await until(ann, (state) => state.status === "ready");
  const refused = await ann.open("ten-friends");
  assert.ok(!refused.ok && refused.code === "EVENT_REQUIRED");
  assert.equal(ann.getSnapshot().notice, refused.message);

  await backend.record({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  assert.ok((await ann.open("ten-friends")).ok);
  const { url, code } = await ann.share();
  assert.equal((await ann.share()).url, url);
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.match(await ann.qr(), /^<svg/);

  for (let i = 0; i < 10; i++) {
    const friend = page(backend, `f${i}`, url);
    await until(friend, (state) => state.status === "ready");
    assert.ok((await friend.help()).ok);
    friend.close();
  }
  const state = await until(ann, ({ view }) => view?.grants.length === 1);
  assert.equal(state.view?.loops[0]?.status, "complete");
  assert.equal(state.view?.grants[0]?.amount, 800);
  ann.close();
});

test("a loop's id is one that the engine takes, whatever the randomness", async (context) => {
  // The last letter is `_`, with which only loops that the engine opens itself begin.
  context.mock.method(crypto, "getRandomValues", (bytes: Uint8Array) => bytes.fill(63));
  const backend = local({ now: () => NOON });
  const ann = page(backend, "ann");
  await backend.record({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  const opened = await ann.open("ten-friends");
  assert.ok(opened.ok, JSON.stringify(opened));
  ann.close();
});

test("a page says `lang` as a browser does, and an act that is none is refused in words", async () => {
  const lang = "zh-CN" as "zh";
  const loop = createLoop({
    campaign: TEN,
    participant: { id: "ann" },
    backend: local(),
    storage: memory(),
    lang,
  });
  const answer = await loop.act(undefined as never);
  assert.equal(answer.ok ? "" : answer.code, "COMMAND_MALFORMED");
  assert.match(loop.getSnapshot().notice ?? "", /[一-鿿]/);
  loop.close();
});

test("the state is the same object until something changes", async () => {
  const loop = page(local({ now: () => NOON }), "ann");
  const state = await until(loop, ({ status }) => status === "ready");
  assert.equal(loop.getSnapshot(), state);
  await loop.visit();
  assert.notEqual(loop.getSnapshot(), state);
  loop.close();
});

test("a click shows at once, but grants nothing before the answer", async () => {
  const store = local({ now: () => NOON });
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow: Backend = {
    connect: async (context) => {
      const connection = await store.connect(context);
      return { ...connection, submit: (command) => gate.then(() => connection.submit(command)) };
    },
  };
  const ann = page(store, "ann");
  await until(ann, ({ status }) => status === "ready");
  await store.record({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  await store.record({ id: "o", do: "open", by: "ann", play: "ten-friends", loop: "L1" });

  const bo = page(slow, "bo", "https://example.com/?loop=L1");
  await until(bo, ({ view }) => view?.loops.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const answer = bo.help();
  const clicked = await until(bo, ({ pending }) => pending.length === 1);
  assert.equal(clicked.view?.loops[0]?.have, 1);
  assert.deepEqual(clicked.view?.grants, []);
  release();
  assert.ok((await answer).ok);
  const settled = await until(bo, ({ view }) => view?.grants.length === 1);
  assert.equal(settled.view?.loops[0]?.have, 1);
  assert.deepEqual(settled.pending, []);
  ann.close();
  bo.close();
});

test("a click without an answer is sent again after a reload, under the same id", async () => {
  const store = local({ now: () => NOON });
  const storage = memory();
  const broken: Backend = {
    connect: async (context) => {
      const connection = await store.connect(context);
      return {
        ...connection,
        submit: async (command) => {
          // The authority took it, the answer was lost.
          await connection.submit(command);
          throw new TypeError("network");
        },
      };
    },
  };
  const first = page(broken, "ann", "https://example.com/", storage);
  await until(first, ({ status }) => status === "ready");
  void first.visit();
  const [lost] = (
    await until(first, ({ pending, connection }) => pending.length === 1 && connection === "offline")
  ).pending;
  first.close();

  const second = page(store, "ann", "https://example.com/", storage);
  await until(second, ({ status, pending }) => status === "ready" && pending.length === 0);
  const again = await store.record({ ...lost, id: lost?.id ?? "", do: "visit", by: "ann" });
  assert.ok(again.ok && again.repeated === true);
  second.close();
});

test("the arriving token survives a log-in that loses the address", async () => {
  const storage = memory();
  const token = "0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
  page(local(), "ann", `https://example.com/#/join?kf=${token}&loop=L9`, storage).close();
  const kept = storage.values.get("kfactor:ten-friends:arrival");
  assert.deepEqual(JSON.parse(kept ?? ""), { token, loop: "L9" });
  page(local(), "ann", "https://example.com/?kf=nonsense", storage).close();
  assert.equal(storage.values.get("kfactor:ten-friends:arrival"), kept);
});

test("a token that is not valid is refused once and does not keep its visitor out", async () => {
  const storage = memory();
  const eve = page(local({ now: () => NOON }), "eve", `https://example.com/?kf=${"1".repeat(29)}`, storage);
  const { rejection } = await until(eve, ({ rejection }) => rejection !== null);
  assert.equal(rejection?.code, "TOKEN_INVALID");
  assert.ok((await eve.visit()).ok);
  assert.deepEqual(JSON.parse(storage.values.get("kfactor:ten-friends:arrival") ?? ""), {});
  eve.close();
});
