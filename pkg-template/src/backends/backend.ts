import type { Engine } from "../engine.js";
import type { Host } from "../host/host.js";
import type { Answer, Outgoing, View } from "../types.js";

/** For whom a backend is spoken to. */
export interface Context {
  /** The id of the campaign. */
  campaign: string;
  /** The campaign document as text. */
  document: string;
  participant: { id: string; proof?: string };
  /** The page that the loop runs in. */
  host: Host;
}

/** What a participant shares. */
export interface Share {
  /** The address to share. */
  url: string;
  /** The token in it, if the backend makes tokens. */
  token: string | null;
  /** The code a person can type instead. */
  code: string;
  /** The loop that is shared, if one is. */
  loop?: string;
}

/** Who shares what, and where it will be met. */
export interface ShareRequest {
  id: string;
  by: string;
  loop?: string;
  /** The touchpoint that those who come are counted for: a declared one, or the one of a poster, `poster-main-b`. */
  touchpoint?: string;
}

/** What a connection tells while it is listened to. */
export interface Listener {
  /** Something happened; the view may have changed. */
  changed(): void;
  /** Whether changes arrive at the moment. */
  online(isOnline: boolean): void;
}

/** One participant's way to whoever decides. Every method rejects with an error if it cannot be reached. */
export interface Connection {
  /** Sends a command; the keeper of the log stamps its time. Sending it again is safe. */
  submit(command: Outgoing): Promise<Answer>;
  view(loop?: string): Promise<View>;
  /** An engine that knows what happened in a loop, to try commands on copies of it. It stays the connection's. */
  preview(loop: string): Promise<Engine>;
  share(request: ShareRequest): Promise<Share>;
  /** The loop that a token was shared for, if for one; absent where addresses always say it. */
  loopOf?(token: string): Promise<string | undefined>;
  /** Listens until the function it gives is called. */
  listen(loop: string | undefined, listener: Listener): () => void;
  /** Gives back what the connection holds. */
  close(): void;
}

/** Who decides: `http` for kfactor-server, `anyStore` for a store that only keeps commands, `local` for this page. */
export interface Backend {
  connect(context: Context): Promise<Connection>;
}
