import type { Engine } from "../engine.js";
import type { Command, LoopView, Outgoing, View } from "../types.js";

/**
 * The authority's view with clicks that are under way: the local engine tries them on a copy of what it
 * knows. Progress and people move; rewards and grants stay as the authority says, because only it grants.
 */
export function overlay(
  known: View,
  engine: Engine,
  pending: readonly Outgoing[],
  loop: string | undefined,
): View {
  const trial = engine.fork();
  try {
    const accepted = pending.filter((command) => trial.submit({ ...command, at: known.at } as Command).ok);
    if (accepted.length === 0) return known;
    const options = { at: known.at, ...(loop === undefined ? {} : { loop }) };
    const tried = trial.view(known.participant, options);
    return { ...known, loops: known.loops.map((entry) => advanced(entry, tried)) };
  } finally {
    trial.free();
  }
}

function advanced(entry: LoopView, tried: View): LoopView {
  const ahead = tried.loops.find((other) => other.loop === entry.loop);
  if (ahead === undefined) return entry;
  const { status, role, have, people, actions } = ahead;
  return { ...entry, status, role, have, people, actions };
}
