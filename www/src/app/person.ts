import { readonly, ref } from "vue";

/** How many people the control panel remembers. */
const RECENT = 12;
const KEY = "kfactor-page:people";
const NOW_KEY = "kfactor-page:person";
const NAMES = [
  "amber", "basil", "cedar", "clover", "coral", "fern", "hazel", "indigo", "ivory", "jade", "juniper", "lark",
  "laurel", "maple", "mint", "olive", "pearl", "poppy", "river", "robin", "sage", "sky", "tansy", "willow",
] as const; // prettier-ignore
const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";

const people = ref<readonly string[]>(recall(localStorage, KEY, []));

/** Who played in this browser, latest first. */
export const recentPeople = readonly(people);

/** Who this tab is: whoever the address names in `as`, who it was before a reload, or somebody new. */
export function arrivingPerson(): string {
  const address = new URL(location.href);
  const named = address.searchParams.get("as");
  if (named !== null) {
    address.searchParams.delete("as");
    history.replaceState(null, "", address);
  }
  const known = named || recall<string | null>(sessionStorage, NOW_KEY, null);
  return become(known || newPerson());
}

/** Makes this tab another person. */
export function become(person: string): string {
  people.value = [person, ...people.value.filter((other) => other !== person)].slice(0, RECENT);
  remember(localStorage, KEY, people.value);
  remember(sessionStorage, NOW_KEY, person);
  return person;
}

/** Somebody who was never here: an opaque id that reads like a name. */
export function newPerson(): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  const name = NAMES[(random[0] ?? 0) % NAMES.length];
  const letters = Array.from(random.slice(1), (byte) => LETTERS[byte % LETTERS.length]).join("");
  return `${name}-${letters}`;
}

/** An id as a name on the page: "amber-7k2m" is "Amber". */
export function nameOf(person: string): string {
  const [name = person] = person.split("-");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function recall<T>(storage: Storage, key: string, otherwise: T): T {
  try {
    return (JSON.parse(storage.getItem(key) ?? "null") as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Then the person lasts as long as the page.
  }
}
