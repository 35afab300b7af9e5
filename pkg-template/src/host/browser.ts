import { defaultStorage } from "../loop/storage.js";
import type { Host, PageEvents, Post, PostReply, Reply, Request, StreamEvents } from "./host.js";

/** A browser's page; also Node, Deno, Bun and workers, which lack some of it. */
export function browser(): Host {
  return {
    random: async (length) => crypto.getRandomValues(new Uint8Array(length)),
    request,
    post,
    stream: typeof EventSource === "function" ? stream : undefined,
    storage: defaultStorage,
    address: () => (typeof location === "object" ? location.href : ""),
    page: () => (typeof location === "object" ? location.origin + location.pathname : "https://example.com/"),
    language: () => (typeof navigator === "object" && navigator.language?.startsWith("zh") ? "zh" : "en"),
    watch,
    openSheet:
      typeof navigator === "object" && typeof navigator.share === "function"
        ? // Closing the sheet without a choice is no failure.
          (sheet) => navigator.share(sheet).catch(() => undefined)
        : undefined,
  };
}

async function request({ method, url, headers, body }: Request): Promise<Reply> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: await response.json().catch(() => null) };
}

/** No answer to a report is worth waiting longer for. */
const LONGEST_WAIT_MS = 15_000;

async function post({ url, type, headers, body, isLeaving }: Post): Promise<PostReply> {
  // Another origin is asked for permission first, unless the type is plain; a page that goes has no time for that.
  const sent = isLeaving && !isOwn(url) ? "text/plain;charset=UTF-8" : type;
  const outlives = typeof Request === "function" && "keepalive" in Request.prototype;
  if (isLeaving && !outlives && typeof navigator === "object" && typeof navigator.sendBeacon === "function") {
    // What a beacon took may have arrived: its records are sent again, with the same ids, by the next page.
    return navigator.sendBeacon(url, new Blob([body], { type: sent }))
      ? new Promise<PostReply>(() => undefined)
      : { status: 0 };
  }
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LONGEST_WAIT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "Content-Type": sent },
      body,
      keepalive: isLeaving,
      credentials: "omit",
      redirect: "manual",
      signal: stop.signal,
    });
    const retryAfter = response.headers.get("Retry-After");
    const date = response.headers.get("Date");
    return {
      status: response.type === "opaqueredirect" ? 302 : response.status,
      ...(retryAfter !== null && { retryAfter }),
      ...(date !== null && { date }),
    };
  } finally {
    clearTimeout(timer);
  }
}

function isOwn(url: string): boolean {
  return typeof location === "object" && new URL(url, location.href).origin === location.origin;
}

function stream(url: string, events: StreamEvents): () => void {
  const source = new EventSource(url);
  source.onopen = () => events.open(true);
  source.onerror = () => events.open(false);
  source.onmessage = () => events.event();
  return () => source.close();
}

/**
 * Never by `unload`: phones do not fire it, and it keeps a page out of the back-forward cache, from which WeChat on iOS
 * brings a page back on every return.
 */
function watch({ shown, hidden, left, online }: PageEvents): () => void {
  if (typeof addEventListener !== "function" || typeof document !== "object") return () => undefined;
  const visibility = (): void => (document.visibilityState === "hidden" ? hidden?.() : shown?.());
  const back = (event: PageTransitionEvent): void => void (event.persisted && shown?.());
  const gone = (): void => {
    hidden?.();
    left?.();
  };
  const connected = (): void => online?.();
  document.addEventListener("visibilitychange", visibility);
  addEventListener("pageshow", back);
  addEventListener("pagehide", gone);
  addEventListener("online", connected);
  return () => {
    document.removeEventListener("visibilitychange", visibility);
    removeEventListener("pageshow", back);
    removeEventListener("pagehide", gone);
    removeEventListener("online", connected);
  };
}
