import type { KeyValue } from "../loop/storage.js";

/** A question to a backend. */
export interface Request {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** JSON. */
  body?: string;
}

/** What a backend answered. */
export interface Reply {
  /** Of HTTP. */
  status: number;
  /** The JSON of the answer; `null` if it was none. */
  body: unknown;
}

/** A report on its way. */
export interface Post {
  url: string;
  /** The `Content-Type`. */
  type: string;
  headers: Record<string, string>;
  body: string;
  /** Whether the page may be gone before the answer. */
  isLeaving: boolean;
}

/** What came back for a report. */
export interface PostReply {
  /** Of HTTP; 0 if there was no answer. A redirection is not followed. */
  status: number;
  retryAfter?: string;
  date?: string;
}

/** What a stream of server-sent events tells. */
export interface StreamEvents {
  /** An event came. */
  event(): void;
  /** Whether events arrive at the moment. */
  open(isOpen: boolean): void;
}

/** What happens to a page while it lives. */
export interface PageEvents {
  /** It is in sight again: what it shows may be old. */
  shown?(): void;
  /** It is out of sight, and may neither be asked nor answered until it is shown. */
  hidden?(): void;
  /** It goes: what keeps a connection open now keeps it out of the browser's back-forward cache. */
  left?(): void;
  /** The network came back. */
  online?(): void;
}

/** With what a visitor came: an address, or the query that a mini-program's page gets in `onLoad`. */
export type Address = string | Readonly<Record<string, string | undefined>>;

/** What a loop needs of its surroundings: a browser's page and a mini-program's give the same by other means. */
export interface Host {
  /**
   * Bytes that nobody can foretell.
   *
   * @throws {KfactorError} `ENTROPY_MISSING` if the host has none.
   */
  random(length: number): Promise<Uint8Array>;
  /** Asks a backend. Gives every answer, whatever its status; rejects only if there was none. */
  request(request: Request): Promise<Reply>;
  /** Sends a report. May never be settled where nobody can know whether it arrived. */
  post(post: Post): Promise<PostReply>;
  /** Listens to server-sent events until the function it gives is called; absent where there are none. */
  stream?: ((url: string, events: StreamEvents) => () => void) | undefined;
  /** What outlives the page. */
  storage(): KeyValue;
  /** With what the visitor came here. */
  address(): Address;
  /** The page that links lead to where no backend knows better. */
  page(): string;
  /** The language of the page. */
  language(): "en" | "zh";
  /** Tells what happens to the page until the function it gives is called. */
  watch(events: PageEvents): () => void;
  /** Opens the share sheet; absent where only a person's tap on a button can. */
  openSheet?: ((sheet: { url: string; title?: string; text?: string }) => Promise<void>) | undefined;
}

/** Asks again and again while the page is in sight, and at once when it comes back, until the function it gives is called. */
export function poll(host: Host, every: number, look: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined = setInterval(look, every);
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const unwatch = host.watch({
    hidden: stop,
    shown: () => {
      stop();
      timer = setInterval(look, every);
      look();
    },
  });
  return () => {
    unwatch();
    stop();
  };
}
