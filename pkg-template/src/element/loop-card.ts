import type { LoopSnapshot } from "../loop/loop.js";
import type { ActionView, LoopView, PlayView, RewardView, View } from "../types.js";
import { SENTENCES } from "../generated/tables.js";
import { make, part, write } from "./base.js";
import { LOOP_STYLE } from "./style.js";
import { type Lang, money, titleIn } from "../format.js";
import { stepInWords } from "../steps.js";
import { clock, isWord, say, type Word } from "./words.js";

/** A button of the card: what it does, and to what. */
export interface Button {
  act: string;
  target: { play: string; loop?: string };
  amount: number | null;
}

interface CardEvents {
  pressed(button: Button): void;
  again(): void;
}

/** Acts that a press alone can do, in the order in which one of them becomes the big button. */
const PRESSES = ["pay", "help", "join", "check-in", "draw", "claim"];

/** Mechanics whose claims name what is claimed. */
const NAMED = new Set(["points"]);

/** A deadline farther away than this is no news. */
const FAR_MS = 45 * 24 * 3_600_000;

/** What others did shows as circles; more than this is a crowd. */
const MOST_PEOPLE = 20;

/** What `<kf-loop>` shows: a state goes in, presses come out. */
export class LoopCard {
  static readonly style = LOOP_STYLE;
  static readonly markup = `
    <section part="card" aria-busy="true">
      <slot name="title"><h2 part="title"></h2></slot>
      <div part="count" hidden>
        <span part="have"></span><span part="need" class="quiet"></span>
        <div part="deadline" class="quiet" role="timer"><span part="left"></span><time part="time"></time></div>
      </div>
      <div part="track" role="progressbar" aria-valuemin="0" hidden><div part="bar"></div></div>
      <ul part="people" hidden></ul>
      <ul part="rewards" hidden></ul>
      <slot></slot>
      <p part="notice" role="alert" hidden></p>
      <p part="reason" class="quiet" hidden></p>
      <div part="actions"></div>
    </section>
    <slot name="share"></slot>`;

  private readonly root: ShadowRoot;
  private readonly events: CardEvents;
  private lang: Lang = "en";
  private until: number | null = null;
  private ahead = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(root: ShadowRoot, events: CardEvents) {
    this.root = root;
    this.events = events;
  }

  /** Before anything is known. */
  wait(lang: Lang): void {
    this.clear(lang, say(lang, "loading"));
    this.part("card").setAttribute("aria-busy", "true");
  }

  /** Stops the clock. */
  rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Nothing can be shown; the button tries again. */
  fail(reason: string, lang: Lang): void {
    this.clear(lang, "");
    this.say(reason);
    const again = this.button("again", say(lang, "tryAgain"), true);
    again.onclick = () => this.events.again();
    this.part("actions").replaceChildren(again);
  }

  private clear(lang: Lang, title: string): void {
    this.lang = lang;
    this.rest();
    this.part("card").setAttribute("aria-busy", "false");
    for (const name of ["count", "track", "people", "rewards", "notice", "reason"])
      this.part(name).hidden = true;
    this.part("actions").replaceChildren();
    write(this.part("title"), title);
  }

  /** Shows a sentence, or takes the last one away. */
  say(sentence: string | null): void {
    const notice = this.part("notice");
    notice.hidden = sentence === null;
    write(notice, sentence ?? "");
  }

  show(state: LoopSnapshot, play: string | null, lang: Lang): void {
    this.lang = lang;
    if (state.view === null) {
      if (state.status === "failed") this.fail(state.notice ?? "", lang);
      else this.say(state.connection === "offline" ? say(lang, "offline") : null);
      return;
    }
    const { view } = state;
    const { offer, loop } = this.chosen(state, play);
    this.part("card").setAttribute("aria-busy", String(state.pending.length > 0));
    write(this.part("title"), titleIn(lang, offer?.title ?? view.title));
    this.say(state.notice ?? (state.connection === "offline" ? say(lang, "offline") : null));
    this.progress(loop, view);
    this.people(loop, view);
    this.rewards(loop, offer, view);
    this.actions(loop, offer, view, state.pending.length > 0);
  }

  /** The play that is shown, and its loop: the one that was asked for, else the participant's latest. */
  chosen(
    { view }: LoopSnapshot,
    play: string | null,
  ): { offer: PlayView | undefined; loop: LoopView | undefined } {
    const loop = view?.loops.find((each) => play === null || each.play === play);
    const name = play ?? loop?.play;
    return { offer: view?.plays.find((each) => name === undefined || each.play === name), loop };
  }

  private progress(loop: LoopView | undefined, view: View): void {
    const has = loop !== undefined && loop.need > 0;
    this.part("count").hidden = loop === undefined;
    this.part("track").hidden = !has;
    if (loop === undefined) return this.rest();
    write(this.part("have"), String(loop.have));
    write(this.part("need"), has ? `/ ${loop.need}` : "");
    if (has) {
      const track = this.part("track");
      const have = Math.min(loop.have, loop.need);
      track.setAttribute("aria-valuenow", String(have));
      track.setAttribute("aria-valuemax", String(loop.need));
      track.setAttribute("aria-valuetext", say(this.lang, "progress", { have, need: loop.need }));
      track.setAttribute("aria-label", titleIn(this.lang, view.title));
      this.part("bar").style.width = `${(100 * have) / loop.need}%`;
    }
    const isNear = loop.status === "running" && loop.until - view.at < FAR_MS;
    this.until = isNear ? loop.until : null;
    // The clock that counts is the authority's.
    this.ahead = view.at - Date.now();
    this.part("deadline").hidden = loop.status === "running" && !isNear;
    const ended: Word | null =
      loop.status === "complete" ? "complete" : loop.status === "expired" ? "expired" : null;
    write(this.part("left"), ended === null ? say(this.lang, "endsIn") : "");
    write(this.part("time"), ended === null ? "" : say(this.lang, ended));
    this.tick();
    this.timer ??= setInterval(() => this.tick(), 1000);
  }

  private tick(): void {
    if (this.until === null) return this.rest();
    write(this.part("time"), clock(this.lang, this.until - this.ahead - Date.now()));
  }

  private people(loop: LoopView | undefined, view: View): void {
    const list = this.part("people");
    const people = (loop?.people ?? []).filter(({ who }) => who != null && who !== loop?.initiator);
    list.hidden = people.length === 0;
    list.setAttribute("aria-label", say(this.lang, "people"));
    const circles = people.slice(0, MOST_PEOPLE).map(({ who, status }) => {
      const circle = make("li", "person", Array.from(who ?? "")[0]?.toUpperCase() ?? "");
      circle.dataset.status = status;
      circle.toggleAttribute("data-me", who === view.participant);
      return circle;
    });
    if (people.length > MOST_PEOPLE) circles.push(make("li", "person", `+${people.length - MOST_PEOPLE}`));
    list.replaceChildren(...circles);
  }

  private rewards(loop: LoopView | undefined, offer: PlayView | undefined, view: View): void {
    const list = this.part("rewards");
    const rows = loop?.rewards.length
      ? loop.rewards.map((reward) => this.row(reward.title, this.standing(reward, view), reward.status))
      : (offer?.offers ?? []).map(({ title }) => this.row(title, "", "offered"));
    list.hidden = rows.length === 0;
    list.setAttribute("aria-label", say(this.lang, "rewards"));
    list.replaceChildren(...rows);
  }

  private row(title: string, standing: string, status: string): HTMLElement {
    const row = make("li", "reward");
    row.append(
      make("span", "reward-title", titleIn(this.lang, title)),
      make("span", "reward-standing", standing),
    );
    row.dataset.status = GRANTED.has(status) ? "granted" : status;
    return row;
  }

  private standing({ status, missing: [step] }: RewardView, view: View): string {
    if (GRANTED.has(status)) return say(this.lang, "yours");
    if (status === "out") return say(this.lang, "out");
    return step === undefined ? "" : stepInWords(step, { currency: view.currency, lang: this.lang });
  }

  private actions(
    loop: LoopView | undefined,
    offer: PlayView | undefined,
    view: View,
    isBusy: boolean,
  ): void {
    const play = loop?.play ?? offer?.play ?? "";
    const target = loop === undefined ? { play } : { play, loop: loop.loop };
    const offered = loop?.actions ?? offer?.actions ?? [];
    const isAlone = (action: ActionView): boolean =>
      action.do !== "claim" || !NAMED.has(offer?.mechanic ?? "");
    const wanted = PRESSES.map((act) =>
      offered.find((action) => action.do === act && isAlone(action)),
    ).filter(isThere);
    const isMine = loop?.role === "initiator";
    const isGuest = loop?.role === "visitor";
    const ready = wanted.filter((action) => action.ready);
    const shares = offered.some((action) => action.do === "share" && action.ready);
    // Some loops are opened by what happens, not by anybody.
    const open = offer?.actions.find((action) => action.do === "open" && action.code !== "ACTION_UNKNOWN");
    const leave = loop?.actions.find((action) => action.do === "leave" && action.ready);

    const shown: ActionView[] = [...ready];
    // What a visitor was asked to do stays on the screen, with the reason why they cannot.
    if (ready.length === 0 && isGuest) shown.push(...wanted.slice(0, 1));
    if (loop?.status === "running" && shares && !isGuest) shown.push({ do: "share", ready: true });
    // Who was invited may want one of their own.
    const opens = loop === undefined || (open?.ready === true && (loop.status !== "running" || !isMine));
    if (open !== undefined && opens) shown.push(open);
    if (leave !== undefined) shown.push(leave);

    const buttons = shown.map((action, place) => {
      const isAnother = action.do === "open" && loop !== undefined;
      const text = isAnother ? say(this.lang, "openOwn") : this.label(action, view);
      const button = this.button(action.do, text, place === 0, action.do === "leave");
      button.disabled = !action.ready && action.do !== "open";
      // While a click is under way; a disabled button would lose the keyboard's place.
      button.setAttribute("aria-disabled", String(isBusy));
      button.onclick = () => {
        if (!isBusy) this.events.pressed({ act: action.do, target, amount: action.amount ?? null });
      };
      return button;
    });
    this.place(buttons);
    // What a press was refused for is said already.
    const reason = this.part("notice").hidden ? this.reason(shown[0], offer, view) : "";
    this.part("reason").hidden = reason === "";
    write(this.part("reason"), reason);
  }

  /** Why the big button would be refused: what has to come first, else the engine's sentence, if it needs no values. */
  private reason(action: ActionView | undefined, offer: PlayView | undefined, view: View): string {
    if (action === undefined || action.ready || action.code == null) return "";
    const [step] = action.do === "open" ? (offer?.missing ?? []) : [];
    if (step !== undefined) return stepInWords(step, { currency: view.currency, lang: this.lang });
    const known = SENTENCES[action.code];
    return known === undefined || known[0].includes("{") ? "" : known[this.lang === "zh" ? 1 : 0];
  }

  private label({ do: act, amount }: ActionView, { currency }: View): string {
    const values = { amount: amount == null ? "" : money(this.lang, amount, currency) };
    return isWord(act) ? say(this.lang, act, values) : act;
  }

  /** The button of an act: the one that is there, so that the keyboard stays on it, or a new one. */
  private button(act: string, text: string, isMain: boolean, isBare = false): HTMLButtonElement {
    const old = Array.from(this.part("actions").children).find(
      (each) => (each as HTMLElement).dataset.act === act,
    );
    const button = (old ?? make("button", `button button-${act}`)) as HTMLButtonElement;
    write(button, text);
    button.type = "button";
    button.dataset.act = act;
    button.className = isMain ? "main" : isBare ? "bare" : "";
    return button;
  }

  /** Puts the buttons into place; if the one that has the keyboard goes, the first has it. */
  private place(buttons: HTMLButtonElement[]): void {
    const place = this.part("actions");
    const isSame =
      place.children.length === buttons.length && buttons.every((each, at) => place.children[at] === each);
    if (isSame) return;
    const focused = this.root.activeElement as HTMLButtonElement | null;
    const hadFocus = focused !== null && place.contains(focused);
    place.replaceChildren(...buttons);
    if (hadFocus) (buttons.includes(focused) ? focused : buttons[0])?.focus();
  }

  private part(name: string): HTMLElement {
    return part(this.root, name);
  }
}

/** How a grant stands while it is its owner's. */
const GRANTED = new Set(["held", "reserved", "claimable", "fulfilled", "active", "used"]);

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
