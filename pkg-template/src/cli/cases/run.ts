// Runs one case on a fresh engine.
import { isDeepStrictEqual } from "node:util";
import { createHash } from "node:crypto";
import { CampaignError, Engine, validate } from "kfactor";
import { mint } from "kfactor/backend";
import { asFact, type Entry, entryOf, Failure, problemsAre, sameAnswer, standing, total } from "./books.js";
import { contains, difference, holds, type Rules } from "./fit.js";
import { ANSWER, refusedWith } from "./format.js";
import { type Clock, instant, offsetOf, START } from "./instant.js";
import { type Fields, isObject, type Json, list, member, merged, text } from "./json.js";

/** A case, with the campaign it is about. */
export interface Case {
  document: Json;
  /** The text the engine reads. */
  text: string;
  seed: string | undefined;
  problems: Json | undefined;
  steps: Json[] | undefined;
}

/** Runs a case; throws the first difference as a `Failure`. */
export async function runCase({ document, text: source, seed, problems, steps }: Case): Promise<void> {
  if (problems !== undefined) problemsAre(problems, asJson(await validate(source)));
  if (steps === undefined) return;
  const options = seed === undefined ? {} : { seed: new Uint8Array(Buffer.from(seed, "hex")) };
  const load = (): Promise<Engine> => Engine.load(source, options);
  let engine: Engine;
  try {
    engine = await load();
  } catch (reason) {
    if (!(reason instanceof CampaignError)) throw reason;
    throw new Failure("the campaign cannot run", undefined, asJson(reason.problems));
  }
  const restore = (snapshot: Uint8Array): Promise<Engine> => Engine.restore(source, snapshot, options);
  const run = new Run(document, engine, await load(), restore);
  try {
    for (const [number, step] of steps.entries()) {
      try {
        await run.step(number, step);
      } catch (reason) {
        if (reason instanceof Failure) reason.step = number;
        throw reason;
      }
    }
    await run.afterwards();
  } finally {
    run.free();
  }
}

class Run {
  /** The revisions of the campaign, each with how many commands the log had before it. */
  private readonly revisions: [number, string][] = [];
  private latest = START;
  private readonly clock: Clock;
  private readonly kept = new Map<string, Json>();
  private readonly log: Entry[] = [];
  private readonly facts: Json[] = [];

  constructor(
    private document: Json,
    private engine: Engine,
    /** What the facts alone make of the campaign. */
    private readonly follower: Engine,
    private readonly restored: (snapshot: Uint8Array) => Promise<Engine>,
  ) {
    this.clock = { now: START, offset: this.offset() };
  }

  async step(number: number, step: Json): Promise<void> {
    const at = (key: string): Json | undefined => member(step, key);
    const who = text(at("view"));
    const id = text(at("again"));
    const sent = text(at("send"));
    if (at("do") !== undefined) this.submit([[await this.written(`c${number}`, step), step]]);
    else if (sent !== undefined) this.submit([[sent, step]]);
    else if (at("batch") !== undefined) await this.batch(number, list(at("batch")));
    else if (id !== undefined) this.again(id, step);
    else if (who !== undefined) this.view(who, step);
    else if (at("used") !== undefined) this.used(at("used"));
    else if (at("grants") !== undefined) this.grants(at("grants"), text(at("of")));
    else if (at("facts") !== undefined) this.counted(step);
    else if (at("due") !== undefined) {
      this.fits(at("due")!, this.engine.due(), "something else is due next");
    } else if (at("revise") !== undefined) this.revise(at("revise")!, at("problems"));
    else if (at("restore") !== undefined) await this.restore();
    else this.audit(step);
  }

  /** What holds after every case: see the format. */
  async afterwards(): Promise<void> {
    this.followed();
    const digest = this.engine.digest();
    const audit = this.engine.audit(this.entries().join("\n"));
    // Stamps that go back on purpose are part of a case.
    if (audit.findings.some(({ code }) => code !== "TIME_BACKWARDS")) {
      throw new Failure("afterwards: the audit is not clean", undefined, asJson(audit));
    }
    if (audit.digest !== digest) throw new Failure("afterwards: the audit ends with another digest");
    if (this.revisions.length === 0) await this.restore();
    for (const { command, answer } of this.log) sameAnswer(answer, this.answers(command)[0]);
    if (this.engine.digest() !== digest) {
      throw new Failure("afterwards: commands sent again changed something");
    }
  }

  free(): void {
    this.engine.free();
    this.follower.free();
  }

  /** The text of a command step. */
  private async written(id: string, step: Json): Promise<string> {
    const given = member(step, "at");
    const at = given === undefined ? this.clock.now + 1_000 : this.instant(given);
    this.tellTime(at);
    const command: Fields = { id };
    for (const [key, value] of Object.entries(isObject(step) ? step : {})) {
      if (!Object.hasOwn(ANSWER, key)) command[key] = this.filled(value);
    }
    if (at !== undefined) command.at = at;
    if (command.when !== undefined) command.when = this.instant(command.when) ?? command.when;
    if (isObject(command.token)) command.token = await this.token(command.token);
    return JSON.stringify(command);
  }

  private async batch(number: number, steps: Json[]): Promise<void> {
    const commands: [string, Json][] = [];
    for (const [place, step] of steps.entries()) {
      commands.push([await this.written(`c${number}-${place}`, step), step]);
    }
    this.submit(commands);
  }

  /** Submits commands together, and compares each answer with what its step expects. */
  private submit(commands: [command: string, step: Json][]): void {
    const answers = this.answers(commands.map(([command]) => command).join("\n"));
    if (answers.length !== commands.length) {
      throw new Failure(`${commands.length} commands got ${answers.length} answers`);
    }
    for (const [number, [command, step]] of commands.entries()) {
      const written = answers[number]!;
      const answer = JSON.parse(written) as Json;
      const repeated = member(answer, "repeated") === true;
      if (repeated !== (member(step, "repeated") === true)) {
        throw new Failure(`the answer was ${repeated ? "" : "not "}repeated`, undefined, answer);
      }
      const no = member(step, "no");
      if (member(answer, "ok") === true) {
        if (no !== undefined) throw new Failure("the command was accepted", no, answer);
        this.accepted(step, list(member(answer, "facts")));
      } else if (refusedWith(step) === undefined) {
        throw new Failure("the command was refused", member(step, "ok") ?? member(step, "contains"), answer);
      } else {
        const expected = typeof no === "string" ? { code: no } : this.filled(no!);
        this.fits(expected, answer, "it was refused otherwise");
      }
      if (!repeated) this.record(command, written, answer);
    }
  }

  private accepted(step: Json, facts: Json[]): void {
    const rules = this.rules();
    const wanted = (key: string): Json[] => list(member(step, key)).map((fact) => this.filled(asFact(fact)));
    const fail = (what: string, key: string): Failure => new Failure(what, member(step, key), facts);
    if (member(step, "ok") !== undefined) {
      const expected = wanted("ok");
      // Who is met or arrives is only compared where a case is about it.
      const kinds = new Set(expected.map((fact) => member(fact, "kind")));
      const told = facts.filter((fact) => {
        const kind = member(fact, "kind");
        return kinds.has(kind) || (kind !== "met" && kind !== "arrived");
      });
      if (!holds(expected, told, rules)) throw fail("other facts came of it", "ok");
    }
    if (!contains(wanted("contains"), facts, rules)) throw fail("a fact is missing", "contains");
    if (wanted("lacks").some((expected) => facts.some((fact) => holds(expected, fact, rules)))) {
      throw fail("a fact is there that must not be", "lacks");
    }
    const keep = member(step, "keep");
    for (const [name, path] of Object.entries(isObject(keep) ? keep : {})) {
      const [field = "", kind] = String(path).split(".").reverse();
      const last = facts.filter((fact) => kind === undefined || member(fact, "kind") === kind).at(-1);
      const value = member(last, field);
      if (value === undefined) throw fail(`there is no \`${field}\` to keep`, "keep");
      this.kept.set(`{${name}}`, value);
    }
  }

  /** Remembers a command that was decided, and lets the follower know its facts. */
  private record(command: string, answer: string, value: Json): void {
    const code = member(value, "code");
    if (code === "COMMAND_MALFORMED" || code === "COMMAND_ID_REUSED") return;
    const facts = list(member(value, "facts"));
    this.facts.push(...facts);
    this.log.push({ id: String(member(value, "id")), command, answer });
    this.follower.apply(facts as never);
  }

  /** Sends a command of the log once more. */
  private again(id: string, step: Json): void {
    const entry = this.log.find((entry) => entry.id === id);
    if (entry === undefined) throw new Failure(`there was no command \`${id}\``);
    const at = this.instant(member(step, "at"));
    this.tellTime(at);
    const stamped = { ...(JSON.parse(entry.command) as Fields), at: at ?? 0 };
    const before = this.engine.digest();
    const [second] = this.answers(at === undefined ? entry.command : JSON.stringify(stamped));
    sameAnswer(entry.answer, second);
    if (this.engine.digest() !== before) throw new Failure("a repetition changed something");
  }

  private view(who: string, step: Json): void {
    const loop = text(member(step, "loop"));
    const at = this.instant(member(step, "at")) ?? this.clock.now;
    const view = asJson(this.engine.view(who, { at, ...(loop === undefined ? {} : { loop }) }));
    for (const exact of [false, true]) {
      const expected = member(step, exact ? "exactly" : "is");
      const rules = { clock: this.clock, nullIsAbsent: false, exact };
      const found = expected === undefined ? undefined : difference(this.filled(expected), view, rules);
      if (found === undefined) continue;
      const place = found.place === "" ? "/" : found.place;
      const missing = found.actual === undefined;
      const what = missing ? `the view differs: ${place} is missing` : `the view differs at ${place}`;
      throw new Failure(what, found.expected, found.actual);
    }
  }

  /** Recounts rewards from the facts alone. */
  private used(rewards: Json | undefined): void {
    for (const [name, expected] of Object.entries(isObject(rewards) ? rewards : {})) {
      if (member(member(this.document, "rewards"), name) === undefined) {
        throw new Failure(`the campaign has no reward \`${name}\``);
      }
      this.fits(expected, standing(this.facts, name), `\`${name}\` is used otherwise, by the facts`);
    }
  }

  /** Compares grants, as the views of those they are for show them; with `of` these are all they have. */
  private grants(expected: Json | undefined, of: string | undefined): void {
    if (!isObject(expected)) return;
    const shown = (who: string): Json[] =>
      asJson(this.engine.view(who, { at: this.clock.now }).grants) as Json[];
    for (const [id, wanted] of Object.entries(expected)) {
      const granted = this.facts.find(
        (fact) => member(fact, "kind") === "granted" && member(fact, "grant") === id,
      );
      const to = of ?? text(member(granted, "to"));
      const grant = to === undefined ? null : shown(to).find((grant) => member(grant, "grant") === id);
      const actual = typeof wanted === "string" ? member(grant ?? null, "status") : grant;
      this.fits(wanted, actual ?? null, `grant ${id} stands elsewhere`);
    }
    if (of === undefined) return;
    const more = shown(of).filter((grant) => !Object.hasOwn(expected, String(member(grant, "grant"))));
    if (more.length > 0) throw new Failure(`${of} has more grants`, undefined, more);
  }

  /** Counts the facts that are as expected, and adds up their numbers. */
  private counted(step: Json): void {
    const expected = this.filled(asFact(member(step, "facts")!));
    const fitting = this.facts.filter((fact) => holds(expected, fact, this.rules()));
    const { count, sum } = step as { count?: Json; sum?: Json };
    const what = "the facts so far come to something else";
    if (count !== undefined) this.fits({ count }, { count: fitting.length }, what);
    for (const [field, value] of Object.entries(isObject(sum) ? sum : {})) {
      this.fits({ [field]: value }, { [field]: total(fitting, field) }, what);
    }
  }

  private revise(patch: Json, problems: Json | undefined): void {
    const document = merged(this.document, patch);
    const source = JSON.stringify(document);
    try {
      this.engine.revise(source);
    } catch (reason) {
      if (!(reason instanceof CampaignError)) throw reason;
      const found = asJson(reason.problems);
      if (problems === undefined) throw new Failure("the revision was refused", undefined, found);
      return problemsAre(problems, found);
    }
    if (problems !== undefined) throw new Failure("the revision was taken", problems);
    this.document = document;
    this.revisions.push([this.log.length, source]);
    this.clock.offset = this.offset();
    this.follower.revise(source);
  }

  /** Goes on with a fresh engine that was given a snapshot. */
  private async restore(): Promise<void> {
    const fresh = await this.restored(this.engine.snapshot());
    const same = fresh.digest() === this.engine.digest();
    this.engine.free();
    this.engine = fresh;
    if (!same) throw new Failure("the restored state has another digest");
  }

  /** Audits the log so far, with entries changed and added as the step says. */
  /** The log as an audit reads it: commands with their answers, and revisions where they came. */
  private entries(): string[] {
    const document = ([, source]: [number, string]): string => `{"campaign":${source}}`;
    const before = (position: number): string[] =>
      this.revisions.filter(([at]) => at === position).map(document);
    const lines = this.log.flatMap((entry, position) => [...before(position), entryOf(entry)]);
    return [...lines, ...before(this.log.length)];
  }

  private audit(step: Json): void {
    const forge = member(step, "forge");
    const lines = this.entries().flatMap((line) => {
      const entry = JSON.parse(line) as Json;
      const patch = member(forge, text(member(member(entry, "command"), "id")) ?? "");
      if (patch === undefined) return [line];
      return patch === null ? [] : [JSON.stringify(merged(entry, this.filled(patch)))];
    });
    lines.push(...list(member(step, "append")).map((entry) => JSON.stringify(this.filled(entry))));
    const expected = member(step, "audit")!;
    const audit = asJson(this.engine.audit(lines.join("\n")));
    const actual = Array.isArray(expected) ? member(audit, "findings")! : audit;
    this.fits(expected, actual, "the audit finds something else");
  }

  /** The facts alone have to show everyone what the commands show: every text in a fact is looked at as a name. */
  private followed(): void {
    const at = this.latest;
    const names = new Set(
      this.facts
        .flatMap((fact) => Object.values(fact as Fields))
        .filter((value) => typeof value === "string"),
    );
    const looks = [...names].flatMap((name) => [
      (engine: Engine) => engine.view(name, { at }),
      (engine: Engine) => engine.view("somebody else", { at, loop: name }),
    ]);
    for (const look of [...looks, (engine: Engine) => engine.due()]) {
      const [expected, actual] = [asJson(look(this.engine)), asJson(look(this.follower))];
      if (!isDeepStrictEqual(expected, actual)) {
        throw new Failure("afterwards: the facts rebuild another state", expected, actual);
      }
    }
  }

  /** Submits commands, one per line; the answers. */
  private answers(commands: string): string[] {
    return this.engine
      .submitBatch(commands)
      .split("\n")
      .filter((line) => line !== "");
  }

  /** Compares by the rules for facts. */
  private fits(expected: Json, actual: Json, what: string): void {
    if (!holds(expected, actual, this.rules())) throw new Failure(what, expected, actual);
  }

  private rules(): Rules {
    return { clock: this.clock, nullIsAbsent: true };
  }

  private instant(at: Json | undefined): number | undefined {
    return typeof at === "string" ? instant(at, this.clock) : typeof at === "number" ? at : undefined;
  }

  private tellTime(at: number | undefined): void {
    this.clock.now = at ?? this.clock.now;
    this.latest = Math.max(this.latest, this.clock.now);
  }

  private offset(): number {
    return offsetOf(text(member(this.document, "timezone")) ?? "+08:00");
  }

  /** A value with kept values in place of their names. */
  private filled(value: Json): Json {
    if (typeof value === "string") return this.kept.get(value) ?? value;
    if (Array.isArray(value)) return value.map((entry) => this.filled(entry));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, this.filled(entry)]));
  }

  /** The open token with these fields. */
  private async token(fields: Fields): Promise<string> {
    const id = text(member(this.document, "id")) ?? "";
    // A campaign's number is the first 20 bits of the SHA-256 of its id.
    const campaign = createHash("sha256").update(id).digest().readUInt32BE(0) >>> 12;
    const known = ["kind", "campaign", "touchpoint", "inviter", "day", "depth"];
    try {
      if (!Object.keys(fields).every((key) => known.includes(key))) throw new Error();
      return await mint({ kind: 1, campaign, ...fields, version: 0 }, new Uint8Array(0));
    } catch {
      throw new Failure("a token cannot have these fields", undefined, fields);
    }
  }
}

/** What the engine gives is JSON, whatever its type says. */
function asJson(value: unknown): Json {
  return value as Json;
}
