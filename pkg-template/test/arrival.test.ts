import assert from "node:assert/strict";
import { test } from "node:test";
import { arrivalOf, type Campaign, createLoop, type Fact, type KeyValue, local } from "kfactor";
import { shareCard } from "kfactor/mini-program";
import { campaign, NOON } from "./fixtures.js";

const TOKEN = "0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

test("every way to arrive says the same, in a page and in a mini-program", () => {
  const bare = { token: TOKEN, isBare: true };
  const card = { token: TOKEN, loop: "L9" };
  const link = `https://k.example/r/${TOKEN}`;
  const ways: [Parameters<typeof arrivalOf>[0], object][] = [
    [`https://k.example/?kf=${TOKEN}&loop=L9`, card],
    [`https://k.example/#/join?kf=${TOKEN}&loop=L9`, card],
    [`https://k.example/p?utm=1&kf=${TOKEN}&loop=L9#top`, card],
    [link, bare],
    [`${link}?kf=${TOKEN}&loop=L9`, { ...bare, ...card }],
    [{ kf: TOKEN, loop: "L9" }, card],
    [{ scene: TOKEN }, bare],
    [{ scene: encodeURIComponent(`kf=${TOKEN}`) }, { token: TOKEN }],
    [{ scene: encodeURIComponent("code=7K3M-9QXD") }, { code: "7K3M-9QXD" }],
    [{ q: encodeURIComponent(link), scancode_time: "1796097600" }, bare],
    [
      { q: encodeURIComponent(`https://k.example/?code=7K3M-9QXD&touchpoint=sms`) },
      { code: "7K3M-9QXD", touchpoint: "sms" },
    ],
    [{ kf: TOKEN, scene: "x".repeat(32), q: "%E0%A4%A" }, { token: TOKEN }],
    // What is no token, loop or name is not taken for one.
    ["https://k.example/?kf=nonsense&loop=a b&touchpoint=../x&code=" + "1".repeat(17), {}],
    ["https://k.example/r/nonsense", {}],
    [{ scene: "%", kf: "", loop: undefined }, {}],
    ["", {}],
  ];
  const utm = { source: "weibo", medium: "cpc" };
  ways.push(
    ["https://k.example/?utm_source=weibo&utm_medium=cpc&utm_campaign=", { utm }],
    [{ utm_source: "weibo", utm_medium: "cpc" }, { utm }],
    ["https://k.example/?utm_medium=cpc", {}],
    [`https://k.example/?utm_source=${"x".repeat(81)}`, {}],
  );
  for (const [address, expected] of ways)
    assert.deepEqual(arrivalOf(address), expected, JSON.stringify(address));
});

test("a page that is opened by an advertisement's link says from which touchpoint its visitor comes", async () => {
  const document = JSON.parse(campaign("ten-friends")) as Campaign;
  document.touchpoints = {
    feed: { kind: "ad", utm: { source: "weibo" } },
    "feed-video": { kind: "ad", utm: { source: "weibo", medium: "video" } },
    "feed-video-june": { kind: "ad", utm: { source: "weibo", medium: "video", campaign: "june" } },
    sms: { kind: "sms" },
  };
  const cameFrom = async (query: string): Promise<string | undefined> => {
    const kept = new Map<string, string>();
    const storage: KeyValue = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
    const facts: Fact[] = [];
    const loop = createLoop({
      campaign: document,
      participant: { id: "ann" },
      backend: local({ now: () => NOON }),
      storage,
      address: `https://k.example/${query}`,
      onFact: (fact) => void facts.push(fact),
    });
    const answer = await loop.visit();
    assert.ok(answer.ok, JSON.stringify(answer));
    loop.close();
    const arrived = facts.find(({ kind }) => kind === "arrived") as
      { touchpoint?: string | null } | undefined;
    assert.ok(arrived, "nobody arrived");
    return arrived.touchpoint ?? undefined;
  };
  assert.equal(await cameFrom("?utm_source=weibo"), "feed");
  assert.equal(await cameFrom("?utm_source=weibo&utm_medium=video&utm_campaign=may"), "feed-video");
  assert.equal(await cameFrom("?utm_campaign=june&utm_source=weibo&utm_medium=video"), "feed-video-june");
  assert.equal(
    await cameFrom("?utm_source=sms&utm_medium=anything"),
    "sms",
    "as `kfactor touchpoints --utm` writes it",
  );
  assert.equal(await cameFrom("?utm_source=constructor"), undefined);
  assert.equal(
    await cameFrom("?utm_source=weibo&touchpoint=sms"),
    "sms",
    "a touchpoint that is named comes first",
  );
});

test("no address and no query is read wrongly, however broken", () => {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const PARTS = [
    "?",
    "#",
    "&",
    "=",
    "%",
    "%2",
    "+",
    "kf",
    "loop",
    "code",
    "scene",
    "q",
    "/r/",
    TOKEN,
    "L1",
    "=L1",
    "://",
  ];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random(12) }, () => PARTS[random(PARTS.length)]).join("");
    for (const address of [
      text,
      { scene: text },
      { q: text },
      { kf: text, loop: text, code: text, touchpoint: text },
    ]) {
      const { token, loop, code, touchpoint } = arrivalOf(address);
      assert.match(token ?? TOKEN, /^[0-9A-Za-z]{29}$/);
      assert.match(loop ?? "L", /^[A-Za-z0-9_-]{1,32}$/);
      assert.match(touchpoint ?? "a", /^[a-z][a-z0-9-]{0,39}$/);
      assert.ok((code ?? "").length <= 16);
    }
  }
});

test("a card carries the token and the loop, or the code where nobody signs tokens", () => {
  const look = { title: "Help", page: "/pages/c/c?campaign=ten" };
  const signed = { url: "https://k.example/r/x", token: TOKEN, code: "7K3M-9QXD" };
  assert.deepEqual(shareCard(null, look), { title: "Help", path: "/pages/c/c?campaign=ten" });
  assert.deepEqual(shareCard({ ...signed, loop: "L9" }, { ...look, imageUrl: "/a.png" }), {
    title: "Help",
    path: `/pages/c/c?campaign=ten&kf=${TOKEN}&loop=L9`,
    imageUrl: "/a.png",
  });
  assert.equal(shareCard(signed, look).path, `/pages/c/c?campaign=ten&kf=${TOKEN}`);
  const unsigned = { url: "/pages/c/c?loop=L9&code=7K3M-9QXD", token: null, code: "7K3M-9QXD" };
  const { path } = shareCard(unsigned, look);
  assert.equal(path, "/pages/c/c?campaign=ten&loop=L9&code=7K3M-9QXD");
});

test("a link without a backend that signs goes into the address that is there already", async () => {
  const page = "https://example.com/m?loop=old&utm=1#top";
  const backend = local({ now: () => NOON, page });
  const storage = memory();
  const ann = createLoop({
    campaign: campaign("bring-a-friend"),
    participant: { id: "ann" },
    backend,
    storage,
    address: "",
  });
  const { url, code } = await ann.share({ touchpoint: "parcel-card" });
  assert.equal(url, `https://example.com/m?loop=old&utm=1&code=${code}&touchpoint=parcel-card#top`);
  ann.close();
});

function memory(): KeyValue {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
