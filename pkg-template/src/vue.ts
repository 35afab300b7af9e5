// "kfactor/vue": a campaign in Vue, over the same store as everywhere.
import { getCurrentInstance, onMounted, onScopeDispose, type ShallowRef, shallowRef } from "vue";
import { lazyLoop, type LazyLoop, type LazyOptions, serverSnapshotOf } from "./loop/lazy.js";
import type { Loop, LoopSnapshot } from "./loop/loop.js";

export type { LazyLoop, LazyOptions } from "./loop/lazy.js";

/**
 * A loop for this component or scope. It begins when the component is mounted and ends with it.
 *
 * ```js
 * const { loop, state } = useLoop({ campaign, participant: { id, proof }, backend });
 * // <button @click="loop.help()">{{ state.view?.loops[0]?.have }}</button>
 * ```
 *
 * On a server it renders `initial`, a view that your server has asked for, or nothing yet. For another participant,
 * give the component another `:key`.
 */
export function useLoop(options: LazyOptions): { loop: LazyLoop; state: Readonly<ShallowRef<LoopSnapshot>> } {
  const loop = lazyLoop(options);
  return { loop, state: useLoopSnapshot(loop) };
}

/** The state of a loop, as a reference that follows it. */
export function useLoopSnapshot(loop: Loop | LazyLoop): Readonly<ShallowRef<LoopSnapshot>> {
  const state = shallowRef(serverSnapshotOf(loop));
  let stop: (() => void) | undefined;
  const follow = (): void => {
    stop = loop.subscribe(() => (state.value = loop.getSnapshot()));
    state.value = loop.getSnapshot();
  };
  // A server never mounts; a scope outside components is in a page.
  if (getCurrentInstance() === null) follow();
  else onMounted(follow);
  onScopeDispose(() => stop?.());
  return state;
}
