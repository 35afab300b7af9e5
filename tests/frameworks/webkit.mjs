// WebKit as Debian builds it, driven by the W3C's protocol: as much of it as the tests here need.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { freePort, needed, SOON } from "./support.mjs";

/** A screen that nobody sees; gives its name, and what ends it. */
export async function startScreen() {
  const screen = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x1100x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const number = await new Promise((named, failed) => {
    screen.once("error", failed);
    screen.stdout.once("data", (bytes) => named(String(bytes).trim()));
  });
  return { name: `:${number}`, stop: () => screen.kill() };
}

/** Starts WebKit for one person: nothing is kept from one to the next. */
export async function startWebKit(screen, { userAgent } = {}) {
  const port = await freePort();
  const env = { ...process.env, DISPLAY: screen.name, LANG: "C.UTF-8" };
  const driver = spawn(needed("WEBKIT_DRIVER"), [`--port=${port}`], { env, stdio: "ignore" });
  const args = ["--automation", "--enable-page-cache=true"];
  if (userAgent !== undefined) args.push(`--user-agent=${userAgent}`);
  const binary = needed("WEBKIT_BROWSER");
  const asked = { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary, args } } } };
  const base = `http://127.0.0.1:${port}`;
  const { sessionId, capabilities } = await patiently(() => call(base, "POST", "/session", asked));
  const browser = new WebKit(`${base}/session/${sessionId}`, driver, capabilities.browserVersion);
  await browser.call("POST", "/window/rect", { width: 447, height: 900 });
  return browser;
}

class WebKit {
  constructor(base, driver, version) {
    this.base = base;
    this.driver = driver;
    this.version = version;
  }

  call(method, path, body) {
    return call(this.base, method, path, body);
  }

  goto(url) {
    return this.call("POST", "/url", { url });
  }

  back() {
    return this.call("POST", "/back", {});
  }

  /** Runs a function in the page, which may promise; gives what it gives. */
  run(work, ...args) {
    const script = `const done = arguments[arguments.length - 1];
      Promise.resolve().then(() => (${work})(...arguments)).then((value) => done({ value }), (reason) => done({ reason: String(reason) }));`;
    return this.call("POST", "/execute/async", { script, args }).then(({ value, reason }) => {
      assert.equal(reason, undefined);
      return value;
    });
  }

  /** Waits until a function in the page gives something true; gives it. */
  async until(work, ...args) {
    const end = Date.now() + 3 * SOON;
    for (;;) {
      const value = await this.run(work, ...args).catch((reason) => {
        if (Date.now() > end) throw reason;
      });
      if (value) return value;
      if (Date.now() > end) assert.fail(`it never became true: ${work} ${JSON.stringify(args)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Presses the button with these words, in whichever shadow tree, as a finger would. */
  async press(words) {
    const element = await this.until((words) => {
      const all = (root) =>
        [...root.querySelectorAll("*")].flatMap((each) => [
          each,
          ...(each.shadowRoot ? all(each.shadowRoot) : []),
        ]);
      const says = (each) => [each.textContent.trim(), each.getAttribute("aria-label")].includes(words);
      const found = all(document).filter(
        (each) => each.matches("button, [role=button], [role=tab]") && says(each),
      );
      return found.find((each) => each.getClientRects().length > 0 && !each.disabled);
    }, words);
    await this.call("POST", `/element/${Object.values(element)[0]}/click`, {});
  }

  /** What is on the screen, as PNG. */
  async screenshot() {
    return Buffer.from(await this.call("GET", "/screenshot"), "base64");
  }

  async stop() {
    await this.call("DELETE", "").catch(() => undefined);
    this.driver.kill();
  }
}

async function call(base, method, path, body) {
  const request = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(base + path, request);
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

async function patiently(attempt) {
  for (let left = 50; ; left--) {
    try {
      return await attempt();
    } catch (reason) {
      if (left === 0) throw reason;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
