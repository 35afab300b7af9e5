// The package's own reporter under the scripts of faults that the bench plays with SDKs of others: thousands of them, in
// virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundled } from "../../benches/report/bundle.mjs";
import { kfactor, kfactorMini } from "../../benches/report/drivers/kfactor.mjs";
import { play } from "../../benches/report/play.mjs";
import { NAMES, script } from "../../benches/report/scripts.mjs";
import { ROOT } from "../../benches/measure.mjs";

/** Scripts of one fault that have a thousand records each; fewer of them do. */
const FEWER = { "too many": 10 };
const SCRIPTS = 150;

for (const driver of [kfactor, kfactorMini]) {
  test(`${driver.name}: nothing is lost that is not counted, and what comes twice has one id`, (t) =>
    playAll(driver, t));
}

async function playAll(driver, t) {
  const bundle = await bundled(driver, ROOT);
  for (const fault of NAMES) {
    const sum = { scripts: 0, tracked: 0, lost: 0, told: 0, again: 0 };
    for (let seed = 0; seed < SCRIPTS / (FEWER[fault] ?? 1); seed++) {
      const count = await play(driver, bundle, script(fault, seed));
      // A page that crashes between counting and deleting tells of one drop twice.
      assert.ok(count.lost <= count.told, `${fault}, script ${seed}: ${JSON.stringify(count)}`);
      assert.equal(count.doubled, 0, `${fault}, script ${seed}: one record under two ids`);
      sum.scripts++;
      for (const what of ["tracked", "lost", "told", "again"]) sum[what] += count[what];
    }
    if (fault === "nothing") assert.deepEqual([sum.lost, sum.again], [0, 0]);
    t.diagnostic(`${fault}: ${JSON.stringify(sum)}`);
  }
}
