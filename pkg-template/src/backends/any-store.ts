import { Engine } from "../engine.js";
import { KfactorError } from "../errors.js";
import { poll, type Request } from "../host/host.js";
import type { Answer, Command, Outgoing, View } from "../types.js";
import type { Backend, Connection, Context, Listener, Share, ShareRequest } from "./backend.js";
import { HttpError, isFine, withoutSlash } from "./http.js";
import { shareOf } from "./local.js";

/** How a store is reached that only appends and lists commands. */
export interface AnyStoreOptions {
  /** Sent as `Authorization: Bearer …` if given. */
  key?: string;
  /** Milliseconds between looks at the list; 4000 if absent. */
  pollEvery?: number;
  /** The page that share links lead to; this page if absent. */
  page?: string;
}

/**
 * A store that knows no rules: `POST {url}/{campaign}/commands` appends a command and stamps its `at`,
 * `GET {url}/{campaign}/commands?after=&loop=` lists `{ commands, next }` in its order. Every page replays
 * the list, so all agree.
 */
export function anyStore(url: string, options: AnyStoreOptions = {}): Backend {
  const base = withoutSlash(url);
  return {
    connect: async (context) => {
      const engine = await Engine.load(context.document);
      return new StoreConnection(
        `${base}/${encodeURIComponent(context.campaign)}/commands`,
        options,
        context,
        engine,
      );
    },
  };
}

class StoreConnection implements Connection {
  private readonly path: string;
  private readonly options: AnyStoreOptions;
  private readonly context: Context;
  private readonly engine: Engine;
  private readonly answers = new Map<string, Answer>();
  private next = 0;
  private replaying: Promise<boolean> = Promise.resolve(false);

  constructor(path: string, options: AnyStoreOptions, context: Context, engine: Engine) {
    this.path = path;
    this.options = options;
    this.context = context;
    this.engine = engine;
  }

  async submit(command: Outgoing): Promise<Answer> {
    this.answers.delete(command.id);
    await this.ask("POST", this.path, command);
    await this.replay();
    const answer = this.answers.get(command.id);
    if (answer !== undefined) return answer;
    throw new KfactorError(
      "STORE_LOST",
      "The store did not list the command it took.",
      "存储未返回已提交的指令。",
    );
  }

  async view(loop?: string): Promise<View> {
    await this.replay();
    return this.engine.view(this.context.participant.id, loop === undefined ? {} : { loop });
  }

  async preview(): Promise<Engine> {
    await this.replay();
    return this.engine;
  }

  async share({ touchpoint, ...request }: ShareRequest): Promise<Share> {
    const answer = await this.submit({ ...request, do: "share" } as Command);
    return shareOf(answer, this.options.page ?? this.context.host.page(), request.loop, touchpoint);
  }

  listen(_loop: string | undefined, listener: Listener): () => void {
    const look = (): void => {
      this.replay().then(
        (isNew) => {
          listener.online(true);
          if (isNew) listener.changed();
        },
        () => listener.online(false),
      );
    };
    look();
    return poll(this.context.host, this.options.pollEvery ?? 4_000, look);
  }

  close(): void {
    this.engine.free();
  }

  /** Decides what the store lists and this page has not seen; says whether there was anything. */
  private replay(): Promise<boolean> {
    this.replaying = this.replaying.catch(() => false).then(() => this.replayOnce());
    return this.replaying;
  }

  private async replayOnce(): Promise<boolean> {
    let isNew = false;
    for (;;) {
      const page = (await this.ask("GET", `${this.path}?after=${this.next}`)) as Page;
      if (page.commands.length === 0) return isNew;
      isNew = true;
      for (const command of page.commands) this.answers.set(command.id, this.engine.submit(command));
      this.next = page.next;
    }
  }

  private async ask(method: Request["method"], url: string, body?: object): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.options.key !== undefined) headers.Authorization = `Bearer ${this.options.key}`;
    const request: Request = { method, url, headers };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const { status, body: answer } = await this.context.host.request(request);
    if (isFine(status)) return answer;
    throw new HttpError(status, answer as { code?: string } | null);
  }
}

interface Page {
  commands: Command[];
  next: number;
}
