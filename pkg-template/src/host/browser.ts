import { defaultStorage } from "../loop/storage.js";
import type { Host, PageEvents, Reply, Request, StreamEvents } from "./host.js";

/** A browser's page; also Node, Deno, Bun and workers, which lack some of it. */
export function browser(): Host {
  return {
    random: async (length) => crypto.getRandomValues(new Uint8Array(length)),
    request,
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

function stream(url: string, events: StreamEvents): () => void {
  const source = new EventSource(url);
  source.onopen = () => events.open(true);
  source.onerror = () => events.open(false);
  source.onmessage = () => events.event();
  return () => source.close();
}

function watch({ shown, hidden, online, restored = shown }: PageEvents): () => void {
  if (typeof addEventListener !== "function") return () => undefined;
  const visibility = (): void => (document.visibilityState === "hidden" ? hidden?.() : shown?.());
  // A page from the cache of pages goes on where it stood, which may be long ago.
  const back = (event: Event): void => void ((event as PageTransitionEvent).persisted && restored?.());
  const connected = (): void => online?.();
  addEventListener("visibilitychange", visibility);
  addEventListener("pageshow", back);
  addEventListener("online", connected);
  return () => {
    removeEventListener("visibilitychange", visibility);
    removeEventListener("pageshow", back);
    removeEventListener("online", connected);
  };
}
