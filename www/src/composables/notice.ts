import { readonly, ref } from "vue";

const said = ref<string | null>(null);

/** What the page has to say at the moment: a refusal or a failure, in words. */
export const notice = readonly(said);

/** Says it until it is dismissed or something else is said. */
export function tell(text: string | null): void {
  said.value = text;
}
