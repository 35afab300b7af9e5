import type { Backend } from "../backends/backend.js";
import { lazyLoop } from "../loop/lazy.js";
import type { Loop, LoopSnapshot } from "../loop/loop.js";
import type { Answer, Campaign } from "../types.js";
import { inWords, KfElement } from "./base.js";
import { type Button, LoopCard } from "./loop-card.js";
import { optionsFrom } from "./source.js";

/**
 * `<kf-loop>`: a campaign's loop with progress, people, deadline, rewards, buttons and notices.
 *
 * ```html
 * <kf-loop campaign="ten-friends" backend="https://campaigns.example.com" key="pk_…" participant="ann" proof="…"></kf-loop>
 * ```
 *
 * It begins when campaign, backend and participant are said, by attributes or properties, or when it is given a `loop`
 * of `createLoop`. Events: `kf-ready`, `kf-change` (the state), `kf-answer` (each answer), `kf-pay` (a payment that
 * only the site can start). Slots: `title`, the default one above the buttons, and `share`.
 */
export class KfLoop extends KfElement {
  static readonly observedAttributes = [
    "campaign",
    "backend",
    "key",
    "participant",
    "proof",
    "play",
    "loop",
    "lang",
  ];

  private card: LoopCard | undefined;
  private given: { loop?: Loop; campaign?: Campaign; backend?: Backend } = {};
  private running: Loop | null = null;
  private stop: (() => void) | undefined;
  private isScheduled = false;
  private isShown = false;
  private watched: string | undefined;
  private turn = 0;
  private names: readonly string[] = [];

  connectedCallback(): void {
    this.card ??= new LoopCard(this.tree(LoopCard.style, LoopCard.markup), {
      pressed: (button) => void this.press(button),
      again: () => this.schedule(),
    });
    this.card.wait(this.language);
    this.upgrade("loop", "campaign", "backend");
    this.schedule();
  }

  disconnectedCallback(): void {
    this.end();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected || this.card === undefined) return;
    if (name === "play") this.show();
    else this.schedule();
  }

  /** The loop that is shown; one that is given is shown instead of what the attributes say. */
  get loop(): Loop | null {
    return this.given.loop ?? this.running;
  }

  set loop(loop: Loop | null) {
    this.give({ loop: loop ?? undefined });
  }

  /** The campaign's document, where the page has it at hand. */
  get campaign(): Campaign | string | null {
    return this.given.campaign ?? this.getAttribute("campaign");
  }

  set campaign(campaign: Campaign | string | null) {
    if (typeof campaign === "string") this.setAttribute("campaign", campaign);
    this.give({ campaign: typeof campaign === "string" ? undefined : (campaign ?? undefined) });
  }

  /** Who decides, where an address is not enough. */
  get backend(): Backend | string | null {
    return this.given.backend ?? this.getAttribute("backend");
  }

  set backend(backend: Backend | string | null) {
    if (typeof backend === "string") this.setAttribute("backend", backend);
    this.give({ backend: typeof backend === "string" ? undefined : (backend ?? undefined) });
  }

  /** The id of the loop on the screen. */
  get shown(): string | undefined {
    return this.state === null
      ? undefined
      : this.card?.chosen(this.state, this.getAttribute("play")).loop?.loop;
  }

  /** The campaign's posters; empty until its document is there. */
  get posters(): readonly string[] {
    return this.names;
  }

  /** The state of the loop. */
  get state(): LoopSnapshot | null {
    return this.loop?.getSnapshot() ?? null;
  }

  private give(change: Partial<Record<keyof typeof this.given, unknown>>): void {
    Object.assign(this.given, change);
    if (this.isConnected) this.schedule();
  }

  /** Begins once for attributes that change together. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      if (this.isConnected) void this.begin();
    });
  }

  private async begin(): Promise<void> {
    this.end();
    const turn = this.turn;
    try {
      if (this.given.loop === undefined) {
        const said = (name: string): string | null => this.getAttribute(name);
        const options = await optionsFrom({
          campaign: this.campaign,
          backend: this.backend,
          key: said("key"),
          participant: said("participant"),
          proof: said("proof"),
          loop: said("loop"),
          lang: this.language,
        });
        // Attributes changed, or the element was removed, while the document came.
        if (turn !== this.turn) return;
        if (options === null) return this.card?.wait(this.language);
        this.running = lazyLoop(options);
        this.names = postersOf(options.campaign);
      }
    } catch (reason) {
      if (turn === this.turn) this.card?.fail(inWords(this.language, reason), this.language);
      return;
    }
    this.stop = this.loop?.subscribe(() => this.show());
    this.show();
  }

  private end(): void {
    this.turn += 1;
    this.stop?.();
    this.stop = undefined;
    this.running = null;
    this.isShown = false;
    this.watched = undefined;
    this.card?.rest();
  }

  private show(): void {
    const { state, card } = this;
    if (state === null || card === undefined) return;
    card.show(state, this.getAttribute("play"), this.language);
    this.watch();
    if (!this.isShown && state.view !== null) {
      this.isShown = true;
      this.tell("kf-ready", this.loop);
    }
    this.tell("kf-change", state);
  }

  /** Follows the loop on the screen live, also where no address and no click has named it. */
  private watch(): void {
    const { shown } = this;
    if (shown === undefined || shown === this.watched) return;
    this.watched = shown;
    void this.loop?.show(shown).catch(() => undefined);
  }

  private async press({ act, target, amount }: Button): Promise<void> {
    const { loop, shown } = this;
    if (loop === null) return;
    if (act === "share") return this.openSheet();
    if (act === "pay") return this.tell("kf-pay", { ...target, amount });
    try {
      const answer: Answer =
        act === "open" ? await loop.open(target.play) : await loop.act(intentOf(act, target, shown));
      this.tell("kf-answer", answer);
    } catch (reason) {
      this.card?.say(inWords(this.language, reason));
    }
  }

  /** Opens the `<kf-share>` that belongs to this element, or one of its own. */
  private openSheet(): void {
    const own = Array.from(document.querySelectorAll("kf-share")).find(({ host }) => host === this);
    const sheet =
      own ?? this.appendChild(Object.assign(document.createElement("kf-share"), { slot: "share" }));
    sheet.show();
  }
}

type IntentOf = Parameters<Loop["act"]>[0];

/** A command about the loop on the screen; before there is one, about the play, which opens it. */
function intentOf(act: string, { play }: Button["target"], loop: string | undefined): IntentOf {
  return { do: act, ...(loop === undefined ? { play } : { loop }) } as IntentOf;
}

function postersOf(campaign: Campaign | string): string[] {
  try {
    const document = typeof campaign === "string" ? (JSON.parse(campaign) as Campaign) : campaign;
    return Object.keys(document.posters ?? {});
  } catch {
    // The loop says what is wrong with the document.
    return [];
  }
}
