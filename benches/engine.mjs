// Commands per second, on the workload of `workload.mjs`, beside plain JavaScript and rule
// engines. Before anything is timed, every implementation has to give the same answers to every command.

import { paired, quantile, inRounds, lines, report, worker } from "./measure.mjs";
import { guidedBinary, nativeBinary } from "./native.mjs";
import { SIZES, prepare } from "./workload.mjs";

const ON_FULL = [
  "reducer",
  "reducer-effects",
  "reducer-once",
  "kfactor-call",
  "reducer-bytes",
  "kfactor-batch",
];
const ON_SMALL = ["reducer", "kfactor-call", "json-rules-engine", "zen-expression", "zen-table"];
/** A round with the rule engines takes long and their ratios are far from 1, so fewer rounds do. */
const MOST_SMALL_ROUNDS = 5;

export async function engine({ folder, rounds, note }) {
  const native = { native: await nativeBinary(note), guided: await guidedBinary(note) };
  const outcome = await verify(folder, native, note);
  note(outcome);
  const full = await speeds("full", ON_FULL, native, folder, rounds, note);
  const small = await speeds("small", ON_SMALL, native, folder, Math.min(rounds, MOST_SMALL_ROUNDS), note);
  return [
    ...figures("engine/call", full["kfactor-call"], {
      "plain JavaScript": full.reducer,
      "plain JavaScript, bare effects": full["reducer-effects"],
      "plain JavaScript, idempotent": full["reducer-once"],
    }),
    ...figures("engine/batch", full["kfactor-batch"], {
      "plain JavaScript, JSON bytes": full["reducer-bytes"],
    }),
    ...["native", "guided"].flatMap((build) => [
      ...figures(`engine/${build}`, full[build], { "plain JavaScript": full.reducer }),
      ...figures(`engine/${build}-batch`, full[`${build}-batch`], {
        "plain JavaScript, JSON bytes": full["reducer-bytes"],
      }),
    ]),
    ...figures("engine/call-small", small["kfactor-call"], {
      "plain JavaScript": small.reducer,
      "json-rules-engine 7.3.1": small["json-rules-engine"],
      "zen-engine 0.54.0, expression": small["zen-expression"],
      "zen-engine 0.54.0, decision table": small["zen-table"],
    }),
  ];
}

/** One figure for each peer: the same value, and how it compares. */
function figures(name, ours, peers) {
  const value = quantile(ours, 0.5);
  return Object.entries(peers).map(([peer, theirs]) => {
    return { name, value, unit: "commands/s", peer, ratio: paired(ours, theirs) };
  });
}

/** Commands per second by implementation and round; the native builds come along on the same workload. */
async function speeds(size, names, native, folder, rounds, note) {
  const { campaign, batches } = prepare(folder, size);
  const commands = SIZES[size].loops + SIZES[size].helps;
  const jobs = Object.fromEntries(
    names.map((name) => [name, () => report(worker("time", name, folder, size))]),
  );
  for (const [build, binary] of Object.entries(native)) {
    jobs[build] = () => report([binary, "time", "structs", campaign, batches]);
    jobs[`${build}-batch`] = () => report([binary, "time", "json", campaign, batches]);
  }
  const results = await inRounds(rounds, jobs, note);
  const speed = ({ seconds }) => commands / seconds;
  return Object.fromEntries(Object.entries(results).map(([name, all]) => [name, all.map(speed)]));
}

/** Compares every answer of every implementation with the reducer's; returns the outcome in words. */
async function verify(folder, native, note) {
  let outcome;
  for (const [size, names] of Object.entries({ full: ON_FULL, small: ON_SMALL })) {
    const { campaign, batches } = prepare(folder, size);
    const expected = await collect(worker("answers", "reducer", folder, size));
    const others = names.filter((name) => name !== "reducer" && name !== "reducer-effects");
    for (const name of others) {
      note(`comparing all answers of ${name} (${size})`);
      compare(name, await collect(worker("answers", name, folder, size)), expected);
    }
    for (const [build, binary] of Object.entries(native)) {
      for (const form of ["structs", "json"]) {
        note(`comparing all answers of ${build} ${form} (${size})`);
        compare(`${build} ${form}`, await collect([binary, "answers", form, campaign, batches]), expected);
      }
    }
    outcome ??= summary(expected);
  }
  return outcome;
}

async function collect(command) {
  const answers = [];
  for await (const line of lines(command)) for (const answer of JSON.parse(line)) answers.push(answer);
  return answers;
}

/** Every value of the expected answer has to be in the other one, which may say more. */
function compare(name, answers, expected) {
  if (answers.length !== expected.length) {
    throw new Error(`${name} gave ${answers.length} answers instead of ${expected.length}`);
  }
  for (let at = 0; at < expected.length; at++) {
    if (!agrees(expected[at], answers[at])) {
      const [one, two] = [expected[at], answers[at]].map((answer) => JSON.stringify(answer));
      throw new Error(
        `${name} does not agree on command ${expected[at].id}:\nexpected ${one}\n     got ${two}`,
      );
    }
  }
}

function agrees(expected, answer) {
  if (expected.ok !== answer.ok || expected.id !== answer.id || expected.code !== answer.code) return false;
  const facts = expected.facts ?? [];
  if (facts.length !== (answer.facts ?? []).length) return false;
  return facts.every((fact, at) =>
    Object.entries(fact).every(([key, value]) => answer.facts[at][key] === value),
  );
}

function summary(answers) {
  const counts = new Map();
  let amount = 0;
  for (const answer of answers) {
    for (const { kind, amount: granted } of answer.facts ?? [{ kind: answer.code }]) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (kind === "granted") amount += granted;
    }
  }
  const parts = [...counts].map(([kind, count]) => `${count} ${kind}`);
  return `all agree on ${answers.length} commands: ${parts.join(", ")}; ${amount} granted in all`;
}
