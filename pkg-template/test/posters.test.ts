import assert from "node:assert/strict";
import { test } from "node:test";
import { type Campaign, type CanvasNode, drawOnNode, posterSvg, type QrStyle, styledQr } from "kfactor";
import { campaign } from "./fixtures.js";

const URL = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

/** The node of a mini-program's canvas, which writes down what is called. Images below `https://wx/` load. */
function node(): CanvasNode & { calls: string[] } {
  const calls: string[] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get(_, name: string) {
      if (name === "measureText") return (text: string) => ({ width: Array.from(text).length * 20 });
      if (name === "createLinearGradient") return () => ({ addColorStop: () => undefined });
      return (...values: unknown[]) => calls.push(`${name} ${values.map(String).join(" ")}`);
    },
    set: () => true,
  });
  return {
    width: 300,
    height: 150,
    calls,
    getContext: () => context,
    createImage() {
      const image = {
        width: 430,
        height: 430,
        onload: undefined as unknown,
        onerror: undefined as unknown,
        set src(src: string) {
          const then = src.startsWith("https://wx/") ? "onload" : "onerror";
          queueMicrotask(() => (this[then] as () => void)());
        },
      };
      return image;
    },
  };
}

test("a mini-program's canvas is drawn on without a page", async () => {
  const { posters } = JSON.parse(campaign("bring-a-friend")) as Campaign;
  const template = posters?.letter;
  assert.ok(template);
  const canvas = node();
  const values = { nickname: "安妮", avatar: "https://elsewhere/a.png" };
  const drawn = await drawOnNode(canvas, template, { url: URL, values }, { scale: 2 });
  // Twice the template is more than a mini-program's canvas bears.
  assert.deepEqual(
    drawn.notes.map(({ code }) => code),
    ["POSTER_TOO_LARGE", "POSTER_IMAGE_BROKEN"],
  );
  assert.ok(canvas.height <= 1365 && canvas.height > 1334);
  assert.ok(canvas.calls.some((call) => call.startsWith("fillText 安妮 ")));
  const unit = drawn.code?.unit ?? 0;
  const modules = canvas.calls.filter((call) => call.startsWith("fillRect") && call.endsWith(` ${unit}`));
  assert.ok(modules.length > 200, "every run of dark modules is a rectangle on whole pixels");
  for (const call of modules) assert.match(call, /^fillRect( \d+){4}$/);

  const code = "https://wx/code.png";
  const other = node();
  const ready = await drawOnNode(other, template, { url: URL, code, values: {} });
  assert.deepEqual(ready.notes, []);
  assert.equal(ready.code?.unit, 0);
  assert.equal(other.calls.filter((call) => call.startsWith("drawImage")).length, 1);
});

test("a variant that a poster has not is refused, with those it has", async () => {
  const { posters } = JSON.parse(campaign("bring-a-friend")) as Campaign;
  const template = { ...posters!.letter!, variants: ["warm", "cash"] };
  const data = { url: URL, variant: "cold" };
  const expected = {
    code: "POSTER_VARIANT",
    message: /"cold": the poster has warm, cash/,
    messageZh: /warm、cash/,
  };
  await assert.rejects(posterSvg(template, data), expected);
  await assert.rejects(posterSvg(JSON.stringify(template), data), expected);
  await assert.rejects(drawOnNode(node(), template, data), expected);
  assert.match(await posterSvg(template, { ...data, variant: "warm" }), /^<svg/);
  const { variants: _, ...plain } = template;
  await assert.rejects(posterSvg(plain, data), { code: "POSTER_VARIANT", message: /no variants/ });
  await assert.rejects(posterSvg("{", { url: URL }), { code: "CAMPAIGN_INVALID" });
});

test("a code has a look of its own within what scanners read, and says what is wrong with a wish", async () => {
  const plain = await styledQr(URL);
  assert.match(plain.svg, new RegExp(`^<svg [^>]*width="${plain.width}" height="${plain.height}"`));
  assert.equal(plain.width % 8, 0);
  assert.deepEqual(plain.notes, []);
  const framed = await styledQr(URL, { frame: "Scan <me>", modules: "dots", scale: 4 });
  assert.equal(framed.width, plain.width / 2 + 16, "two modules of frame on each side");
  assert.ok(framed.svg.includes("Scan &lt;me&gt;"));
  const small = "data:image/png;base64,AAAA";
  const logo = await styledQr(URL, { logo: small, logoPercent: 20 });
  assert.ok(logo.svg.includes(small) && logo.share > 0 && logo.share <= 50);
  const pale = await styledQr(URL, { dark: "#007755" });
  // WCAG says 5.57 to 1; the engine reckons in whole numbers.
  assert.deepEqual(
    pale.notes.map(({ code, about }) => [code, about.slice(0, 2)]),
    [["QR_CONTRAST", "55"]],
  );
  const [note] = pale.notes;
  assert.match(note?.message ?? "", /\(5\.5\d : 1, at least 7\)/);
  assert.match(note?.messageZh ?? "", /（5\.5\d : 1，至少 7）/);
  const narrow = await styledQr(URL, { quiet: 3, scale: 3 });
  assert.deepEqual(
    narrow.notes.map(({ message }) => /\(.*\)/.exec(message)?.[0]),
    ["(3 modules, at least 4)", "(3 pixels, at least 4)"],
  );

  const wrong: [unknown, string, RegExp][] = [
    [{ modulez: "dots" }, "QR_STYLE", /no `modulez`; it has modules, finders, dark/],
    [{ modules: "hex" }, "QR_STYLE", /`modules` cannot be "hex"/],
    [{ dark: "red" }, "QR_STYLE", /`dark` is "red"/],
    [{ dark: "#0a6" }, "QR_STYLE", /too similar: .* 3\.02, .* 4\.50/],
    [{ dark: "#fff", light: "#000" }, "QR_STYLE", /lighter/],
    [{ quiet: 1 }, "QR_STYLE", /margin/],
    [{ logo: small, logoPercent: 60 }, "QR_STYLE", /`logoPercent`/],
    [{ scale: 0.5 }, "QR_SCALE", /scale/],
    [{ frame: "" }, "QR_STYLE", /frame/],
  ];
  for (const [style, code, message] of wrong) {
    await assert.rejects(styledQr(URL, style as QrStyle), { code, message }, JSON.stringify(style));
  }
  await assert.rejects(styledQr(""), { code: "QR_EMPTY" });
  await assert.rejects(styledQr("x".repeat(5_000)), { code: "QR_TOO_LONG" });
});
