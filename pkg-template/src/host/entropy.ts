import { KfactorError } from "../errors.js";

/** Fetches bytes from a source that answers later. */
export type Source = (length: number) => Promise<Uint8Array>;

/** Enough for some ten clicks. */
const ROOM = 512;

/**
 * Random bytes that were fetched before they are needed: mini-programs give theirs only later, and a click shall not
 * wait. No byte is given twice.
 */
export class Pool {
  private readonly source: Source;
  private bytes = new Uint8Array(0);
  private filling: Promise<void> | undefined;

  constructor(source: Source) {
    this.source = source;
    // Whoever needs bytes will hear why there are none.
    this.fill().catch(() => undefined);
  }

  /**
   * As many bytes as asked for, up to 512.
   *
   * @throws {KfactorError} `ENTROPY_MISSING` if the source failed.
   */
  async take(length: number): Promise<Uint8Array> {
    while (this.bytes.length < length) await this.fill();
    const taken = this.bytes.slice(0, length);
    this.bytes = this.bytes.slice(length);
    if (this.bytes.length < ROOM / 2) this.fill().catch(() => undefined);
    return taken;
  }

  /** One question at a time; one that failed is asked again by the next who needs bytes. */
  private fill(): Promise<void> {
    if (this.filling !== undefined) return this.filling;
    const done = (): void => void (this.filling = undefined);
    this.filling = this.source(ROOM).then(
      (bytes) => {
        done();
        if (bytes.length === 0) throw missing("no bytes");
        const grown = new Uint8Array(this.bytes.length + bytes.length);
        grown.set(this.bytes);
        grown.set(bytes, this.bytes.length);
        this.bytes = grown;
      },
      (reason: unknown) => {
        done();
        throw missing(reason);
      },
    );
    return this.filling;
  }
}

function missing(reason: unknown): KfactorError {
  return new KfactorError(
    "ENTROPY_MISSING",
    "This host gives no random bytes: hand `random` to createLoop.",
    "当前环境无法提供随机数，请向 createLoop 传入 random。",
    reason,
  );
}
