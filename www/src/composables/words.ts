import { explain } from "kfactor";
import { computed, type ComputedRef, type Ref, shallowRef, watch } from "vue";
import { isChinese } from "../app/language";
import { codeInWords } from "../app/reasons";

/** Why an action is not open, in words: the engine's own sentence for the code. */
export function useReason(code: Ref<string | null>): ComputedRef<string | null> {
  const sentences = shallowRef<{ en: string; zh: string } | null>(null);
  watch(
    code,
    async (asked) => {
      sentences.value = null;
      if (asked === null) return;
      const explained = await explain(asked).catch(() => null);
      if (code.value === asked) sentences.value = explained;
    },
    { immediate: true },
  );
  return computed(() => {
    if (code.value === null) return null;
    return codeInWords(code.value) ?? (isChinese.value ? sentences.value?.zh : sentences.value?.en) ?? null;
  });
}
