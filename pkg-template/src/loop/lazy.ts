import type { Campaign, View } from "../types.js";
import { createLoop, LOADING, type Loop, type LoopOptions, type LoopSnapshot } from "./loop.js";

/** What a framework's page says about its loop. */
export interface LazyOptions extends LoopOptions {
  /** The view that a server rendered, shown until the page has its own. */
  initial?: View | undefined;
}

/** A loop that may be made while rendering, on servers too. */
export interface LazyLoop extends Loop {
  /** What a server renders, and a page before it has begun: always the same. */
  getServerSnapshot(): LoopSnapshot;
}

/**
 * A loop that begins when somebody subscribes or acts, and ends when nobody subscribes any more.
 *
 * Until it begins it touches neither storage, address nor network, and its state is the one that a server rendered,
 * so a page hydrates without a difference. What the bindings for React and Vue and the elements are made of.
 */
export function lazyLoop(options: LazyOptions): LazyLoop {
  return new Lazy(options);
}

/** Says whether two descriptions mean the same loop: the same campaign, participant, proof and loop. */
export function loopKey({ campaign, participant, loop, token, lang }: LazyOptions): string {
  return JSON.stringify([idOf(campaign), participant.id, participant.proof, loop, token, lang]);
}

/** What a loop shows on a server. */
export function serverSnapshotOf(loop: Loop | LazyLoop): LoopSnapshot {
  return "getServerSnapshot" in loop ? loop.getServerSnapshot() : LOADING;
}

class Lazy implements LazyLoop {
  private readonly options: LazyOptions;
  private readonly first: LoopSnapshot;
  private loop: Loop | undefined;
  private subscribers = 0;
  private ending: ReturnType<typeof setTimeout> | undefined;
  private shown: { of: LoopSnapshot; as: LoopSnapshot } | undefined;

  constructor(options: LazyOptions) {
    this.options = options;
    this.first =
      options.initial === undefined ? LOADING : { ...LOADING, status: "ready", view: options.initial };
  }

  getServerSnapshot = (): LoopSnapshot => this.first;

  getSnapshot = (): LoopSnapshot => {
    const state = this.loop?.getSnapshot() ?? LOADING;
    if (state === LOADING) return this.first;
    if (state.view !== null || this.first.view === null || state.status === "failed") return state;
    if (this.shown?.of !== state) {
      this.shown = { of: state, as: { ...state, status: "ready", view: this.first.view } };
    }
    return this.shown.as;
  };

  subscribe = (changed: () => void): (() => void) => {
    clearTimeout(this.ending);
    this.subscribers += 1;
    let stop: (() => void) | undefined = this.begun().subscribe(changed);
    return () => {
      if (stop === undefined) return;
      stop();
      stop = undefined;
      this.subscribers -= 1;
      // A framework that mounts again at once, as React in development, goes on with the same loop.
      if (this.subscribers === 0) this.ending = setTimeout(() => this.close(), 0);
    };
  };

  close = (): void => {
    clearTimeout(this.ending);
    this.loop?.close();
    this.loop = undefined;
  };

  visit: Loop["visit"] = () => this.begun().visit();
  open: Loop["open"] = (play) => this.begun().open(play);
  help: Loop["help"] = (target) => this.begun().help(target);
  join: Loop["join"] = (target) => this.begun().join(target);
  leave: Loop["leave"] = (loop) => this.begun().leave(loop);
  act: Loop["act"] = (intent) => this.begun().act(intent);
  share: Loop["share"] = (options) => this.begun().share(options);
  qr: Loop["qr"] = (options) => this.begun().qr(options);
  poster: Loop["poster"] = (name, options) => this.begun().poster(name, options);
  show: Loop["show"] = (loop) => this.begun().show(loop);
  refresh: Loop["refresh"] = () => this.begun().refresh();

  private begun(): Loop {
    this.loop ??= createLoop(this.options);
    return this.loop;
  }
}

function idOf(campaign: Campaign | string): string {
  return typeof campaign === "string" ? campaign : campaign.id;
}
