import { stepInWords as inWords, type StepView } from "kfactor";
import { eventToDo } from "./events";
import { language } from "./language";

/** A deadline farther away than this is no news. */
export const FAR_MS = 45 * 24 * 3_600_000;

/** One step towards a reward in words, such as "2 more friends have to help within 3 h 12 min". */
export function stepInWords(step: StepView, now: number, currency: string): string {
  return inWords(step, { currency, lang: language.value, at: now, event: eventToDo });
}
