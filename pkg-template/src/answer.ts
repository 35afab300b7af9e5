import { CODES } from "./generated/tables.js";
import { decode, type Names as Tables } from "./generated/decode.js";
import { isKnown, type Names, sentences, type Sentences } from "./sentences.js";
import type { Accepted, Answer, Code, Command, Fact, Params, StepView } from "./types.js";
import { broken, byte, flag, number, small, string } from "./wire.js";

const ACCEPTED = 0;
const REJECTED = 1;
const MALFORMED = 2;
const REPEATED = 0x80;

/** The sentences of refusals whose sender wrote them; all others are written when they are asked for. */
const SPOKEN = new WeakMap<Rejected, Sentences>();

/**
 * A command that was refused, and why: `message` and `messageZh` can be shown to a person. They know no campaign;
 * `explain(code, params, campaign)` has amounts in its currency and titles instead of names.
 */
export class Rejected {
  readonly ok = false;
  /** The command's id; `null` if the text was no command. */
  readonly id: string | null;
  readonly code: Code;
  /** The values the sentence mentions. */
  readonly params: Params;
  /** What would open the way. */
  readonly missing: StepView[];
  /** The same command was refused before. */
  declare readonly repeated?: true;

  constructor(id: string | null, code: Code, params: Params, missing: StepView[], repeated: boolean) {
    this.id = id;
    this.code = code;
    this.params = params;
    this.missing = missing;
    if (repeated) (this as { repeated?: true }).repeated = true;
  }

  /** A refusal that came with its sentences. */
  static spoken(id: string | null, code: Code, en: string, zh: string): Rejected {
    const rejected = new Rejected(id, code, {}, [], false);
    SPOKEN.set(rejected, { en, zh });
    return rejected;
  }

  get message(): string {
    return (SPOKEN.get(this) ?? sentences(this.code, this.params)).en;
  }

  get messageZh(): string {
    return (SPOKEN.get(this) ?? sentences(this.code, this.params)).zh;
  }

  toJSON(): object {
    return { ...this, message: this.message, messageZh: this.messageZh };
  }
}

/** Reads the answer to `command` from the engine's memory. */
export function read(command: Command, names: Tables): Answer {
  const status = byte();
  const repeated = (status & REPEATED) !== 0;
  switch (status & ~REPEATED) {
    case ACCEPTED:
      return accepted(command, names, repeated);
    case REJECTED:
      return rejected(command.id, repeated);
    case MALFORMED:
      return rejected(null, false);
    default:
      throw broken();
  }
}

/** An answer that came as JSON, with the sentences of a refusal. */
export function asAnswer(answer: Answer): Answer {
  if (answer.ok) return answer;
  const { id, code, params, missing, repeated, message, messageZh } = answer;
  const rejected = new Rejected(id, code, params ?? {}, missing ?? [], repeated ?? false);
  // A sender cannot know where the reader is, so a sentence that is known here is written here.
  if (message !== undefined && !isKnown(code)) SPOKEN.set(rejected, { en: message, zh: messageZh });
  return rejected;
}

/** The sentences of a refusal, with what its campaign calls the things they mention. */
export function spoken(rejected: Rejected, names: Names): Sentences {
  return SPOKEN.get(rejected) ?? sentences(rejected.code, rejected.params, names);
}

function accepted(command: Command, names: Tables, repeated: boolean): Accepted {
  const { id } = command;
  const by = (command as { by?: string }).by ?? "";
  const loop = (command as { loop?: string }).loop ?? "";
  const at = number();
  const count = small();
  // A list that grows takes room for seventeen.
  const facts = new Array<Fact>(count);
  const prefix = id + "/";
  for (let i = 0; i < count; i++) facts[i] = decode(byte(), prefix + i, at, by, loop, names);
  return repeated ? { ok: true, id, facts, repeated: true } : { ok: true, id, facts };
}

function rejected(id: string | null, repeated: boolean): Rejected {
  const code = CODES[byte()] as Code | undefined;
  if (code === undefined) throw broken();
  const params: Params = {};
  if (flag()) params.most = small();
  if (flag()) params.until = number();
  if (flag()) params.amount = number();
  if (flag()) params.field = string();
  if (flag()) params.name = string();
  const missing: StepView[] = [];
  for (let left = small(); left > 0; left--) missing.push(step());
  return new Rejected(id, code, params, missing, repeated);
}

function step(): StepView {
  const step: StepView = { need: string() as StepView["need"], count: small() };
  if (flag()) step.until = number();
  if (flag()) step.amount = number();
  if (flag()) step.name = string();
  return step;
}
