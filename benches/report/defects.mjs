// Three ways in which peers lose or repeat records, each as a script of its own that shows it every time.
import { segmentBatched } from "./drivers/segment.mjs";
import { sensors } from "./drivers/sensors.mjs";
import { snowplow } from "./drivers/snowplow.mjs";

/** A queue of ten, so that fifteen records show what a thousand and one would. */
const smallSnowplow = {
  ...snowplow,
  source: snowplow.source.replace("{ appId", "{ maxLocalStorageQueueSize: 10, bufferSize: 5, appId"),
};

const script = (fault, ...steps) => ({ fault, seed: 1, latency: 40, poisoned: 1_000, steps });

/** Each with the peer that has it, and what comes of it there. */
export const DEFECTS = [
  {
    // What was sent is removed by its number of places, from a queue whose head has been dropped meanwhile.
    name: "overflow while a request is on its way",
    driver: smallSnowplow,
    script: script(
      "overflow",
      ["latency", 4_000],
      ["track", 5, 1],
      ["wait", 500],
      ["track", 10, 1],
      ["wait", 30_000],
    ),
    expected: { tracked: 15, received: 10, lost: 5, again: 0 },
  },
  {
    // `success` of `wx.request` means that there was an answer, whatever it said.
    name: "the server answers 500",
    driver: sensors,
    script: script("500", ["sink", { status: 500 }], ["track", 3, 10], ["wait", 20_000], ["sink", "fine"]),
    expected: { tracked: 3, received: 0, lost: 3, again: 0 },
  },
  {
    // The page sends what waits when it is hidden, and leaves it in the queue, which it sends when its time has come.
    name: "another tab is looked at, and this one again",
    driver: segmentBatched,
    script: script(
      "hide",
      ["track", 2, 10],
      ["wait", 500],
      ["hide"],
      ["wait", 1_000],
      ["show"],
      ["wait", 20_000],
    ),
    expected: { tracked: 2, received: 2, lost: 0, again: 2 },
  },
];
