// One campaign played in a mini-program against a store that knows no rules, by the package as the npm build left it.
// Gives what everybody saw, the same in every engine.
/* exported playScenario, createStore */
"use strict";

/** A store of commands, as any backend of two endpoints has it. Its clock stands still. */
function createStore(at) {
  const commands = [];
  const answer = (statusCode, body) => ({ statusCode, data: JSON.stringify(body) });
  return {
    append: (command) => void commands.push({ ...command, at }),
    handle({ url, method, data }) {
      if (!url.includes("/ten-friends/commands")) return answer(404, { code: "NOT_FOUND" });
      if (method === "POST") {
        commands.push({ ...JSON.parse(data), at });
        return answer(200, {});
      }
      const after = Number(/after=(\d+)/.exec(url)[1]);
      return answer(200, { commands: commands.slice(after), next: commands.length });
    },
  };
}

async function playScenario({ host, store, campaign }) {
  const { createLoop, anyStore, shareCard, peek, qr, Engine, KfactorError } = host.require("kfactor");
  const backend = anyStore("https://store.example/s", { pollEvery: 60000 });
  const people = [];
  const enter = (id, address) => {
    const loop = createLoop({ campaign, participant: { id }, backend, address, lang: "zh" });
    people.push(loop);
    return loop;
  };
  const seen = {};

  const ann = enter("ann", {});
  await until(ann, ({ status }) => status === "ready");
  const refused = await ann.open("ten-friends");
  seen.refused = [refused.code, ann.getSnapshot().notice];
  store.append({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  seen.opened = (await ann.open("ten-friends")).ok;
  const share = await ann.share();
  const card = shareCard(share, {
    title: "帮我点一下",
    page: "/pages/campaign/campaign?campaign=ten-friends",
  });
  seen.card = [card.title, card.path.replace(/loop=[^&]+/, "loop=…").replace(share.code, "CODE")];
  seen.svg = (await ann.qr()).startsWith("<svg");

  const query = Object.fromEntries(
    card.path
      .split("?")[1]
      .split("&")
      .map((pair) => pair.split("=")),
  );
  for (let at = 0; at < 10; at++) {
    const friend = enter(`好友${at}`, query);
    await until(friend, ({ status }) => status === "ready");
    const answer = await friend.help();
    if (!answer.ok) throw new Error(answer.message);
    friend.close();
  }
  await ann.refresh();
  const { view } = await until(ann, (state) => state.view.grants.length === 1);
  seen.complete = [view.loops[0].status, view.loops[0].have, view.grants[0].amount];
  for (const loop of people) loop.close();

  const engine = await Engine.load(campaign);
  engine.submit({ id: "t", at: view.at, do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  engine.submit({ id: "o", at: view.at, do: "open", by: "ann", play: "ten-friends", loop: "L1" });
  for (let at = 0; at < 12; at++)
    engine.submit({ id: `h${at}`, at: view.at, do: "help", by: `助力者${at}`, loop: "L1" });
  seen.digest = engine.digest();
  seen.peeked = await peek("no token").catch((error) => [
    error instanceof KfactorError,
    error.code,
    error.messageZh,
  ]);
  seen.symbol = (await qr("https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi", { format: "matrix" })).width;
  return seen;
}

/** Waits until a loop's state is as wanted. */
function until(loop, wanted) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`late: ${JSON.stringify(loop.getSnapshot())}`)), 20000);
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
