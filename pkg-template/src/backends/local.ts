import { Engine } from "../engine.js";
import { KfactorError } from "../errors.js";
import type { Answer, Command, Outgoing } from "../types.js";
import { withQuery } from "./address.js";
import type { Backend, Connection, Context, Listener, Share } from "./backend.js";

/** How the campaign runs inside this page. */
export interface LocalOptions {
  /** The clock, in Unix milliseconds. */
  now?: () => number;
  /** The page that share links lead to; this page if absent. */
  page?: string;
  /** See `EngineOptions`. */
  seed?: Uint8Array;
}

/** A campaign in memory. Give the same one to several loops to play several people. */
export interface LocalBackend extends Backend {
  /** What only a backend may do: payments, events, refunds, fulfilment, ticks. */
  record(command: Outgoing): Promise<Answer>;
}

/** Decides in this page's memory: for demonstrations and tests. */
export function local(options: LocalOptions = {}): LocalBackend {
  const now = options.now ?? Date.now;
  const listeners = new Set<Listener>();
  let loading: Promise<Engine> | undefined;

  const engineFor = ({ document }: Context): Promise<Engine> =>
    (loading ??= Engine.load(document, options.seed === undefined ? {} : { seed: options.seed }));

  const decide = (engine: Engine, command: Outgoing): Answer => {
    const answer = engine.submit({ ...command, at: now() } as Command);
    if (answer.ok && !answer.repeated) tell(listeners);
    return answer;
  };

  return {
    connect: async (context) => {
      const engine = await engineFor(context);
      const by = context.participant.id;
      return {
        submit: async (command) => decide(engine, command),
        view: async (loop) => engine.view(by, { at: now(), ...(loop === undefined ? {} : { loop }) }),
        preview: async () => engine,
        share: async ({ touchpoint, ...request }) =>
          shareOf(
            decide(engine, { ...request, do: "share" } as Command),
            options.page ?? context.host.page(),
            request.loop,
            touchpoint,
          ),
        listen: (_loop, listener) => {
          listeners.add(listener);
          listener.online(true);
          return () => void listeners.delete(listener);
        },
        // The engine is shared by all who play in this page.
        close: () => undefined,
      } satisfies Connection;
    },
    record: async (command) => {
      if (loading === undefined) {
        throw new KfactorError("LOCAL_NOT_CONNECTED", "No loop uses this backend yet.", "该后端尚未被使用。");
      }
      return decide(await loading, command);
    },
  };
}

/** Tells everyone who listens, after the answer is on its way. */
function tell(listeners: ReadonlySet<Listener>): void {
  void Promise.resolve().then(() => {
    for (const listener of listeners) listener.changed();
  });
}

/** The link for an answer to `share` where nobody can sign tokens: the code is in the address. */
export function shareOf(
  answer: Answer,
  page: string,
  loop: string | undefined,
  touchpoint: string | undefined,
): Share {
  if (!answer.ok) throw new KfactorError(answer.code, answer.message, answer.messageZh);
  const shared = answer.facts.find((fact) => fact.kind === "shared");
  const code = shared?.kind === "shared" ? shared.code : "";
  return { url: withQuery(page, { loop, code, touchpoint }), token: null, code };
}
