// How loops begin and end with what shows them, and go on in pages that come back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Backend, createLoop, type KeyValue, local, type Outgoing } from "kfactor";
import { useLoop, useLoopSnapshot } from "kfactor/vue";
import { effectScope } from "vue";
import { campaign, NOON } from "./fixtures.js";

const CAMPAIGN = campaign("twenty-cuts");

/** A backend that counts who is connected. */
function counted(): Backend & { connected: number; made: number } {
  const store = local({ now: () => NOON });
  const backend = {
    connected: 0,
    made: 0,
    connect: async (context: Parameters<Backend["connect"]>[0]) => {
      const connection = await store.connect(context);
      backend.connected += 1;
      backend.made += 1;
      return { ...connection, close: () => void (backend.connected -= 1) };
    },
  };
  return backend;
}

async function soon(wanted: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !wanted(); attempt++) await new Promise((go) => setTimeout(go, 10));
  assert.ok(wanted());
}

test("a loop begins with the scope that shows it and ends with it", async () => {
  const backend = counted();
  const scope = effectScope();
  const options = { campaign: CAMPAIGN, participant: { id: "ann" }, backend };
  const { loop, state } = scope.run(() => useLoop(options)) ?? assert.fail();
  await soon(() => state.value.status === "ready");
  const answer = await loop.open("cooker");
  assert.ok(answer.ok);
  await soon(() => state.value.view?.loops.length === 1);
  scope.stop();
  await soon(() => backend.connected === 0);
  assert.equal(backend.made, 1);
});

test("who leaves and comes back at once goes on with the same connection; later it is another", async () => {
  const backend = counted();
  const outer = effectScope();
  const options = { campaign: CAMPAIGN, participant: { id: "ann" }, backend };
  const { loop, state } = outer.run(() => useLoop(options)) ?? assert.fail();
  await soon(() => state.value.status === "ready");
  outer.stop();
  const again = effectScope();
  const seen = again.run(() => useLoopSnapshot(loop)) ?? assert.fail();
  await soon(() => seen.value.status === "ready");
  assert.deepEqual([backend.connected, backend.made], [1, 1]);
  again.stop();
  await soon(() => backend.connected === 0);
  const third = effectScope();
  const last = third.run(() => useLoopSnapshot(loop)) ?? assert.fail();
  await soon(() => last.value.status === "ready");
  assert.deepEqual([backend.connected, backend.made], [1, 2]);
  third.stop();
  await soon(() => backend.connected === 0);
});

test("a server's view is shown until the page has its own", async () => {
  const backend = counted();
  const initial = { title: "as the server saw it" } as never;
  const scope = effectScope();
  const options = { campaign: CAMPAIGN, participant: { id: "ann" }, backend, initial };
  const { loop, state } = scope.run(() => useLoop(options)) ?? assert.fail();
  assert.equal(state.value.view?.title, "as the server saw it");
  assert.equal(state.value.status, "ready");
  assert.equal(loop.getSnapshot(), loop.getSnapshot());
  await soon(() => state.value.view?.campaign === "twenty-cuts");
  scope.stop();
  await soon(() => backend.connected === 0);
});

test("a page that returns sends what another page of the visit has left", async (context) => {
  const window = new EventTarget();
  const globals = globalThis as unknown as Record<string, unknown>;
  const before = { addEventListener: globals.addEventListener, document: globals.document };
  Object.assign(globals, {
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    document: Object.assign(new EventTarget(), { visibilityState: "visible" }),
  });
  context.after(() => Object.assign(globals, before));
  const values = new Map<string, string>();
  const storage: KeyValue = {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
  const backend = local({ now: () => NOON });
  const loop = createLoop({ campaign: CAMPAIGN, participant: { id: "ann" }, backend, storage, address: "" });
  await soon(() => loop.getSnapshot().status === "ready");
  const left = { id: "k-left", do: "open", by: "ann", play: "cooker", loop: "L1" } as Outgoing;
  values.set("kfactor:twenty-cuts:unanswered:ann", JSON.stringify([left]));
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await soon(() => loop.getSnapshot().view?.loops[0]?.loop === "L1");
  assert.equal(values.get("kfactor:twenty-cuts:unanswered:ann"), "[]");
  loop.close();
});
