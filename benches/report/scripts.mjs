// Scripts of what goes wrong, made from a seed: what the page tracks, and what network, sink, storage and clock do.
//
// A script is { fault, seed, latency, poisoned, steps }. A step is one of
//   ["track", count, spacing]  track so many records, so many milliseconds apart
//   ["wait", ms]
//   ["sink", answer]           what the sink does from now on, see ANSWERS in sink.mjs
//   ["online", yes]            the device has a network or not
//   ["latency", ms]
//   ["hide"], ["show"]         another app or tab is looked at, and this one again
//   ["leave"]                  the page is left by a link, as browsers tell it
//   ["kill"]                   the page is gone without a word
//   ["crash"]                  … after its next request has arrived, before the answer has
//   ["tab"]                    a second page of the same site is opened; both track in turns
//   ["clock", ms]              the device's clock jumps
//   ["quota", bytes]           the storage takes no more than that
// After a page is gone, the next "track" opens another one, with the storage that there is.
import { chance } from "./world.mjs";

const MINUTE = 60_000;

/** What can go wrong, and how a script has it happen. */
const FAULTS = {
  nothing: () => [[["wait", 1000]]],
  "500, 503": ({ pick, some }) => [
    [["sink", { status: pick(500, 503) }]],
    [["wait", some(100, 40_000)]],
    [["sink", "fine"]],
  ],
  "429, 408": ({ pick, some }) => [
    [["sink", { status: pick(429, 429, 408), after: pick("seconds", "date", "none"), seconds: some(1, 30) }]],
    [["wait", some(100, 40_000)]],
    [["sink", "fine"]],
  ],
  "401, 301": ({ pick, some }) => [
    [["sink", { status: pick(401, 301) }]],
    [["wait", some(100, 40_000)]],
    [["sink", "fine"]],
  ],
  "bad record, 413": ({ pick, some }) => [
    [["sink", pick("poison", "small")]],
    [["wait", some(100, 20_000)]],
    [["sink", "fine"]],
  ],
  network: ({ pick, some }) => [
    pick([["sink", "reset"]], [["sink", "silence"]], [["online", false]], [["latency", some(5_000, 25_000)]]),
    [["wait", some(100, 60_000)]],
    [
      ["sink", "fine"],
      ["online", true],
      ["latency", 40],
    ],
  ],
  "no answer": ({ pick, some }) => [
    [["sink", pick("taken-reset", "taken-silence")]],
    [["wait", some(100, 60_000)]],
    [["sink", "fine"]],
  ],
  "page goes": ({ pick, some }) => [
    pick(
      [["hide"], ["wait", some(0, 60_000)], ["show"]],
      [["leave"]],
      [["kill"]],
      [["crash"], ["wait", some(0, 10_000)], ["kill"]],
    ),
  ],
  "two tabs": ({ pick, some }) => [
    [["tab"]],
    [["sink", pick("fine", "reset", { status: 503 })]],
    [["wait", some(100, 20_000)]],
    [["sink", "fine"]],
    pick([["kill"]], [["leave"]], []),
  ],
  "storage full": ({ pick, some }) => [
    [["quota", pick(0, 2_000, 20_000)]],
    [["online", false]],
    [["wait", some(100, 20_000)]],
    [["online", true]],
    [["quota", null]],
  ],
  clock: ({ pick, some }) => [
    [["clock", pick(-1, 1) * some(MINUTE, 1440 * MINUTE)]],
    [["sink", pick("fine", { status: 503 })]],
    [["wait", some(100, 20_000)]],
    [["sink", "fine"]],
  ],
  // More than the queues of all peers hold, while a request is on its way.
  "too many": ({ some }) => [
    [["latency", some(1_000, 8_000)]],
    [["track", some(300, 700), 1]],
    [["wait", some(1_000, 20_000)]],
    [["latency", 40]],
  ],
};

export const NAMES = [...Object.keys(FAULTS), "all of it"];

/** All but the bursts, which would be most of what is tracked. */
const ALL = Object.keys(FAULTS).filter((fault) => fault !== "too many");

/** A script in which one thing goes wrong again and again, or everything. */
export function script(fault, seed) {
  const random = chance(seed);
  const some = (low, high) => low + Math.floor(random() * (high - low + 1));
  const pick = (...choices) => choices[some(0, choices.length - 1)];
  const tracking = () => ["track", pick(1, 2, some(3, 12)), pick(0, 30, some(100, 3_000))];
  const steps = [tracking()];
  for (let round = some(2, 5); round > 0; round--) {
    const name = fault === "all of it" ? pick(...ALL) : fault;
    steps.push(["wait", some(0, 15_000)]);
    for (const parts of FAULTS[name]({ some, pick })) steps.push(tracking(), ...parts);
    steps.push(["wait", some(0, 60_000)]);
  }
  return { fault, seed, latency: 40, poisoned: some(3, 9), steps };
}

/** What every script ends with: all is well, and the person comes back twice and does one thing more each time. */
export const END = [
  ["sink", "fine"],
  ["online", true],
  ["latency", 40],
  ["quota", null],
  ["wait", 20 * MINUTE],
  ["leave"],
  ["settle"],
  ["wait", 5 * MINUTE],
  ["leave"],
  ["settle"],
  ["wait", 5 * MINUTE],
];
