import { asAnswer, Rejected } from "../answer.js";
import { Engine } from "../engine.js";
import { KfactorError, text } from "../errors.js";
import { poll, type Request } from "../host/host.js";
import type { Answer, Fact, View } from "../types.js";
import { query } from "./address.js";
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
  const base = withoutSlash(url);
  text((options as HttpOptions | undefined)?.key, "key");
  return { connect: async (context) => new HttpConnection(base, options, context) };
}

class HttpConnection implements Connection {
  private readonly base: string;
  private readonly path: string;
  private readonly options: HttpOptions;
  private readonly context: Context;
  private shadow: { loop: string; engine: Engine; next: number } | undefined;

  constructor(base: string, options: HttpOptions, context: Context) {
    this.base = base;
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

  async loopOf(token: string): Promise<string | undefined> {
    const { loop } = (await this.send("GET", `${this.base}/r/${token}`)) as { loop?: string | null };
    return loop ?? undefined;
  }

  listen(loop: string | undefined, listener: Listener): () => void {
    const { stream } = this.context.host;
    // The server tells a page about one loop; without one there is nothing to stream.
    if (stream === undefined || loop === undefined) return this.poll(listener);
    const url = `${this.path}/events${query({ key: this.options.key, loop })}`;
    return stream(url, { open: (isOpen) => listener.online(isOpen), event: () => listener.changed() });
  }

  close(): void {
    this.shadow?.engine.free();
    this.shadow = undefined;
  }

  private poll(listener: Listener): () => void {
    const stop = poll(this.context.host, this.options.pollEvery ?? 4_000, () => listener.changed());
    listener.online(true);
    return stop;
  }

  private ask(method: Request["method"], path: string, body?: object): Promise<unknown> {
    return this.send(method, this.path + path, body);
  }

  /** Gives the body, also of a refused command; other errors are thrown with their code. */
  private async send(method: Request["method"], url: string, body?: object): Promise<unknown> {
    const { id, proof } = this.context.participant;
    const headers: Record<string, string> = {
      Accept: "application/json",
      Authorization: `Bearer ${this.options.key}`,
      "X-Kfactor-Participant": id,
      ...(proof === undefined ? {} : { "X-Kfactor-Proof": proof }),
    };
    const request: Request = { method, url, headers };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const reply = await this.context.host.request(request);
    const answer = reply.body as Partial<Rejected> | null;
    if (isFine(reply.status) || (answer?.ok === false && answer.id !== undefined)) return answer;
    throw new HttpError(reply.status, answer);
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

/** Whether a status of HTTP says that all went well. */
export function isFine(status: number): boolean {
  return status >= 200 && status < 300;
}

/** An address to put a path behind. */
export function withoutSlash(url: string): string {
  return text(url, "url").replace(/\/+$/, "");
}

interface Page {
  facts: Fact[];
  next: number;
}
