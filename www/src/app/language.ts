import { computed, ref, watchEffect } from "vue";

/** The languages of the page. */
export type Language = "en" | "zh";

/** A sentence in both languages. */
export type Both = readonly [en: string, zh: string];

const KEY = "kfactor-page:language";

/** The language of the page: what was chosen before, else the browser's. */
export const language = ref<Language>(remembered());

export const isChinese = computed(() => language.value === "zh");

watchEffect(() => {
  document.documentElement.lang = isChinese.value ? "zh-CN" : "en";
});

/** Chooses a language, also for the next visit. */
export function choose(chosen: Language): void {
  language.value = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // A window without storage asks again next time.
  }
}

/** The sentence of the current language, with `{name}` replaced by the values. */
export function say(both: Both, values: Record<string, string | number> = {}): string {
  const text = both[isChinese.value ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The part of a title in the current language: "Coffee 咖啡" is "Coffee" or "咖啡". */
export function titleOf(title: string): string {
  const start = title.search(/[\u2e80-\u9fff\uff00-\uffef]/);
  const [, chinese, english] =
    start === 0 ? (/^(.*?)\s+([\x20-\x7e]*[A-Za-z][\x20-\x7e]*)$/.exec(title) ?? []) : [];
  if (chinese !== undefined && english !== undefined) return isChinese.value ? chinese : english;
  if (start <= 0) return title;
  const parts = [title.slice(0, start).trim(), title.slice(start).trim()];
  return parts[isChinese.value ? 1 : 0] || title;
}

function remembered(): Language {
  try {
    const stored = localStorage.getItem(KEY);
    if (stored === "en" || stored === "zh") return stored;
  } catch {
    // Then the browser's language decides.
  }
  return navigator.language.startsWith("zh") ? "zh" : "en";
}
