// Bytes of state: for each loop on the workload of `workload.mjs`, beside plain JavaScript, and for each participant
// and loop when there are a million participants.

import { report, worker } from "./measure.mjs";
import { nativeBinary } from "./native.mjs";
import { SIZES, prepare } from "./workload.mjs";

export async function state({ folder, note }) {
  const native = await nativeBinary(note);
  return [...(await perLoop(folder, native, note)), ...(await million(folder, native, note))];
}

/** Bytes for each loop, with its share of participants, counters, grants and remembered answers. */
async function perLoop(folder, native, note) {
  note("state of the workload");
  const { campaign, batches } = prepare(folder, "full");
  const { loops } = SIZES.full;
  const ours = await report([native, "state", campaign, batches]);
  const wasm = await report(worker("state", "kfactor-batch", folder, "full"));
  const plain = await report(worker("state", "reducer", folder, "full"));
  const once = await report(worker("state", "reducer-once", folder, "full"));
  const figure = (name, bytes, peer, theirs) => {
    const ratio = theirs / bytes;
    return {
      name,
      value: bytes / loops,
      unit: "bytes/loop",
      peer,
      ratio: { median: ratio, low: ratio, high: ratio },
    };
  };
  const own = (name, bytes) => ({ name, value: bytes / loops, unit: "bytes/loop" });
  return [
    figure("state", ours.live, "plain JavaScript", plain.heap),
    figure("state", ours.live, "plain JavaScript, idempotent", once.heap),
    own("state, opens alone", ours.opened),
    ...Object.entries(ours.parts).map(([part, bytes]) => own(`state, ${part}`, bytes)),
    own("state, growth of the WebAssembly memory", wasm.wasm),
    own("state, growth of the JavaScript heap", wasm.heap),
  ];
}

/** A million participants, each with an id of 28 characters; a third of them open loops, in which nine help. */
async function million(folder, native, note) {
  note("state of a million participants");
  const { campaign } = prepare(folder, "full");
  const { live, participants, loops, commands, parts } = await report([native, "million", campaign]);
  const { participants: people, ...others } = parts;
  return [
    { name: "state/million, all", value: live / loops, unit: "bytes/loop" },
    { name: "state/million, all", value: live / participants, unit: "bytes/participant" },
    { name: "state/million, participants", value: people / participants, unit: "bytes/participant" },
    { name: "state/million, idempotency", value: parts.idempotency / commands, unit: "bytes/command" },
    ...Object.entries(others).map(([part, bytes]) => {
      return { name: `state/million, ${part}`, value: bytes / loops, unit: "bytes/loop" };
    }),
  ];
}
