import { type Rejected, spoken } from "../answer.js";
import type { Backend, Connection, Listener, Share } from "../backends/backend.js";
import { asText, type Engine } from "../engine.js";
import { KfactorError } from "../errors.js";
import { browser } from "../host/browser.js";
import type { Address, Host } from "../host/host.js";
import { namesOf } from "../sentences.js";
import { qr as draw, type QrOptions } from "../tools.js";
import type { Act, Answer, Campaign, Intent, Outgoing, PosterTemplate, View } from "../types.js";
import { type Arrival, arrive, touchpointOfUtm } from "./arrival.js";
import { drawPoster, type PosterData, type PosterOptions, type PosterPicture } from "../poster/poster.js";
import { checkVariant } from "../poster/onto.js";
import { Unanswered } from "./unanswered.js";
import { posterOf, touchpointOf, variantFor } from "./posters.js";
import { overlay } from "./preview.js";
import { type ReportOptions, Reports } from "./reports.js";
import { type KeyValue, remember } from "./storage.js";

/** What a page says about its campaign and its visitor. */
export interface LoopOptions extends ReportOptions {
  /** The campaign document. */
  campaign: Campaign | string;
  /** Who is here; `proof` comes from the site's own backend. */
  participant: { id: string; proof?: string };
  /** Who decides. */
  backend: Backend;
  /** The loop to show; the one in the address if absent. */
  loop?: string;
  /** The arriving token; the one in the address if absent. */
  token?: string;
  /** Where the token and unanswered commands survive a reload; the browser's storage if absent. */
  storage?: KeyValue;
  /** The language of `notice`; the page's if absent. */
  lang?: "en" | "zh";
  /** The page's address, or the query that a mini-program's page gets in `onLoad`; this page's if absent. */
  address?: Address;
  /** Random bytes for ids; the host's if absent. */
  random?: (length: number) => Uint8Array | Promise<Uint8Array>;
}

/** What a page shows. The same object until something changes. */
export interface LoopSnapshot {
  readonly status: "loading" | "ready" | "failed";
  /** The participant's view: the authority's, with clicks that are under way already shown in it. */
  readonly view: View | null;
  /** Commands without an answer yet. */
  readonly pending: readonly Outgoing[];
  /** Why the last click was refused. */
  readonly rejection: Rejected | null;
  /** The sentence to show, in the page's language: a refusal or a failure. */
  readonly notice: string | null;
  readonly connection: "connecting" | "online" | "offline";
}

/** A campaign page's state and its actions. How posters are drawn is its host's affair. */
export interface Loop<How = PosterOptions, Picture = PosterPicture> {
  /** The current state. */
  getSnapshot(): LoopSnapshot;
  /** Calls `changed` after every change, until the function it gives is called. */
  subscribe(changed: () => void): () => void;
  /** Records the arrival; happens by itself when the address brings a token. */
  visit(): Promise<Answer>;
  /** Opens a loop of a play, and shows it. */
  open(play: string): Promise<Answer>;
  /** Helps the loop that is shown, or another, or the one of a typed referral code. */
  help(target?: Target): Promise<Answer>;
  join(target?: Target): Promise<Answer>;
  leave(loop?: string): Promise<Answer>;
  /** Any other command. */
  act(intent: Intent): Promise<Answer>;
  /** The link, token and code to share; with `sheet`, also opens the host's share sheet where there is one. */
  share(options?: ShareOptions): Promise<Share>;
  /** The share link as a QR symbol in SVG. */
  qr(options?: QrOptions & { loop?: string }): Promise<string>;
  /**
   * A poster of the campaign as a picture, with a link of its own: who comes by it is counted for this participant,
   * this poster and its variant. Texts know `{title}` and `{code}` by themselves.
   */
  poster(name: string, ...options: PosterArguments<How>): Promise<Picture & { share: Share }>;
  /** Shows another loop. */
  show(loop: string): Promise<void>;
  /** Asks the backend again. */
  refresh(): Promise<void>;
  /** Stops listening. What was not answered is sent by the next visit. */
  close(): void;
}

/** What is shared, and how. */
export interface ShareOptions {
  loop?: string;
  /** The touchpoint that those who come are counted for. */
  touchpoint?: string;
  /** Whether the host's share sheet opens. */
  sheet?: boolean;
  title?: string;
  text?: string;
}

/** What is on a poster of a loop. The variant is chosen by participant if absent. */
export type PosterWishes = Pick<PosterData, "values" | "variant"> & {
  loop?: string;
  /**
   * The address of a picture of the platform's own code, or what makes one of what is shared: its token carries this
   * poster. Without one, the poster has a code of the link.
   */
  code?: string | ((share: Share) => Promise<string | undefined>);
};

/** What is on a poster of a loop, and how a page draws it. */
export type LoopPosterOptions = PosterOptions & PosterWishes;

/** The options of a poster; they may be left out where the host can draw without any. */
export type PosterArguments<How> =
  Partial<How> extends How ? [options?: PosterWishes & How] : [options: PosterWishes & How];

/** Draws a poster as a host can. */
export type PosterPainter<How, Picture> = (
  template: PosterTemplate,
  data: PosterData,
  how: How,
) => Promise<Picture>;

/** A loop by its id, or by a referral code that somebody typed. */
export type Target = { loop: string } | { code: string };

/**
 * Runs a campaign in a page: reads the arriving token, shows the view, previews a click at once, sends it,
 * and follows what happens.
 *
 * ```js
 * const loop = createLoop({ campaign, participant, backend: http("/", { key }) });
 * loop.subscribe(() => render(loop.getSnapshot()));
 * button.onclick = () => loop.help();
 * ```
 *
 * "kfactor/react", "kfactor/vue" and "kfactor/element" are made of it.
 */
export function createLoop(options: LoopOptions): Loop {
  return startLoop(options, browser(), (template, data, how) =>
    drawPoster(template, { surface: "h5", ...data }, how),
  );
}

/** The same in any host. */
export function startLoop<How, Picture extends object>(
  options: LoopOptions,
  host: Host,
  painter: PosterPainter<How, Picture>,
): Loop<How, Picture> {
  return new LoopStore(options, host, painter);
}

/** The state of every loop before it knows anything. */
export const LOADING: LoopSnapshot = {
  status: "loading",
  view: null,
  pending: [],
  rejection: null,
  notice: null,
  connection: "connecting",
};

/** Changes that come close together are asked about once. */
const TOGETHER_MS = 40;

class LoopStore<How, Picture extends object> implements Loop<How, Picture> {
  private readonly options: LoopOptions;
  private readonly host: Host;
  private readonly painter: PosterPainter<How, Picture>;
  private readonly document: string;
  private readonly campaign: string;
  private readonly storage: KeyValue;
  private readonly arrival: Arrival;
  /** The arrival as it was read last: what the backend refused of it is not sent again. */
  private read: Arrival;
  private readonly reports: Reports;
  private readonly changed = new Set<() => void>();
  private readonly started: Promise<{ connection: Connection; commands: Unanswered }>;
  private shown: string | undefined;
  private known: View | null = null;
  private shadow: Engine | null = null;
  private stopListening: (() => void) | undefined;
  private stopWatching: (() => void) | undefined;
  private refreshing: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;
  private isClosed = false;
  private snapshot: LoopSnapshot = LOADING;

  constructor(options: LoopOptions, host: Host, painter: PosterPainter<How, Picture>) {
    checkOptions(options);
    this.options = options;
    this.host = host;
    this.painter = painter;
    this.document = asText(options.campaign);
    this.campaign = idOf(this.document);
    this.storage = options.storage ?? host.storage();
    this.read = this.arrived();
    this.arrival = { ...this.read };
    if (options.token !== undefined) this.arrival.token = options.token;
    this.shown = options.loop ?? this.arrival.loop;
    const { campaign, document } = this;
    this.reports = new Reports(options, { campaign, document, subject: options.participant.id }, host);
    this.started = this.start();
    this.started.catch((reason: unknown) => this.fail(reason));
  }

  getSnapshot = (): LoopSnapshot => this.snapshot;

  subscribe = (changed: () => void): (() => void) => {
    this.changed.add(changed);
    return () => void this.changed.delete(changed);
  };

  visit(): Promise<Answer> {
    return this.act({ do: "visit" } as Intent);
  }

  async open(play: string): Promise<Answer> {
    const loop = await this.randomId("l", 11);
    const answer = await this.act({ do: "open", play, loop } as Intent);
    if (answer.ok) await this.show(loop);
    return answer;
  }

  help(target?: Target): Promise<Answer> {
    return this.act({ do: "help", ...this.target(target) } as Intent);
  }

  join(target?: Target): Promise<Answer> {
    return this.act({ do: "join", ...this.target(target) } as Intent);
  }

  leave(loop?: string): Promise<Answer> {
    return this.act({ do: "leave", ...this.target(loop === undefined ? undefined : { loop }) } as Intent);
  }

  async act(intent: Intent): Promise<Answer> {
    if (this.isClosed) throw new KfactorError("LOOP_CLOSED", "This loop was closed.", "该活动进程已关闭。");
    const { commands } = await this.started;
    const { token, touchpoint } = this.arrival;
    const known = token !== undefined ? { token } : touchpoint !== undefined ? { touchpoint } : {};
    const came = TAKES_TOKEN.has((Object(intent) as Intent).do) ? known : {};
    const command = {
      id: await this.randomId("k", 19),
      by: this.options.participant.id,
      ...came,
      ...intent,
    } as Outgoing;
    this.update({ rejection: null, notice: null });
    return commands.send(command);
  }

  async share(options: ShareOptions = {}): Promise<Share> {
    const { connection } = await this.started;
    const loop = options.loop ?? this.shown;
    const by = this.options.participant.id;
    // One id for each participant and loop: asking again gives the same link.
    const id = `s:${loop ?? ""}:${fingerprint(by)}`;
    const { touchpoint } = options;
    const share = await connection.share({
      id,
      by,
      ...(loop === undefined ? {} : { loop }),
      ...(touchpoint === undefined ? {} : { touchpoint }),
    });
    this.reports.track("link-shared", { loop, touchpoint });
    if (options.sheet === true) {
      const { title, text } = options;
      await this.host.openSheet?.({ url: share.url, ...(title && { title }), ...(text && { text }) });
    }
    return loop === undefined ? share : { ...share, loop };
  }

  async qr({ loop, ...options }: QrOptions & { loop?: string } = {}): Promise<string> {
    const { url } = await this.share(loop === undefined ? {} : { loop });
    return draw(url, options);
  }

  async poster(name: string, ...given: PosterArguments<How>): Promise<Picture & { share: Share }> {
    const [options] = given;
    const { loop, values, variant: wanted, code, ...how } = options ?? ({} as PosterWishes & How);
    const template = posterOf(this.document, name);
    checkVariant(template, wanted);
    const variant = wanted ?? variantFor(name, template, this.options.participant.id);
    const share = await this.share({
      touchpoint: touchpointOf(name, variant),
      ...(loop === undefined ? {} : { loop }),
    });
    const data: PosterData = {
      url: share.url,
      values: { title: this.snapshot.view?.title ?? "", code: share.code, ...values },
      ...(variant === undefined ? {} : { variant }),
    };
    const made = typeof code === "function" ? await code(share) : code;
    if (made !== undefined) data.code = made;
    const picture = await this.painter(template, data, how as unknown as How);
    this.reports.track("poster-drawn", { poster: name, ...(variant !== undefined && { variant }) });
    return { ...picture, share };
  }

  async show(loop: string): Promise<void> {
    this.shown = loop;
    await this.follow();
  }

  async refresh(): Promise<void> {
    const { connection } = await this.started;
    const loop = this.shown;
    const view = await connection.view(loop);
    if (this.isClosed || loop !== this.shown) return;
    this.known = view;
    this.update({ status: "ready", connection: "online", view: this.previewed() });
    this.reports.progress(view);
    // A page that cannot get it only shows its clicks later.
    this.shadow = loop === undefined ? null : await connection.preview(loop).catch(() => null);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.refreshing);
    this.stopFollowing();
    this.stopWatching?.();
    this.reports.close();
    this.shadow = null;
    this.changed.clear();
    const stop = ({ connection, commands }: { connection: Connection; commands: Unanswered }): void => {
      commands.close();
      connection.close();
    };
    this.started.then(stop, () => undefined);
  }

  private async start(): Promise<{ connection: Connection; commands: Unanswered }> {
    if (!this.document.trimStart().startsWith("{")) {
      throw new KfactorError(
        "CAMPAIGN_INVALID",
        "`campaign` is the document itself, not its id: fetch it first.",
        "`campaign` 应为活动文档本身而不是其 id：请先取得文档。",
      );
    }
    const { participant, backend } = this.options;
    const context = { campaign: this.campaign, document: this.document, participant, host: this.host };
    const connection = await backend.connect(context);
    const commands = new Unanswered(this.storage, this.keyOf(`unanswered:${participant.id}`), connection, {
      pending: (pending) => this.update({ pending, view: this.previewed(pending) }),
      answered: (command, answer) => this.answered(command, answer),
      online: (isOnline) => this.update({ connection: isOnline ? "online" : "offline" }),
    });
    const started = { connection, commands };
    void Promise.resolve().then(() => this.begin(started));
    return started;
  }

  /** Everything that needs `started`: earlier clicks, the arrival, the first view. */
  private async begin({
    connection,
    commands,
  }: {
    connection: Connection;
    commands: Unanswered;
  }): Promise<void> {
    if (this.isClosed) return;
    this.stopWatching = this.host.watch({
      left: () => this.stopFollowing(),
      shown: () => this.returned(commands),
      online: () => commands.resume(),
    });
    this.update({ pending: commands.pending });
    void commands.flush();
    this.reports.track("page-shown", { loop: this.shown, touchpoint: this.arrival.touchpoint });
    if (this.arrival.token !== undefined || this.arrival.touchpoint !== undefined) void this.visit();
    await this.findLoop(connection);
    await this.follow();
  }

  /** A token that came alone: the backend says for which loop it was shared. */
  private async findLoop(connection: Connection): Promise<void> {
    const { token, isBare } = this.arrival;
    if (token === undefined || isBare !== true || this.shown !== undefined) return;
    if (connection.loopOf === undefined) return;
    try {
      const loop = await connection.loopOf(token);
      delete this.arrival.isBare;
      if (loop !== undefined) this.arrival.loop = this.shown = loop;
      remember(this.storage, this.keyOf("arrival"), this.arrival);
    } catch (reason) {
      // The visit's own answer says in words what is wrong with a token; without a connection, the next start asks.
      if (!(reason instanceof KfactorError)) this.update({ connection: "offline" });
    }
  }

  /** A page that returns reads again what brought its visitor, and what happened meanwhile. */
  private returned(commands: Unanswered): void {
    commands.resume();
    const now = this.arrived();
    if (now.token !== this.read.token || now.touchpoint !== this.read.touchpoint) {
      this.read = now;
      Object.assign(this.arrival, now);
      void this.visit();
    }
    // One that left has stopped listening.
    if (this.stopListening === undefined) void this.follow();
    else this.happened();
  }

  private arrived(): Arrival {
    const arrival = arrive(this.storage, this.keyOf("arrival"), this.options.address ?? this.host.address());
    const { token, touchpoint, utm } = arrival;
    if (utm === undefined || token !== undefined || touchpoint !== undefined) return arrival;
    const meant = touchpointOfUtm(JSON.parse(this.document) as Campaign, utm);
    return meant === undefined ? arrival : { ...arrival, touchpoint: meant };
  }

  private stopFollowing(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }

  private async follow(): Promise<void> {
    const { connection } = await this.started;
    if (this.isClosed) return;
    const loop = this.shown;
    this.stopListening?.();
    const listener: Listener = {
      changed: () => this.happened(),
      online: (isOnline) => this.update({ connection: isOnline ? "online" : "offline" }),
    };
    this.stopListening = connection.listen(loop, listener);
    try {
      await this.refresh();
    } catch (reason) {
      this.fail(reason);
    }
  }

  /** Asks soon, and once for changes that come together; changes that never end do not put it off. */
  private happened(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => {
      this.isAsking = false;
      this.refresh().catch((reason: unknown) => this.fail(reason));
    }, TOGETHER_MS);
  }

  private answered(command: Outgoing, answer: Answer): void {
    this.reports.answered(command, answer);
    if (!answer.ok) {
      // Nobody can be credited for such a link, but it shall not keep its visitor from taking part.
      if (answer.code === "TOKEN_INVALID" && "token" in command) this.forget("token");
      if (answer.code === "TOUCHPOINT_UNKNOWN" && "touchpoint" in command) this.forget("touchpoint");
      const { en: message, zh: messageZh } = spoken(answer, namesOf(this.document));
      this.update({ rejection: answer, notice: this.inWords({ message, messageZh }) });
    }
    this.happened();
  }

  private forget(part: "token" | "touchpoint"): void {
    delete this.arrival[part];
    if (part === "touchpoint") delete this.arrival.utm;
    remember(this.storage, this.keyOf("arrival"), this.arrival);
  }

  private previewed(pending: readonly Outgoing[] = this.snapshot.pending): View | null {
    if (this.known === null || this.shadow === null || pending.length === 0) return this.known;
    return overlay(this.known, this.shadow, pending, this.shown);
  }

  private fail(reason: unknown): void {
    if (this.isClosed) return;
    const error = reason instanceof KfactorError ? reason : unreachable(reason);
    const status =
      this.known === null && error.code !== "BACKEND_UNREACHABLE" ? "failed" : this.snapshot.status;
    this.update({ status, notice: this.inWords(error), connection: "offline" });
    this.reports.failed(error);
    if (error.code === "BACKEND_UNREACHABLE") this.retry();
  }

  private retry(): void {
    clearTimeout(this.refreshing);
    this.isAsking = false;
    this.refreshing = setTimeout(() => void this.follow().catch(() => undefined), 3_000);
  }

  private inWords({ message, messageZh }: { message: string; messageZh: string }): string {
    // Plain scripts hand in what a browser says, as `zh-CN`.
    return (this.options.lang ?? this.host.language()).startsWith("zh") ? messageZh : message;
  }

  private target(target: Target | undefined): Target {
    if (target !== undefined) return target;
    if (this.shown !== undefined) return { loop: this.shown };
    if (this.arrival.code !== undefined) return { code: this.arrival.code };
    throw new KfactorError("LOOP_MISSING", "Say which loop, or which code.", "请指明活动进程或口令。");
  }

  /** A prefix, since no loop's id may begin with `_`, and 6 random bits a letter. */
  private async randomId(prefix: string, length: number): Promise<string> {
    const bytes = await (this.options.random ?? this.host.random)(length);
    return prefix + Array.from(bytes, (byte) => LETTERS[byte & 63]).join("");
  }

  private keyOf(name: string): string {
    return `kfactor:${this.campaign}:${name}`;
  }

  private update(change: Partial<LoopSnapshot>): void {
    if (this.isClosed) return;
    this.snapshot = { ...this.snapshot, ...change };
    for (const changed of this.changed) changed();
  }
}

/** Acts that record where a participant came from. */
const TAKES_TOKEN: ReadonlySet<Act> = new Set(["visit", "open", "help", "join"] as const);

function idOf(document: string): string {
  try {
    return String((JSON.parse(document) as { id?: unknown }).id ?? "");
  } catch {
    // The engine will say what is wrong with the document.
    return "";
  }
}

function checkOptions(options: LoopOptions): void {
  const { campaign, participant, backend } = Object(options) as LoopOptions;
  if (typeof campaign !== "string" && (typeof campaign !== "object" || campaign === null)) {
    throw new KfactorError(
      "LOOP_OPTIONS",
      "Say what is played: `campaign` is the document.",
      "请写明活动：`campaign` 为活动文档。",
    );
  }
  if (typeof participant?.id !== "string" || participant.id === "") {
    throw new KfactorError(
      "LOOP_OPTIONS",
      "Say who is here: `participant` is { id, proof }.",
      "请写明访问者：`participant` 为 { id, proof }。",
    );
  }
  if (typeof backend?.connect !== "function") {
    throw new KfactorError(
      "LOOP_OPTIONS",
      "Say who decides: `backend` is http(…), anyStore(…) or local(…).",
      "请写明由谁判定：`backend` 为 http(…)、anyStore(…) 或 local(…)。",
    );
  }
}

function unreachable(reason: unknown): KfactorError {
  return new KfactorError(
    "BACKEND_UNREACHABLE",
    "No connection at the moment.",
    "网络不可用，请稍后重试。",
    reason,
  );
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/** Tells participants apart within an id, 53 bits. */
function fingerprint(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
