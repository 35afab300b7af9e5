import type { ActionView, Answer, Intent, Target } from "kfactor";
import { computed, type ComputedRef, type Ref, ref } from "vue";
import { rejectionInWords } from "../app/reasons";
import { MECHANICS } from "../mechanics";
import { tell } from "./notice";
import { usePage } from "./page";
import { inWords } from "./site";

/** What a participant can ask for in a play's own loop: the act, and what it is about. */
export type Deed = { do: Intent["do"] } & Partial<
  Record<"name" | "text" | "hash" | "grant", string> & Record<"amount" | "count", number>
>;

/** What the participant can do in the play and loop on the screen. */
export interface Actions {
  isBusy: Ref<boolean>;
  /** Opening a loop of this play. */
  open: ComputedRef<ActionView | null>;
  /** Helping or joining the loop. */
  takePart: ComputedRef<ActionView | null>;
  /** The act by which participants move their own loop, as checking in or drawing. */
  own: ComputedRef<ActionView | null>;
  pay: ComputedRef<ActionView | null>;
  leave: ComputedRef<ActionView | null>;
  start(): Promise<Answer | null>;
  /** Helps or joins: the loop on the screen, or the one of a referral code. */
  participate(target?: Target): Promise<Answer | null>;
  giveUp(): Promise<Answer | null>;
  /** Does something in the loop on the screen; without one, in the play, which opens it. */
  act(deed: Deed): Promise<Answer | null>;
}

/** The acts by which a visitor takes part, in any mechanic. */
const PARTAKING = ["help", "join"];

export function useActions(): Actions {
  const page = usePage();
  const { loop, play, current } = page;
  const isBusy = ref(false);
  const mechanic = computed(() => MECHANICS[play.value?.mechanic ?? ""] ?? null);
  /** Before there is a loop, a play that opens it by the first act offers that act itself. */
  const offered = computed(() => current.value?.actions ?? play.value?.actions ?? []);
  const find = (act: string | undefined): ActionView | null =>
    offered.value.find((action) => action.do === act) ?? null;
  const takePart = computed(
    () => offered.value.find((action) => PARTAKING.includes(action.do) && isForMe(action)) ?? null,
  );

  /** Joining a loop of one's own that does not exist yet means nothing. */
  function isForMe(action: ActionView): boolean {
    return current.value !== null || (action.do === "join" && mechanic.value?.isForAll === true);
  }

  async function run(act: () => Promise<Answer>): Promise<Answer | null> {
    isBusy.value = true;
    tell(null);
    try {
      const answer = await act();
      if (!answer.ok) tell(rejectionInWords(answer));
      page.took(answer);
      return answer;
    } catch (reason) {
      tell(inWords(reason));
      return null;
    } finally {
      isBusy.value = false;
    }
  }

  return {
    isBusy,
    open: computed(() => play.value?.actions.find((action) => action.do === "open") ?? null),
    takePart,
    own: computed(() => {
      const action = find(mechanic.value?.own?.act);
      return mechanic.value?.own?.isOnlyReady === true && action?.ready !== true ? null : action;
    }),
    pay: computed(() => find("pay")),
    leave: computed(() => find("leave")),
    start: () => run(() => loop.open(play.value?.play ?? "")),
    participate: (target) =>
      run(() => {
        const where = target ?? here();
        if (where === undefined) return loop.act(inPlay({ do: "join" }));
        return takesHelp() ? loop.help(where) : loop.join(where);
      }),
    giveUp: () => run(() => loop.leave(current.value?.loop)),
    act: (deed) => run(() => loop.act(inPlay(deed))),
  };

  /** Before there is a loop to ask, the offers say it: only where friends help are there helpers. */
  function takesHelp(): boolean {
    if (takePart.value !== null) return takePart.value.do === "help";
    return mechanic.value?.takesHelp === true;
  }

  function here(): Target | undefined {
    return current.value === null ? undefined : { loop: current.value.loop };
  }

  function inPlay(deed: Deed): Intent {
    if (deed.grant !== undefined) return deed as Intent;
    return { ...deed, ...(here() ?? { play: play.value?.play ?? "" }) } as Intent;
  }
}
