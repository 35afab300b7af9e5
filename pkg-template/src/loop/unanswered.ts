import { HttpError } from "../backends/http.js";
import type { Connection } from "../backends/backend.js";
import { Rejected } from "../answer.js";
import { KfactorError } from "../errors.js";
import type { Answer, Code, Outgoing } from "../types.js";
import { type KeyValue, recall, remember } from "./storage.js";

/** What the queue tells. */
export interface UnansweredEvents {
  /** The list of commands without an answer changed. */
  pending(commands: readonly Outgoing[]): void;
  answered(command: Outgoing, answer: Answer): void;
  online(isOnline: boolean): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Commands in the order of the clicks, each kept until it is answered. Without an answer it is sent again,
 * also after a reload: its id makes that safe.
 */
export class Unanswered {
  private readonly storage: KeyValue;
  private readonly key: string;
  private readonly connection: Connection;
  private readonly events: UnansweredEvents;
  private readonly waiting = new Map<string, (answer: Answer) => void>();
  private commands: Outgoing[];
  private isSending = false;
  private isClosed = false;
  private pause = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: KeyValue, key: string, connection: Connection, events: UnansweredEvents) {
    this.storage = storage;
    this.key = key;
    this.connection = connection;
    this.events = events;
    this.commands = recall<Outgoing[]>(storage, key) ?? [];
  }

  /** The commands without an answer. */
  get pending(): readonly Outgoing[] {
    return this.commands;
  }

  /** Takes a command; gives its answer, however long that takes. */
  send(command: Outgoing): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => this.waiting.set(command.id, resolve));
    this.replace([...this.commands, command]);
    void this.flush();
    return answer;
  }

  /** Sends what is waiting; to be called when the network comes back. */
  async flush(): Promise<void> {
    if (this.isSending || this.isClosed) return;
    clearTimeout(this.timer);
    this.isSending = true;
    try {
      for (let next = this.commands[0]; next !== undefined && !this.isClosed; next = this.commands[0]) {
        const answer = await this.attempt(next);
        if (answer === null) return this.later();
        this.pause = FIRST_PAUSE_MS;
        const { id } = next;
        this.replace(this.commands.filter((command) => command.id !== id));
        this.events.answered(next, answer);
        this.waiting.get(id)?.(answer);
        this.waiting.delete(id);
      }
    } finally {
      this.isSending = false;
    }
  }

  /**
   * Sends without waiting for the pause to be over, for the network or the page came back. Another page of this visitor may
   * have left commands in the same storage meanwhile.
   */
  resume(): void {
    const own = new Set(this.commands.map(({ id }) => id));
    const left = (recall<Outgoing[]>(this.storage, this.key) ?? []).filter(({ id }) => !own.has(id));
    if (left.length > 0) this.replace([...this.commands, ...left]);
    this.pause = FIRST_PAUSE_MS;
    void this.flush();
  }

  /** Stops sending. What is waiting stays in the storage. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async attempt(command: Outgoing): Promise<Answer | null> {
    try {
      const answer = await this.connection.submit(command);
      this.events.online(true);
      return answer;
    } catch (reason) {
      const isFinal = reason instanceof HttpError && !reason.isTemporary;
      if (isFinal) return refusal(command.id, reason);
      this.events.online(false);
      return null;
    }
  }

  private later(): void {
    this.timer = setTimeout(() => void this.flush(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  private replace(commands: Outgoing[]): void {
    this.commands = commands;
    remember(this.storage, this.key, commands);
    this.events.pending(commands);
  }
}

/** A refusal by the backend around the engine, in the form of the engine's own. */
function refusal(id: string, error: KfactorError): Rejected {
  return Rejected.spoken(id, error.code as Code, error.message, error.messageZh);
}
