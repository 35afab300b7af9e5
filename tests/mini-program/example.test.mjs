// People play in the example's pages against a running server, each with a phone of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plain, vmHost } from "./engines.mjs";
import { codePackage, project } from "./project.mjs";
import { forwardTo, startServer } from "./server.mjs";

const CAMPAIGN = "pages/campaign/campaign";

let folder;
let server;
before(async () => {
  folder = await project("example");
  server = await startServer();
});
after(() => server.stop());

/** Somebody's phone with the mini-program open. */
function phone(options = {}) {
  const { host } = vmHost(folder, { request: forwardTo(server.url), ...options });
  const app = host.launch();
  return {
    host,
    app,
    async open(query) {
      const page = host.open(CAMPAIGN, query);
      page.selectComponent = (id) => parts[id];
      const parts = { "#poster": host.component("/components/kf-poster/kf-poster") };
      await until(
        () => page.data.isReady && page.data.view !== null,
        () => page.data,
      );
      return { page, poster: parts["#poster"] };
    },
    /** Nothing went wrong unseen. */
    end() {
      assert.deepEqual(plain(host.faults), []);
      while (host.realm.getCurrentPages().length > 0) host.back();
    },
  };
}

async function until(isDone, state = () => "") {
  for (let tries = 0; tries < 400; tries++) {
    if (isDone()) return;
    await new Promise((wait) => setTimeout(wait, 20));
  }
  throw new Error(`late: ${JSON.stringify(state())}`);
}

/** What WeChat hands on of a card's path. */
function queryOf(path) {
  const values = path.split("?")[1].split("&");
  return Object.fromEntries(values.map((pair) => pair.split("=")));
}

test("home shows the campaigns that run", async () => {
  const me = phone();
  const page = me.host.open("pages/home/home");
  await until(
    () => page.data.campaigns !== null,
    () => page.data,
  );
  assert.equal(page.data.error, "");
  assert.ok(page.data.campaigns.some(({ id, title }) => id === "ten-friends" && title !== ""));
  me.end();
});

test("one starts and shares a card and a code; friends arrive by card, scene and link, and help", async () => {
  const ann = phone();
  const { page, poster } = await ann.open({ campaign: "ten-friends" });
  assert.equal(page.data.view.action.isReady, false);
  assert.match(page.data.wantedLabel, /ticket-bought/);
  await page.happen();
  await until(
    () => page.data.view.action?.isReady,
    () => page.data.view,
  );
  await page.press();
  await until(
    () => page.data.view.loop?.canShare && page.onShareAppMessage().path.includes("kf="),
    () => page.data,
  );

  const card = page.onShareAppMessage();
  assert.match(
    card.path,
    /^\/pages\/campaign\/campaign\?campaign=ten-friends&kf=[0-9A-Za-z]{29}&loop=l[\w-]{11}$/,
  );
  assert.ok(card.title !== "");
  const { kf, loop } = queryOf(card.path);

  const ways = [
    queryOf(card.path),
    { scene: kf },
    { scene: encodeURIComponent(`kf=${kf}`), campaign: "ten-friends" },
    { q: encodeURIComponent(`${server.url}/r/${kf}`), scancode_time: "1796097600" },
  ];
  for (const [at, query] of ways.entries()) {
    const friend = phone({
      promises: at % 2 === 0 ? "own" : "timers",
      result: at > 1 ? "instance" : "source",
    });
    const arrived = (await friend.open(query)).page;
    const viaToken = !("loop" in query);
    // A scene of a token in a query brings no loop; the campaign's page is shown, and the code can be typed.
    if (query.scene !== undefined && query.campaign !== undefined) {
      arrived.typed({ detail: { value: page.data.code } });
      await arrived.useCode();
    } else {
      await until(
        () => arrived.data.view.loop?.id === loop,
        () => arrived.data,
      );
      assert.equal(arrived.data.view.action.do, "help", String(viaToken));
      assert.match(arrived.data.view.loop.lead, /邀你参加$/);
      await arrived.press();
    }
    assert.equal(arrived.data.notice, "");
    friend.end();
  }
  await page.loop.refresh();
  await until(
    () => page.data.view.loop.have === ways.length,
    () => page.data.view.loop,
  );
  assert.equal(page.data.view.loop.people.length, ways.length);

  await page.drawPoster();
  assert.equal(poster.data.problem, "");
  assert.match(poster.data.code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  const drawn = ann.host.file(poster.data.src);
  assert.deepEqual([drawn.width, drawn.height], [750, 1334]);
  const texts = drawn.drawn.filter(([name]) => name === "fillText").map(([, text]) => text);
  assert.ok(
    texts.some((text) => text.includes(poster.data.code)),
    texts.join("|"),
  );
  assert.ok(
    texts.some((text) => text.includes(`还差 ${10 - ways.length} 位好友`)),
    texts.join("|"),
  );
  assert.ok(drawn.drawn.some(([name]) => name === "bezierCurveTo" || name === "fillRect"));
  await poster.save();
  assert.ok(ann.host.file(poster.data.src).isSaved);
  assert.ok(ann.host.mostInFlight() <= 10);
  ann.end();
});

test("a poster carries the platform's own code of its own token, where the site has an address for it", async () => {
  const built = codePackage(folder);
  const CODES = "https://site.example/code";
  const code = (path) => built.code(path)?.replace('codeOf: ""', `codeOf: "${CODES}"`) ?? null;
  const ann = phone({ code });
  const { page, poster } = await ann.open({ campaign: "ten-friends" });
  await page.happen();
  await page.press();
  await until(
    () => page.data.view.loop?.canShare,
    () => page.data,
  );
  await page.drawPoster();
  assert.equal(poster.data.problem, "");
  const { url } = ann.host.requested.find((asked) => asked.url.startsWith(CODES));
  const token = url.split("?scene=")[1];
  const { peek } = ann.host.require("kfactor");
  const general = await peek(queryOf(page.onShareAppMessage().path).kf);
  const own = await peek(token);
  assert.equal(own.inviter, general.inviter);
  assert.notEqual(own.touchpoint, general.touchpoint, "the poster is a touchpoint of its own");
  const drawn = ann.host.file(poster.data.src).drawn.filter(([name]) => name === "drawImage");
  assert.equal(drawn.length, 1);
  ann.end();
});

test("nothing is asked while the page is out of sight, and at once when it is back", async () => {
  const { host } = vmHost(folder, { request: forwardTo(server.url) });
  const identity = await (await fetch(`${server.url}/demo/identity?participant=curie`)).json();
  const { createLoop, http } = host.require("kfactor");
  const loop = createLoop({
    campaign: await document(identity),
    participant: { id: "curie", proof: identity.proof },
    backend: http("http://127.0.0.1:8787", { key: identity.key, pollEvery: 30 }),
    address: {},
  });
  const views = () => host.requested.filter(({ url }) => url.includes("/view")).length;
  const pause = () => new Promise((wait) => setTimeout(wait, 300));
  await until(() => views() > 3);
  host.hide();
  await pause();
  const asked = views();
  await pause();
  assert.equal(views(), asked);
  host.show();
  await until(() => views() > asked + 3);
  loop.close();
  await pause();
  const last = views();
  await pause();
  assert.equal(views(), last);
  assert.deepEqual(plain(host.faults), []);
});

test("a click that was cut off when the page went out of sight is kept, and goes on when it is shown", async () => {
  const ann = phone();
  const { page } = await ann.open({ campaign: "ten-friends" });
  await page.happen();
  ann.host.hide();
  const asked = ann.host.requested.length;
  const opening = page.press();
  await until(
    () => page.loop.getSnapshot().pending.length === 1,
    () => page.loop.getSnapshot(),
  );
  await until(
    () => page.loop.getSnapshot().connection === "offline",
    () => page.loop.getSnapshot(),
  );
  assert.match(page.data.notice, /网络不可用/);
  // The click is on the disk.
  const kept = [...ann.host.stored].find(([key]) => key.includes(":unanswered:"));
  assert.equal(JSON.parse(kept[1]).length, 1);
  ann.host.show();
  await opening;
  await until(
    () => page.data.view.loop !== null,
    () => page.data,
  );
  const commands = ann.host.requested
    .slice(asked)
    .filter(({ method, url }) => method === "POST" && url.endsWith("/commands"));
  assert.ok(commands.length >= 2);
  assert.equal(
    new Set(commands.map(({ data }) => JSON.parse(data).id)).size,
    1,
    "sent again under the same id",
  );
  assert.deepEqual(plain(ann.host.faults), []);
  ann.end();
});

test("without random bytes a click says so, and changes nothing", async () => {
  const { host } = vmHost(folder, { request: forwardTo(server.url), random: () => null });
  const identity = await (await fetch(`${server.url}/demo/identity?participant=noether`)).json();
  const { createLoop, http } = host.require("kfactor");
  const options = {
    campaign: await document(identity),
    participant: { id: "noether", proof: identity.proof },
    backend: http("http://127.0.0.1:8787", { key: identity.key }),
    address: {},
  };
  const poor = createLoop(options);
  await assert.rejects(poor.open("ten-friends"), { code: "ENTROPY_MISSING" });
  assert.deepEqual(plain(poor.getSnapshot().pending), []);
  poor.close();
  let last = 0;
  const rich = createLoop({ ...options, random: (length) => new Uint8Array(length).fill(++last) });
  const answer = await rich.open("ten-friends");
  assert.equal(answer.code, "EVENT_REQUIRED");
  rich.close();
});

async function document({ key }) {
  const headers = { Authorization: `Bearer ${key}` };
  return (await fetch(`${server.url}/v1/campaigns/ten-friends`, { headers })).text();
}

test("a damaged code is refused in words, and does not keep its visitor out", async () => {
  const eve = phone();
  const { page } = await eve.open({ campaign: "ten-friends", scene: "1".repeat(29) });
  await until(
    () => page.data.notice !== "",
    () => page.data,
  );
  assert.match(page.data.notice, /无效/);
  assert.ok(page.data.view !== null);
  eve.end();
});

for (const kind of ["douyin", "alipay"]) {
  test(`the package plays a campaign in the shape of ${kind}`, async () => {
    const { host } = vmHost(folder, { kind, request: forwardTo(server.url) });
    const identity = await (await fetch(`${server.url}/demo/identity?participant=${kind}`)).json();
    const { createLoop, http, init, qr } = host.require("kfactor");
    const loop = createLoop({
      campaign: await document(identity),
      participant: { id: kind, proof: identity.proof },
      backend: http("http://127.0.0.1:8787", { key: identity.key, pollEvery: 50 }),
      address: {},
      ...(kind === "alipay" && { random: (length) => crypto.getRandomValues(new Uint8Array(length)) }),
    });
    const state = () => loop.getSnapshot();
    await until(() => state().status === "ready", state);
    assert.equal((await loop.open("ten-friends")).code, "EVENT_REQUIRED");
    const happened = { campaign: "ten-friends", by: kind, name: "ticket-bought", order: `o-${kind}` };
    await fetch(`${server.url}/demo/event`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(happened),
    });
    assert.ok((await loop.open("ten-friends")).ok);
    await until(() => state().view.loops.length === 1, state);
    const share = await loop.share();
    // Alipay's pages have no WebAssembly: the campaign goes on without previews, and the worker draws.
    const drawn =
      kind === "alipay"
        ? toolsInWorker(host).then((tools) => tools.qr(share.url))
        : init().then(() => qr(share.url));
    assert.match(await drawn, /^<svg/);
    loop.close();
    assert.deepEqual(plain(host.faults), []);
  });
}

/** A worker of the mini-program with the engine in it, and the page's tools. */
async function toolsInWorker(page) {
  const worker = vmHost(folder, { kind: "alipay", isWorker: true }).host;
  const ends = { page: [], worker: [] };
  const send = (to) => (message) => setTimeout(() => ends[to].forEach((hear) => hear(plain(message))));
  const end = (own, other) => ({ postMessage: send(other), onMessage: (hear) => void ends[own].push(hear) });
  worker.require("kfactor").answerPage(end("worker", "page"));
  const tools = page.require("kfactor").askWorker(end("page", "worker"));
  await assert.rejects(tools.peek("nothing"), { code: "TOKEN_MALFORMED", messageZh: /无效/ });
  const { width, rows } = await tools.qrModules("https://example.com/");
  assert.deepEqual([width, rows.length], [25, 25 * 4]);
  assert.deepEqual(plain(worker.faults), []);
  return tools;
}
