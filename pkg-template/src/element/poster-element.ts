import { inWords, part, write } from "./base.js";
import { LoopUser, Picture } from "./host.js";
import { PICTURE_STYLE } from "./style.js";

/**
 * `<kf-poster>`: a poster of the campaign with a tracked link of its own, as an `<img>` to long-press.
 *
 * ```html
 * <kf-poster name="invite" nickname="Ann"></kf-poster>
 * ```
 *
 * It belongs to the `<kf-loop>` around it, the one named by `for`, or the only one. Without `name` it draws the first
 * poster of the campaign. `kf-poster` tells of the picture, `kf-error` of what went wrong.
 */
export class KfPoster extends LoopUser {
  static readonly observedAttributes = ["name", "variant", "nickname", "lang"];

  private readonly picture = new Picture(this);
  private turn = 0;

  override connectedCallback(): void {
    this.tree(
      PICTURE_STYLE,
      `<slot name="picture"><div part="blank"></div></slot><p part="hint" class="quiet" role="status"></p>`,
    );
    super.connectedCallback();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.turn += 1;
    this.picture.clear();
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.loop?.getSnapshot().view != null) this.ready();
  }

  /** Draws again, as after progress that the poster's texts tell of. */
  async draw(): Promise<void> {
    const { loop, host } = this;
    if (loop === null || this.shadowRoot === null) return;
    const turn = ++this.turn;
    const name = this.getAttribute("name") ?? host?.posters[0] ?? "";
    const variant = this.getAttribute("variant");
    const hint = part(this.shadowRoot, "hint");
    try {
      const about = host?.shown === undefined ? {} : { loop: host.shown };
      const options = { values: this.values(), ...about, ...(variant !== null && { variant }) };
      const poster = await loop.poster(name, options);
      // Removed, or drawn again, in the meantime.
      if (turn !== this.turn) return URL.revokeObjectURL(poster.src);
      this.picture.show(poster.src, this.say("posterOf", { url: poster.share.url }), { isCode: false });
      write(hint, this.say("longPress"));
      this.tell("kf-poster", poster);
    } catch (reason) {
      if (turn !== this.turn) return;
      write(hint, inWords(this.language, reason));
      this.tell("kf-error", reason);
    }
  }

  protected override ready(): void {
    void this.draw();
  }
}
