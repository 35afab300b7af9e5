import type { Campaign } from "kfactor";
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";
import { documentOf, identify, type Identity } from "../demo/site";

/** A campaign and the proof of who is here: what a page needs before it can create its loop. */
export interface Opened {
  document: Campaign;
  identity: Identity;
}

/** Loads both; `null` until they are there. */
export function useCampaign(
  campaign: string,
  person: string,
): { opened: ShallowRef<Opened | null>; error: ShallowRef<unknown>; load: () => Promise<void> } {
  const opened = shallowRef<Opened | null>(null);
  const error = shallowRef<unknown>(null);
  let isGone = false;
  onScopeDispose(() => (isGone = true));

  async function load(): Promise<void> {
    error.value = null;
    try {
      const identity = await identify(person);
      const document = await documentOf(campaign, identity);
      if (!isGone) opened.value = { document, identity };
    } catch (reason) {
      error.value = reason;
    }
  }

  void load();
  return { opened, error, load };
}
