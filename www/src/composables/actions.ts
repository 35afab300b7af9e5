import type { ActionView, Answer, Target } from "kfactor";
import { computed, type ComputedRef, type Ref, ref } from "vue";
import { rejectionInWords } from "../app/reasons";
import { tell } from "./notice";
import { usePage } from "./page";
import { inWords } from "./site";

/** What the participant can do in the play and loop on the screen. */
export interface Actions {
  isBusy: Ref<boolean>;
  /** Opening a loop of this play. */
  open: ComputedRef<ActionView | null>;
  /** Helping or joining the loop. */
  takePart: ComputedRef<ActionView | null>;
  pay: ComputedRef<ActionView | null>;
  leave: ComputedRef<ActionView | null>;
  start(): Promise<Answer | null>;
  /** Helps or joins: the loop on the screen, or the one of a referral code. */
  participate(target?: Target): Promise<Answer | null>;
  giveUp(): Promise<Answer | null>;
}

/** The acts by which a visitor takes part, in any mechanic. */
const PARTAKING = ["help", "join"];

export function useActions(): Actions {
  const page = usePage();
  const { loop, play, current } = page;
  const isBusy = ref(false);
  const find = (act: string): ActionView | null =>
    current.value?.actions.find((action) => action.do === act) ?? null;
  const takePart = computed(
    () => current.value?.actions.find((action) => PARTAKING.includes(action.do)) ?? null,
  );

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
    pay: computed(() => find("pay")),
    leave: computed(() => find("leave")),
    start: () => run(() => loop.open(play.value?.play ?? "")),
    participate: (target) =>
      run(() => (takesHelp() ? loop.help(target ?? here()) : loop.join(target ?? here()))),
    giveUp: () => run(() => loop.leave(current.value?.loop)),
  };

  /** Before there is a loop to ask, the offers say it: only where friends help are there helpers. */
  function takesHelp(): boolean {
    if (takePart.value !== null) return takePart.value.do === "help";
    return play.value?.mechanic === "assist";
  }

  function here(): Target | undefined {
    return current.value === null ? undefined : { loop: current.value.loop };
  }
}
