"use client";
// "kfactor/react": a campaign in React, over the same store as everywhere.
import { useMemo, useSyncExternalStore } from "react";
import { lazyLoop, type LazyLoop, type LazyOptions, loopKey, serverSnapshotOf } from "./loop/lazy.js";
import type { Loop, LoopSnapshot } from "./loop/loop.js";

export type { LazyLoop, LazyOptions } from "./loop/lazy.js";

/**
 * A loop for this component and those below it. It begins when the first of them shows it with `useLoopSnapshot`, and
 * ends with the last; another campaign, participant or proof makes another loop.
 *
 * ```jsx
 * const loop = useLoop({ campaign, participant: { id, proof }, backend });
 * const { view, notice } = useLoopSnapshot(loop);
 * return <button onClick={() => loop.help()}>{view?.loops[0]?.have}</button>;
 * ```
 *
 * On a server it renders `initial`, a view that your server has asked for, or nothing yet.
 */
export function useLoop(options: LazyOptions): LazyLoop {
  return useMemo(() => lazyLoop(options), [loopKey(options)]);
}

/** The state of a loop; the component renders again whenever it changes. */
export function useLoopSnapshot(loop: Loop | LazyLoop): LoopSnapshot {
  return useSyncExternalStore(loop.subscribe, loop.getSnapshot, () => serverSnapshotOf(loop));
}
