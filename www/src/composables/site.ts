import type { Answer } from "kfactor";
import { type Ref, ref } from "vue";
import { isChinese } from "../app/language";
import { rejectionInWords } from "../app/reasons";
import * as site from "../demo/site";
import { tell } from "./notice";
import { usePage } from "./page";

/** What the stand-in for the site's backend can do for the participant of this page. */
export interface Site {
  isBusy: Ref<boolean>;
  happen(name: string, order?: { amount?: number; price?: number; count?: number }): Promise<Answer | null>;
  pay(payment: { loop?: string; play?: string; order: string; amount: number }): Promise<Answer | null>;
  refund(order: string): Promise<Answer | null>;
  /** Any other act of the backend; about this participant, unless it says about whom. */
  act(deed: site.Deed): Promise<Answer | null>;
  forward(milliseconds: number): Promise<void>;
}

/** The stand-in, with its answers taken over by the page and its refusals shown. */
export function useSite(): Site {
  const page = usePage();
  const isBusy = ref(false);
  const campaign = page.document.id;
  const by = page.identity.participant;

  async function run(ask: () => Promise<Answer>): Promise<Answer | null> {
    isBusy.value = true;
    try {
      const answer = await ask();
      page.took(answer);
      if (!answer.ok) tell(rejectionInWords(answer));
      await page.loop.refresh();
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
    happen: (name, order) => run(() => site.event({ campaign, by, name, ...order })),
    pay: (payment) => run(() => site.pay({ campaign, by, ...payment })),
    refund: (order) => run(() => site.refund({ campaign, order })),
    act: (deed) => run(() => site.act({ campaign, by, ...deed })),
    forward: async (milliseconds) => {
      try {
        await site.forward(milliseconds);
        await page.loop.refresh();
      } catch (reason) {
        tell(inWords(reason));
      }
    },
  };
}

/** What an error says to a person. */
export function inWords(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  return isChinese.value && "messageZh" in reason ? String(reason.messageZh) : reason.message;
}
