import { asAnswer, Rejected } from "../answer.js";
import { Engine } from "../engine.js";
import { KfactorError } from "../errors.js";
import type { Answer, Fact, View } from "../types.js";
import type { Backend, Connection, Context, Listener, Share } from "./backend.js";

/** How kfactor-server is reached. */
export interface HttpOptions {
  /** The publishable key, `pk_…`. A secret key has no place in a page. */
  key: string;
  /** Milliseconds between questions where server-sent events are not available; 4000 if absent. */
  pollEvery?: number;
}

/** kfactor-server, or any backend that answers on the same paths. */
export function http(url: string, options: HttpOptions): Backend {
  const base = url.replace(/\/+$/, "");
  return { connect: async (context) => new HttpConnection(base, options, context) };
}

class HttpConnection implements Connection {
  private readonly path: string;
  private readonly options: HttpOptions;
  private readonly context: Context;
  private shadow: { loop: string; engine: Engine; next: number } | undefined;

  constructor(base: string, options: HttpOptions, context: Context) {
    this.path = `${base}/v1/campaigns/${encodeURIComponent(context.campaign)}`;
    this.options = options;
    this.context = context;
  }

  async submit(command: object): Promise<Answer> {
    return asAnswer((await this.ask("POST", "/commands", command)) as Answer);
  }

  async view(loop?: string): Promise<View> {
    return (await this.ask("GET", `/view${query({ loop })}`)) as View;
  }

  async preview(loop: string): Promise<Engine> {
    if (this.shadow === undefined || this.shadow.loop !== loop) {
      this.close();
      this.shadow = { loop, engine: await Engine.load(this.context.document), next: 0 };
    }
    const shadow = this.shadow;
    for (;;) {
      const page = (await this.ask("GET", `/facts${query({ loop, after: shadow.next })}`)) as Page;
      // Another call may have read the same page meanwhile.
      if (page.facts.length === 0 || page.next <= shadow.next) return shadow.engine;
      shadow.next = page.next;
      shadow.engine.apply(page.facts);
    }
  }

  async share(request: object): Promise<Share> {
    const { url, token, code } = (await this.ask("POST", "/share", request)) as Share;
    return { url, token, code };
  }

  listen(loop: string | undefined, listener: Listener): () => void {
    // The server tells a page about one loop; without one there is nothing to stream.
    const streams = loop !== undefined && typeof EventSource === "function";
    return streams ? this.stream(loop, listener) : this.poll(listener);
  }

  close(): void {
    this.shadow?.engine.free();
    this.shadow = undefined;
  }

  private stream(loop: string, listener: Listener): () => void {
    const source = new EventSource(`${this.path}/events${query({ key: this.options.key, loop })}`);
    source.onopen = () => listener.online(true);
    source.onerror = () => listener.online(false);
    source.onmessage = () => listener.changed();
    return () => source.close();
  }

  private poll(listener: Listener): () => void {
    const timer = setInterval(() => listener.changed(), this.options.pollEvery ?? 4_000);
    listener.online(true);
    return () => clearInterval(timer);
  }

  /** Gives the body, also of a refused command; other errors are thrown with their code. */
  private async ask(method: string, path: string, body?: object): Promise<unknown> {
    const { id, proof } = this.context.participant;
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.options.key}`,
      "X-Kfactor-Participant": id,
      ...(proof === undefined ? {} : { "X-Kfactor-Proof": proof }),
    };
    const request: RequestInit = { method, headers };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const response = await fetch(this.path + path, request);
    const answer = (await response.json().catch(() => null)) as Partial<Rejected> | null;
    if (response.ok || (answer?.ok === false && answer.id !== undefined)) return answer;
    throw new HttpError(response.status, answer);
  }
}

/** The backend's refusal of a request that was not about a command. */
export class HttpError extends KfactorError {
  readonly status: number;

  constructor(status: number, answer: { code?: string; message?: string; messageZh?: string } | null) {
    const message = answer?.message ?? `The backend answered ${status}.`;
    super(answer?.code ?? "BACKEND_FAILED", message, answer?.messageZh ?? `后端返回 ${status}。`);
    this.name = "HttpError";
    this.status = status;
  }

  /** Whether the same request may be answered later. */
  get isTemporary(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

interface Page {
  facts: Fact[];
  next: number;
}

function query(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
  return text === "" ? "" : `?${text}`;
}
