import type { Share } from "../backends/backend.js";
import { qr } from "../tools.js";
import { inWords, part, write } from "./base.js";
import { LoopUser, Picture } from "./host.js";
import { SHEET_STYLE } from "./style.js";
import type { Word } from "./words.js";

/** Pixels for one module of a code, so that it stays sharp on every screen. */
const CODE_SCALE = 10;

/**
 * `<kf-share>`: a sheet with the tracked link as a poster, as a code, as text to copy, and by the host's own sharing.
 *
 * ```html
 * <kf-share for="assist" poster="invite"></kf-share>
 * ```
 *
 * `show()` opens it and `hide()` closes it; the share button of `<kf-loop>` opens it too. Only one code is on the
 * screen at a time. Inside WeChat, which has no sharing that a page could start, it points at the host's menu, and the
 * page's address becomes the tracked one, because that is what the menu sends. `kf-share` tells of what is shared, so
 * that a site with WeChat's own script can set the card.
 */
export class KfShare extends LoopUser {
  private readonly picture = new Picture(this);
  private share: Share | null = null;
  private turn = 0;
  private cameFrom: HTMLElement | null = null;

  override connectedCallback(): void {
    if (this.shadowRoot === null) this.listen(this.tree(SHEET_STYLE, MARKUP));
    super.connectedCallback();
  }

  private listen(root: ShadowRoot): void {
    const on = (name: string, pressed: () => void): void =>
      part(root, name).addEventListener("click", pressed);
    on("close", () => this.hide());
    on("tab-poster", () => void this.turnTo("poster"));
    on("tab-code", () => void this.turnTo("code"));
    on("copy-code", () => void this.copy(this.share?.code));
    on("copy-link", () => void this.copy(this.share?.url));
    on("send", () => void this.send());
    on("guide", () => (part(root, "guide").hidden = true));
    part(root, "sheet").addEventListener("keydown", (event) => this.key(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.turn += 1;
    this.picture.clear();
  }

  /** Opens the sheet. */
  show(): void {
    const root = this.shadowRoot;
    if (root === null) return;
    this.words(root);
    this.cameFrom = focusedDeep();
    part(root, "sheet").hidden = false;
    part(root, "close").focus();
    void this.load(root);
  }

  /** Closes the sheet, and puts the keyboard back where it was. */
  hide(): void {
    const root = this.shadowRoot;
    if (root === null) return;
    part(root, "sheet").hidden = true;
    this.turn += 1;
    this.picture.clear();
    this.cameFrom?.focus();
  }

  /** Nothing is asked for before somebody wants to share. */
  protected override ready(): void {
    return;
  }

  private async load(root: ShadowRoot): Promise<void> {
    const { loop } = this;
    if (loop === null) return;
    try {
      this.share = await loop.share(this.about());
      write(part(root, "typed"), this.share.code);
      write(part(root, "url"), this.share.url);
      this.tell("kf-share", this.share);
      await this.turnTo(this.poster() === undefined ? "code" : "poster");
    } catch (reason) {
      this.said(inWords(this.language, reason));
      this.tell("kf-error", reason);
    }
  }

  private about(): { loop?: string } {
    const shown = this.host?.shown;
    return shown === undefined ? {} : { loop: shown };
  }

  private poster(): string | undefined {
    return this.getAttribute("poster") ?? this.host?.posters[0];
  }

  /** Shows the poster or the code alone; where no poster can be drawn, the code. */
  private async turnTo(kind: "poster" | "code"): Promise<void> {
    const { loop, share, shadowRoot: root } = this;
    const turn = ++this.turn;
    const name = this.poster();
    if (loop === null || share === null || root === null) return;
    part(root, "tabs").hidden = name === undefined;
    part(root, "tab-poster").setAttribute("aria-selected", String(kind === "poster"));
    part(root, "tab-code").setAttribute("aria-selected", String(kind === "code"));
    try {
      const isPoster = kind === "poster" && name !== undefined;
      const src = isPoster
        ? (await loop.poster(name, { values: this.values(), ...this.about() })).src
        : URL.createObjectURL(
            new Blob([(await qr(share.url, { format: "png", scale: CODE_SCALE })) as BlobPart], {
              type: "image/png",
            }),
          );
      if (turn !== this.turn) return URL.revokeObjectURL(src);
      const alt = this.say(isPoster ? "posterOf" : "codeOf", { url: share.url });
      this.picture.show(src, alt, { isCode: !isPoster });
    } catch (reason) {
      if (turn !== this.turn) return;
      this.tell("kf-error", reason);
      if (kind === "poster") await this.turnTo("code");
    }
  }

  private async copy(text: string | undefined): Promise<void> {
    if (text === undefined) return;
    const isCopied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    // Without permission the text is selected, to be copied by hand.
    if (isCopied === true || this.copyBySelecting(text)) this.said(this.say("copied"));
  }

  /** How old WebViews copy. */
  private copyBySelecting(text: string): boolean {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    field.style.cssText = "position:fixed;top:0;opacity:0";
    part(this.shadowRoot as ShadowRoot, "inside").append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }

  private async send(): Promise<void> {
    const { loop, share, shadowRoot: root } = this;
    if (loop === null || share === null || root === null) return;
    if (isWeChat()) {
      if (share.token !== null) addressWith({ kf: share.token, ...this.about() });
      part(root, "guide").hidden = false;
      part(root, "guide").focus();
      return;
    }
    await loop.share({ ...this.about(), sheet: true, title: loop.getSnapshot().view?.title ?? "" });
  }

  private said(text: string): void {
    write(part(this.shadowRoot as ShadowRoot, "said"), text);
  }

  private words(root: ShadowRoot): void {
    const texts: Record<string, Word> = {
      title: "share",
      "tab-poster": "poster",
      "tab-code": "code",
      hint: "longPress",
      "typed-name": "referralCode",
      "copy-code": "copyCode",
      "copy-link": "copyLink",
      "guide-text": "guide",
    };
    for (const [name, word] of Object.entries(texts)) write(part(root, name), this.say(word));
    const send = part(root, "send");
    send.hidden = !isWeChat() && typeof navigator.share !== "function";
    write(send, this.say(isWeChat() ? "inWeChat" : "sendWith"));
    part(root, "close").setAttribute("aria-label", this.say("close"));
    this.said("");
  }

  /** Escape closes, arrows turn the tabs; the tabulator stays inside, as the page behind is covered. */
  private key(event: KeyboardEvent): void {
    const root = this.shadowRoot as ShadowRoot;
    if (event.key === "Escape") {
      if (part(root, "guide").hidden) this.hide();
      else part(root, "guide").hidden = true;
    }
    const tab = root.activeElement?.getAttribute("role") === "tab";
    if (tab && /^Arrow(Left|Right)$/.test(event.key)) {
      const other = part(root, "tab-poster") === root.activeElement ? "code" : "poster";
      part(root, `tab-${other}`).focus();
      void this.turnTo(other);
    }
    if (event.key !== "Tab") return;
    const stops = Array.from(root.querySelectorAll<HTMLElement>("button")).filter(
      (stop) => stop.offsetParent !== null,
    );
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (root.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
  }
}

const MARKUP = `
  <div part="sheet" role="dialog" aria-modal="true" aria-labelledby="title" hidden>
    <div part="inside">
      <div part="head"><h2 part="title" id="title"></h2><button part="close" class="bare" type="button">×</button></div>
          <div part="tabs" role="tablist" hidden>
        <button part="tab tab-poster" role="tab" aria-controls="panel" type="button"></button>
        <button part="tab tab-code" role="tab" aria-controls="panel" type="button"></button>
      </div>
      <div part="picture" role="tabpanel" id="panel"><slot name="picture"></slot><p part="hint" class="quiet"></p></div>
      <div part="line">
        <span part="typed-name" class="quiet"></span><b part="typed"></b>
        <button part="copy-code" class="bare" type="button"></button>
      </div>
      <p part="url" class="quiet"></p>
      <div part="buttons">
        <button part="copy-link" class="main" type="button"></button>
        <button part="send" type="button"></button>
      </div>
      <p part="said" class="quiet" role="status"></p>
    </div>
    <button part="guide" type="button" hidden>
      <span><svg part="arrow" viewBox="0 0 78 78" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round"
        aria-hidden="true"><path d="M10 68C14 38 34 18 66 12M66 12 48 8M66 12 56 28"/></svg><span part="guide-text"></span></span>
    </button>
  </div>`;

/** What has the keyboard, in whichever shadow tree. */
function focusedDeep(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement != null) element = element.shadowRoot.activeElement;
  return element as HTMLElement | null;
}

/** Inside WeChat, or WeCom, whose menu is the same. */
function isWeChat(): boolean {
  return /MicroMessenger/i.test(navigator.userAgent);
}

/** Puts the tracked parameters into the page's address, without a new entry of its history. */
function addressWith(values: Record<string, string>): void {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) address.searchParams.set(name, value);
  history.replaceState(history.state, "", address);
}
