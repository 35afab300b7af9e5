// Pages of the packed package against a running kfactor-server: as the authority, and as a store that knows no rules.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { CAMPAIGN, needed, project } from "./projects.mjs";

let kfactor;
let server;
let base;
const data = mkdtempSync(join(tmpdir(), "kfactor-server-"));

before(async () => {
  const folder = project("backends", {});
  kfactor = await import(pathToFileURL(join(folder, "node_modules/kfactor/dist/node.js")));
  const options = ["--demo", "--listen", "127.0.0.1:0", "--data", data, "--campaigns", "examples/campaigns"];
  server = spawn(needed("KFACTOR_SERVER"), options, { stdio: ["ignore", "pipe", "inherit"] });
  base = await new Promise((resolve, reject) => {
    let printed = "";
    server.stdout.on("data", (text) => {
      printed += text;
      const address = /listening on (http:\/\/\S+)/.exec(printed);
      if (address !== null) resolve(address[1]);
    });
    server.on("exit", (status) => reject(new Error(`kfactor-server ended with ${status}`)));
  });
});

after(() => {
  server?.kill();
  rmSync(data, { recursive: true, force: true });
});

async function identity(id) {
  const { proof, key } = await (await fetch(`${base}/demo/identity?participant=${id}`)).json();
  return { participant: { id, proof }, key };
}

async function happen(path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${base}/demo/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
}

function until(loop, wanted) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(JSON.stringify(loop.getSnapshot(), null, 1))), 8000);
    const look = () => {
      if (!wanted(loop.getSnapshot())) return;
      clearTimeout(late);
      stop();
      resolve(loop.getSnapshot());
    };
    const stop = loop.subscribe(look);
    look();
  });
}

async function open(backend, id, address = "https://example.com/") {
  const { participant, key } = await identity(id);
  const loop = kfactor.createLoop({
    campaign: CAMPAIGN,
    participant,
    backend: backend(key),
    address,
    lang: "en",
  });
  await until(loop, ({ status }) => status === "ready");
  return loop;
}

test("the authority: a share link brings ten friends, and both sides are rewarded", async () => {
  const http = (key) => kfactor.http(base, { key, pollEvery: 100 });
  const ann = await open(http, "ann");
  assert.equal((await ann.open("ten-friends")).code, "EVENT_REQUIRED");
  await happen("event", { campaign: "ten-friends", by: "ann", name: "ticket-bought" });
  const opened = await ann.open("ten-friends");
  assert.ok(opened.ok, JSON.stringify(opened));
  const { url, token } = await ann.share();
  assert.match(token, /^[0-9A-Za-z]{29}$/);
  assert.deepEqual(await ann.share(), await ann.share());

  const redirect = await fetch(url.replace(/^https?:\/\/[^/]+/, base), { redirect: "manual" });
  const arrived = new URL(redirect.headers.get("location"), base).href;
  for (let i = 0; i < 10; i++) {
    const friend = await open(http, `friend${i}`, arrived);
    const answer = await friend.help();
    assert.ok(answer.ok, JSON.stringify(answer));
    await until(friend, ({ view, pending }) => pending.length === 0 && view.grants.length === 1);
    assert.equal(friend.getSnapshot().view.inviter, "ann");
    if (i === 4) {
      const again = await friend.help();
      assert.equal(again.code, "ALREADY_HELPED");
      assert.equal(friend.getSnapshot().notice, again.message);
    }
    friend.close();
  }
  const late = await open(http, "late", arrived);
  assert.equal((await late.help()).code, "LOOP_COMPLETE");
  late.close();
  const { view } = await until(ann, ({ view }) => view.grants.length === 1);
  assert.equal(view.grants[0].amount, 800);
  ann.close();
});

test("the authority: a forged proof is refused in words", async () => {
  const { key } = await identity("eve");
  const participant = { id: "ann", proof: "00".repeat(32) };
  const loop = kfactor.createLoop({
    campaign: CAMPAIGN,
    participant,
    backend: kfactor.http(base, { key }),
    lang: "en",
  });
  const state = await until(loop, ({ status }) => status === "failed");
  assert.notEqual(state.notice, null);
  loop.close();
});

test("any store: every page replays the list and all agree", async () => {
  const store = (key) =>
    kfactor.anyStore(`${base}/store`, { key, pollEvery: 100, page: "https://example.com/m" });
  const ann = await open(store, "ann");
  const refused = await ann.open("ten-friends");
  assert.equal(refused.code, "EVENT_REQUIRED");
  const { code } = await ann.share();
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  const bo = await open(store, "bo");
  assert.deepEqual(await bo.visit().then(({ ok }) => ok), true);
  assert.equal((await bo.help({ code })).code, "CODE_UNKNOWN");
  ann.close();
  bo.close();
});
