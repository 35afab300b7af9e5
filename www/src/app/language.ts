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

const CHINESE = /[\u2e80-\u9fff\uff00-\uffef]/;

/** The part of a title in the current language: "10 stars 10 颗星" is "10 stars" or "10 颗星". */
export function titleOf(title: string): string {
  const [first, second] = halves(title);
  if (first === "" || second === "") return title;
  const isFirst = CHINESE.test(first) === isChinese.value;
  return isFirst ? first : second;
}

/** Where the language changes; a number just before Chinese without one belongs to it. */
function halves(title: string): [string, string] {
  const start = title.search(CHINESE);
  if (start === 0) {
    const [, chinese = title, english = ""] =
      /^(.*?)\s+([\x20-\x7e]*[A-Za-z][\x20-\x7e]*)$/.exec(title) ?? [];
    return [chinese, english];
  }
  if (start < 0) return [title, ""];
  const number = /\d/.test(title.slice(start))
    ? ""
    : (/\d[\d.,]*\s?$/.exec(title.slice(0, start))?.[0] ?? "");
  const at = start - number.length;
  return [title.slice(0, at).trim(), title.slice(at).trim()];
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
