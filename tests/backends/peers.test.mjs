// The bench of reports: its world loses nothing by itself, does the same every time, and shows what peers do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundled } from "../../benches/report/bundle.mjs";
import { DEFECTS } from "../../benches/report/defects.mjs";
import { segment, segmentBatched } from "../../benches/report/drivers/segment.mjs";
import { sensors } from "../../benches/report/drivers/sensors.mjs";
import { snowplow } from "../../benches/report/drivers/snowplow.mjs";
import { play } from "../../benches/report/play.mjs";
import { NAMES, script } from "../../benches/report/scripts.mjs";
import { needed } from "./support.mjs";

const PEERS = needed("KFACTOR_PEERS");

for (const driver of [snowplow, segment, segmentBatched, sensors]) {
  test(`${driver.name}: nothing is lost where nothing goes wrong, and a script does the same twice`, async () => {
    const bundle = await bundled(driver, PEERS);
    const { tracked, received, again, doubled } = await play(driver, bundle, script("nothing", 1));
    assert.deepEqual([received, again, doubled], [tracked, 0, 0]);
    assert.ok(tracked > 0);
    for (const fault of ["network", "page goes", "all of it"]) {
      const count = await play(driver, bundle, script(fault, 2));
      assert.deepEqual(await play(driver, bundle, script(fault, 2)), count);
    }
  });
}

test("every fault changes what the network, the sink, the storage, the clock or the page does", () => {
  for (const fault of NAMES.filter((name) => name !== "nothing")) {
    const steps = new Set(script(fault, 1).steps.map(([step]) => step));
    assert.ok(
      [...steps].some((step) => !["track", "wait"].includes(step)),
      fault,
    );
  }
});

for (const { name, driver, script, expected } of DEFECTS) {
  test(`${driver.name}: ${name}`, async () => {
    const found = await play(driver, await bundled(driver, PEERS), script);
    for (const [what, value] of Object.entries(expected)) assert.equal(found[what], value, what);
  });
}
