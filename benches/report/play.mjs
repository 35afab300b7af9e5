// Plays a script with a driver, and counts.
import { END } from "./scripts.mjs";
import { Sink } from "./sink.mjs";
import { World, chance } from "./world.mjs";

/**
 * What came of a script: `tracked` records, of which `received` were stored at least once; `lost` were neither stored nor
 * are they what a receiver refuses; `told` of these the SDK says that it gave up; `again` arrived more than once with the same
 * id, which a receiver can tell, and `doubled` with another one, which it cannot.
 */
export async function play(driver, bundle, script, onTrace = () => {}) {
  const sink = new Sink(driver, script.poisoned);
  const world = new World(chance(script.seed ^ 0x5eed), (request) => sink.take(request, world.now));
  world.latency = script.latency;
  const pages = [];
  let tracked = 0;
  let turn = 0;
  let gone = 0;
  let hadPoison = false;

  const open = async () => {
    const page = driver.open(world);
    page.run(bundle);
    pages.push(page);
    // What compiles beside the event loop does so while the world stands still.
    await page.context.ready;
  };
  const end = (page, how) => {
    gone += driver.dropped?.(page) ?? 0;
    if (how === "leave") page.leave();
    page.isThere = false;
    pages.splice(pages.indexOf(page), 1);
  };
  const track = async (n) => {
    if (pages.length === 0) await open();
    pages[turn++ % pages.length].context.track(n);
  };

  const STEPS = {
    track: async (count, spacing) => {
      for (let left = count; left > 0; left--) {
        await track(++tracked);
        await world.pass(spacing);
      }
    },
    // Some SDKs send what is left only when something new happens; this is not counted.
    settle: () => track(-++turn),
    wait: (ms) => world.pass(ms),
    sink: async (answer) => {
      hadPoison ||= answer === "poison";
      sink.answer = answer;
    },
    online: async (isOnline) => {
      world.isOnline = isOnline;
      for (const page of pages) page.network(isOnline);
    },
    latency: async (ms) => void (world.latency = ms),
    hide: async () => pages.forEach((page) => page.hide()),
    show: async () => pages.forEach((page) => page.show()),
    leave: async () => {
      // A mini-program goes on for a few seconds where nobody sees it.
      if (driver.runsOnce) {
        for (const page of pages) page.hide();
        await world.pass(5_000);
      }
      for (const page of [...pages]) end(page, driver.runsOnce ? "kill" : "leave");
    },
    kill: async () => [...pages].forEach((page) => end(page)),
    crash: async () => {
      sink.arrived = () => {
        sink.arrived = () => false;
        [...pages].forEach((page) => end(page));
        return true;
      };
    },
    // A mini-program runs once.
    tab: async () => void (driver.runsOnce || pages.length > 1 || (await open())),
    clock: async (ms) => void (world.skew += ms),
    quota: async (bytes) => void (world.quota = bytes ?? Infinity),
  };
  await open();
  await world.pass(1_000);
  for (const [step, ...words] of [...script.steps, ...END]) {
    onTrace(step, words, world, sink);
    await STEPS[step](...words);
  }
  for (const page of [...pages]) end(page);

  const count = { tracked, received: 0, lost: 0, told: gone, again: 0, doubled: 0 };
  for (let n = 1; n <= tracked; n++) {
    const ids = sink.stored.get(n) ?? [];
    if (ids.length > 0) count.received++;
    // A record that a receiver refused for what it is may be given up.
    else if (!(hadPoison && sink.isPoison(n))) count.lost++;
    count.doubled += new Set(ids).size > 1 ? 1 : 0;
    count.again += ids.length > new Set(ids).size ? 1 : 0;
  }
  return count;
}
