import assert from "node:assert/strict";
import { test } from "node:test";
import { type Campaign, type CanvasNode, drawOnNode } from "kfactor";
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
