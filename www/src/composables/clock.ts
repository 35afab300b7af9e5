import { onScopeDispose, type Ref, ref, watch } from "vue";
import type { View } from "kfactor";

const TICK_MS = 250;
const LONGEST_MS = 2 ** 31 - 1;

/** The authority's time, which may be ahead of this device's clock, in Unix milliseconds. */
export function useClock(view: Ref<View | null>): Ref<number> {
  const now = ref(Date.now());
  let ahead = 0;
  const read = (): void => void (now.value = Date.now() + ahead);
  watch(view, (known) => {
    if (known === null) return;
    ahead = known.at - Date.now();
    read();
  });
  const timer = setInterval(read, TICK_MS);
  onScopeDispose(() => clearInterval(timer));
  return now;
}

/** Calls `reached` when the earliest of the view's deadlines that are still ahead has passed. */
export function useDeadlines(view: Ref<View | null>, now: Ref<number>, reached: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(view, (known) => {
    clearTimeout(timer);
    const ahead = deadlines(known).filter((at) => at > now.value);
    if (ahead.length === 0) return;
    // A little later, so that the authority's clock has passed it too.
    timer = setTimeout(reached, Math.min(Math.min(...ahead) - now.value + 150, LONGEST_MS));
  });
  onScopeDispose(() => clearTimeout(timer));
}

function deadlines(view: View | null): number[] {
  if (view === null) return [];
  const loops = view.loops.filter((loop) => loop.status === "running");
  const actions = loops.flatMap((loop) => loop.actions.map((action) => action.until));
  const grants = view.grants.map((grant) => grant.from);
  const all = [view.from, view.until, ...loops.map((loop) => loop.until), ...actions, ...grants];
  return all.filter((at) => typeof at === "number");
}
