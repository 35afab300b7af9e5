// How long an interpreter takes from nothing to the first view, and for each command after that: for `cargo xtask bench mini`.
/* exported measureStart */
"use strict";

/** Milliseconds of each part; `begin` was when the process had read its own scripts. */
async function measureStart({ host, campaign, begin, now, at }) {
  const milliseconds = (from, to) => (to - from) * 1000;
  const start = now();
  const { Engine, init } = host.require("kfactor");
  const read = now();
  await init();
  const instantiated = now();
  const engine = await Engine.load(campaign);
  const loaded = now();
  engine.submit({ id: "t", at, do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  engine.submit({ id: "o", at, do: "open", by: "ann", play: "ten-friends", loop: "L1" });
  engine.view("bo", { at, loop: "L1" });
  const viewed = now();
  const first = await help(engine, at, "bo");
  const FRIENDS = 200;
  const later = [];
  for (let friend = 0; friend < FRIENDS; friend++) {
    const loop = `M${Math.floor(friend / 9)}`;
    if (friend % 9 === 0) {
      engine.submit({
        id: `t${loop}`,
        at,
        do: "event",
        by: `a${loop}`,
        name: "ticket-bought",
        order: `o${loop}`,
      });
      engine.submit({ id: `o${loop}`, at, do: "open", by: `a${loop}`, play: "ten-friends", loop });
    }
    const from = now();
    engine.submit({ id: `h${friend}`, at, do: "help", by: `friend-${friend}`, loop });
    later.push(milliseconds(from, now()));
  }
  const viewing = now();
  for (let round = 0; round < 50; round++) engine.view("bo", { at, loop: "L1" });
  const seen = milliseconds(viewing, now()) / 50;
  later.sort((a, b) => a - b);
  return {
    host: milliseconds(begin, start),
    script: milliseconds(start, read),
    wasm: milliseconds(read, instantiated),
    document: milliseconds(instantiated, loaded),
    firstView: milliseconds(start, viewed),
    firstHelp: first,
    help: later[FRIENDS / 2],
    slowestHelp: later[FRIENDS - 1],
    view: seen,
  };

  /** One help as a page does it: tried on a copy, shown, and decided. */
  async function help(engine, at, by) {
    const from = now();
    const copy = engine.fork();
    copy.submit({ id: "p", at, do: "help", by, loop: "L1" });
    copy.view(by, { at, loop: "L1" });
    copy.free();
    engine.submit({ id: "p", at, do: "help", by, loop: "L1" });
    return milliseconds(from, now());
  }
}
