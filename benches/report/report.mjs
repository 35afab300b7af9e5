// How event SDKs deliver when things go wrong: the same random scripts for each, in virtual time.
import { join } from "node:path";
import { ROOT } from "../measure.mjs";
import { bundled, version } from "./bundle.mjs";
import { DEFECTS } from "./defects.mjs";
import { kfactor, kfactorMini } from "./drivers/kfactor.mjs";
import { segment, segmentBatched } from "./drivers/segment.mjs";
import { sensors } from "./drivers/sensors.mjs";
import { snowplow } from "./drivers/snowplow.mjs";
import { play } from "./play.mjs";
import { NAMES, script } from "./scripts.mjs";

const DRIVERS = [kfactor, kfactorMini, snowplow, segment, segmentBatched, sensors];

/** Scripts of one fault that have a thousand records each; fewer of them do. */
const LARGE = { "too many": 30 };

/** Ten scripts a round for each fault. */
export async function reportSuite({ rounds, note }) {
  const peers = process.env.KFACTOR_PEERS ?? join(ROOT, "target/report-peers");
  const figures = [];
  for (const driver of DRIVERS) {
    const bundle = await bundled(driver, peers);
    const peer = `${driver.name} ${version(driver, peers)}`;
    const all = none();
    for (const fault of NAMES) {
      const sum = none();
      const scripts = Math.ceil((rounds * 10) / (LARGE[fault] ?? 1));
      for (let seed = 0; seed < scripts; seed++) add(sum, await play(driver, bundle, script(fault, seed)));
      if (fault === "nothing" && (sum.lost > 0 || sum.again > 0))
        throw new Error(`${peer} does not run here: ${JSON.stringify(sum)} where nothing goes wrong`);
      note(`${peer}, ${fault}: ${JSON.stringify(sum)}`);
      figures.push(...shares(`report/${fault}`, peer, sum));
      add(all, sum);
    }
    for (const [what, value] of Object.entries(all))
      figures.push({ name: `report/${what}`, value, unit: "records", peer });
  }
  for (const { name, driver, script, expected } of DEFECTS) {
    const found = await play(driver, await bundled(driver, peers), script);
    const peer = `${driver.name} ${version(driver, peers)}`;
    for (const [what, value] of Object.entries(expected)) {
      if (found[what] !== value) note(`${name}: ${peer} does otherwise now: ${JSON.stringify(found)}`);
      figures.push({ name: `report/${name}/${what}`, value: found[what], unit: "records", peer });
    }
  }
  return figures;
}

/** In percent of what was tracked. */
function shares(name, peer, { tracked, lost, told, again, doubled }) {
  const share = (what, count) => ({
    name: `${name}/${what}`,
    value: (100 * count) / tracked,
    unit: "%",
    peer,
  });
  return [share("lost", lost), share("told", told), share("again", again), share("doubled", doubled)];
}

const none = () => ({ tracked: 0, received: 0, lost: 0, told: 0, again: 0, doubled: 0 });

function add(sum, count) {
  for (const [what, value] of Object.entries(count)) sum[what] += value;
}
