import type { Answer, Campaign, Loop, LoopSnapshot, LoopView, PlayView, View } from "kfactor";
import {
  computed,
  type ComputedRef,
  inject,
  type InjectionKey,
  onScopeDispose,
  provide,
  type Ref,
  ref,
  type ShallowRef,
} from "vue";
import type { Told } from "../app/facts";
import { go, route } from "../app/route";
import type { Identity } from "../demo/site";
import type { Opened } from "./campaign";
import { useClock, useDeadlines } from "./clock";
import { type Log, useLog } from "./log";
import { useLoop } from "./loop";

/** What every part of a campaign's page may need. */
export interface Page {
  document: Campaign;
  identity: Identity;
  loop: Loop;
  state: ShallowRef<LoopSnapshot>;
  view: ComputedRef<View | null>;
  /** The play on the screen. */
  play: ComputedRef<PlayView | null>;
  /** The loop on the screen, if there is one of this play. */
  current: ComputedRef<LoopView | null>;
  /** The authority's time. */
  now: Ref<number>;
  currency: ComputedRef<string>;
  log: Log;
  told: Told;
  /** Shows another play of the campaign. */
  choose(play: string): void;
  /** Takes an answer's facts over, and shows the loop it opened. */
  took(answer: Answer): void;
}

const KEY: InjectionKey<Page> = Symbol("page");

/** The page that this component is part of. */
export function usePage(): Page {
  const page = inject(KEY);
  if (page === undefined) throw new Error("usePage is for components of a campaign's page");
  return page;
}

/** Sets up a campaign's page and hands it to the components inside. */
export function providePage(opened: Opened): Page {
  const { document, identity } = opened;
  const { loop, state, shown } = useLoop(opened);
  const view = computed(() => state.value.view);
  const now = useClock(view);
  useDeadlines(view, now, () => void loop.refresh().catch(() => undefined));
  let isGone = false;
  onScopeDispose(() => (isGone = true));
  const log = useLog(document.id, identity, shown, view);

  const chosen = ref<string | null>(null);
  const asked = computed(() => view.value?.loops.find((other) => other.loop === shown.value) ?? null);
  const play = computed(() => {
    const plays = view.value?.plays ?? [];
    const name = chosen.value ?? asked.value?.play;
    return plays.find((other) => other.play === name) ?? plays[0] ?? null;
  });
  const current = computed(() => {
    if (asked.value?.play === play.value?.play) return asked.value;
    return view.value?.loops.find((other) => other.play === play.value?.play) ?? null;
  });

  const page: Page = {
    document,
    identity,
    loop,
    state,
    view,
    play,
    current,
    now,
    currency: computed(() => view.value?.currency ?? document.currency ?? "CNY"),
    log,
    told: {
      get currency() {
        return page.currency.value;
      },
      title: (name) => document.rewards?.[name]?.title ?? document.plays[name]?.title ?? name,
    },
    choose: (name) => {
      chosen.value = name;
      const other = view.value?.loops.find(({ play }) => play === name)?.loop;
      if (other !== undefined) go({ campaign: route.campaign, loop: other }, { replace: true });
    },
    took: (answer) => {
      log.note(answer);
      // Loops that the engine opens by itself, as a board for all, begin with a line.
      const opened = answer.ok
        ? answer.facts.find((fact) => fact.kind === "opened" && !fact.loop.startsWith("_"))
        : undefined;
      if (opened?.kind !== "opened" || opened.by !== identity.participant) return;
      if (opened.loop === route.loop || isGone) return;
      chosen.value = opened.play;
      go({ campaign: route.campaign, loop: opened.loop });
    },
  };
  provide(KEY, page);
  return page;
}
