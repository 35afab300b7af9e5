import type { Loop } from "../loop/loop.js";
import { KfElement } from "./base.js";
import type { KfLoop } from "./loop-element.js";

/** An element that shows something of a `<kf-loop>`'s loop, or of a loop that its `loop` property gives. */
export abstract class LoopUser extends KfElement {
  private given: Loop | null = null;

  /** The loop this element is about. */
  get loop(): Loop | null {
    return this.given ?? this.host?.loop ?? null;
  }

  set loop(loop: Loop | null) {
    this.given = loop;
    if (this.isConnected) this.ready();
  }

  /** The `<kf-loop>` named by `for`, around this element, or the only one. */
  get host(): KfLoop | null {
    const named = this.getAttribute("for");
    const found =
      named !== null
        ? document.getElementById(named)
        : (this.closest("kf-loop") ?? document.querySelector("kf-loop"));
    return found as KfLoop | null;
  }

  connectedCallback(): void {
    this.upgrade("loop");
    document.addEventListener("kf-ready", this.heard);
    if (this.loop?.getSnapshot().view != null) this.ready();
  }

  disconnectedCallback(): void {
    document.removeEventListener("kf-ready", this.heard);
  }

  /** The loop is there, or another one took its place. */
  protected abstract ready(): void;

  /** What texts of posters know about the loop on the screen. */
  protected values(): Record<string, string | number> {
    const nickname = this.getAttribute("nickname");
    const current = this.loop?.getSnapshot().view?.loops.find(({ loop }) => loop === this.host?.shown);
    const missing = current === undefined ? 0 : Math.max(current.need - current.have, 0);
    return { ...(nickname !== null && { nickname }), ...(missing > 0 && { missing }) };
  }

  private readonly heard = ({ target }: Event): void => {
    if (target === this.host) this.ready();
  };
}

/**
 * An `<img>` in the page's own tree, which a slot shows: hosts save and read pictures on a long press, and some look for
 * them in the document. Its address is a `blob:` one, because long `data:` addresses fail on some phones.
 */
export class Picture {
  private readonly owner: HTMLElement;
  private image: HTMLImageElement | null = null;

  constructor(owner: HTMLElement) {
    this.owner = owner;
  }

  /** Shows a picture in the place of the one before. */
  show(src: string, alt: string, { isCode }: { isCode: boolean }): void {
    const image = document.createElement("img");
    Object.assign(image, { src, alt, slot: "picture" });
    image.toggleAttribute("data-code", isCode);
    this.clear();
    this.image = image;
    this.owner.append(image);
  }

  clear(): void {
    if (this.image === null) return;
    URL.revokeObjectURL(this.image.src);
    this.image.remove();
    this.image = null;
  }
}
