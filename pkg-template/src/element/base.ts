import type { Lang } from "../format.js";
import { say, type Word } from "./words.js";

/** `HTMLElement`; a bare class on servers, where these files may be imported but nothing is ever made of them. */
const Base: typeof HTMLElement =
  typeof HTMLElement === "function" ? HTMLElement : (class {} as unknown as typeof HTMLElement);

/** What the elements have in common: a shadow tree, their language, and events. */
export abstract class KfElement extends Base {
  /** The language: the element's `lang`, else the page's, else the browser's. */
  get language(): Lang {
    const named = this.closest("[lang]")?.getAttribute("lang") || navigator.language;
    return named.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  protected say(word: Word, values?: Record<string, string | number>): string {
    return say(this.language, word, values);
  }

  /** The shadow tree, filled once. */
  protected tree(style: string, markup: string): ShadowRoot {
    if (this.shadowRoot !== null) return this.shadowRoot;
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${style}</style>${markup}`;
    return root;
  }

  /** Takes what a script has set before the element was defined, which would hide the properties for good. */
  protected upgrade(...names: (keyof this & string)[]): void {
    for (const name of names) {
      if (!Object.prototype.hasOwnProperty.call(this, name)) continue;
      const value = this[name];
      delete (this as Partial<this>)[name];
      this[name] = value;
    }
  }

  /** Tells the page; the event leaves shadow trees. */
  protected tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Defines an element, where there are elements and nobody has defined it before. */
export function define(name: string, element: typeof KfElement): void {
  if (typeof customElements !== "object" || customElements.get(name) !== undefined) return;
  customElements.define(name, element as unknown as CustomElementConstructor);
}

/** An element of a tree that was made from markup in these files. */
export function part<E extends HTMLElement = HTMLElement>(root: ShadowRoot, name: string): E {
  return root.querySelector(`[part~="${name}"]`) as E;
}

/** Sets a text where it differs, so that a selection survives. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A new element with a text. */
export function make(tag: string, name: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.setAttribute("part", name);
  element.textContent = text;
  return element;
}

/** What went wrong, in the element's language. */
export function inWords(lang: Lang, reason: unknown): string {
  const { message, messageZh } = reason as { message?: string; messageZh?: string };
  return (lang === "zh" ? messageZh : undefined) ?? message ?? String(reason);
}
