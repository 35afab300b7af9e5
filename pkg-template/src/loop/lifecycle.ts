/** What a page does that its loop has to know. */
export interface PageEvents {
  /** The page goes: what keeps a connection open keeps it out of the browser's back-forward cache. */
  left(): void;
  /** The page is back as it was: from the back-forward cache, or after it was hidden for a while. */
  returned(): void;
  /** The network is back. */
  online(): void;
}

/** A page that was hidden for less than this has missed nothing that its stream does not bring. */
const AWAY_MS = 5_000;

/**
 * Tells of a page's comings and goings until the function it gives is called; where there is no page, of nothing.
 *
 * Never by `unload`: phones do not fire it, and it keeps a page out of the back-forward cache, from which WeChat
 * on iOS brings a page back on every return.
 */
export function followPage(events: PageEvents): () => void {
  if (typeof addEventListener !== "function" || typeof document !== "object") return () => undefined;
  let hiddenAt = 0;
  const hide = (): void => events.left();
  const show = (event: PageTransitionEvent): void => {
    if (event.persisted) events.returned();
  };
  const turn = (): void => {
    if (document.visibilityState === "hidden") hiddenAt = Date.now();
    else if (hiddenAt > 0 && Date.now() - hiddenAt >= AWAY_MS) events.returned();
  };
  const online = (): void => events.online();
  addEventListener("pagehide", hide);
  addEventListener("pageshow", show);
  addEventListener("online", online);
  document.addEventListener("visibilitychange", turn);
  return () => {
    removeEventListener("pagehide", hide);
    removeEventListener("pageshow", show);
    removeEventListener("online", online);
    document.removeEventListener("visibilitychange", turn);
  };
}
