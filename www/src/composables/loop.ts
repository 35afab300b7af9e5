import { createLoop, http, type Loop, type LoopSnapshot } from "kfactor";
import { computed, type ComputedRef, onScopeDispose, type ShallowRef, shallowRef, watch } from "vue";
import { go, route } from "../app/route";
import { language } from "../app/language";
import { ownStorage } from "./storage";
import type { Opened } from "./campaign";

/** A campaign's store for this page, and its state. */
export interface Playing {
  loop: Loop;
  state: ShallowRef<LoopSnapshot>;
  /** The loop on the screen. */
  shown: ComputedRef<string | null>;
}

/**
 * Runs a campaign for whoever is here, and keeps the address in step: without a loop in it, the participant's
 * latest one is shown.
 */
export function useLoop({ document, identity }: Opened): Playing {
  const { participant: id, proof, key } = identity;
  const loop = createLoop({
    campaign: document,
    participant: { id, proof },
    backend: http(location.origin, { key }),
    storage: ownStorage(id),
    lang: language.value,
  });
  const state = shallowRef(loop.getSnapshot());
  onScopeDispose(loop.subscribe(() => (state.value = loop.getSnapshot())));
  onScopeDispose(() => loop.close());

  /** The participant's own; a loop that is for all comes after it. */
  const latest = computed(() => {
    const loops = state.value.view?.loops ?? [];
    return (loops.find(({ role }) => role !== "visitor") ?? loops[0])?.loop ?? null;
  });
  const shown = computed(() => route.loop ?? latest.value);
  watch(shown, (wanted, before) => {
    if (wanted === null) return;
    if (before !== undefined) void loop.show(wanted);
    if (route.loop === null) go({ ...route, loop: wanted }, { replace: true });
  });
  return { loop, state, shown };
}
