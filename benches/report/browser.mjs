// The browser that the SDKs of pages find: as much of it as they touch.
import { Page, fill, store } from "./world.mjs";

/** Opens a page in a world. */
export function browser(world) {
  const page = new Page(world, globals);
  page.hide = () => {
    page.context.document.visibilityState = "hidden";
    page.tell("visibilitychange");
  };
  page.show = () => {
    page.context.document.visibilityState = "visible";
    page.tell("visibilitychange");
  };
  page.leave = () => {
    page.tell("beforeunload");
    page.tell("pagehide", { persisted: false });
    page.hide();
    page.tell("unload");
    page.isThere = false;
  };
  page.network = (isOnline) => {
    page.context.navigator.onLine = isOnline;
    page.tell(isOnline ? "online" : "offline");
  };
  return page;
}

function globals(page) {
  const { world } = page;
  const target = {
    addEventListener: (name, listener) => page.listen(name, listener),
    removeEventListener: (name, listener) => page.unlisten(name, listener),
  };
  const element = () => ({
    style: {},
    setAttribute() {},
    appendChild() {},
    addEventListener() {},
    parentNode: null,
  });
  const document = {
    ...target,
    cookie: "",
    title: "A page",
    referrer: "",
    characterSet: "UTF-8",
    charset: "UTF-8",
    readyState: "complete",
    visibilityState: "visible",
    hidden: false,
    documentElement: {
      ...element(),
      clientWidth: 390,
      clientHeight: 844,
      scrollWidth: 390,
      scrollHeight: 844,
    },
    body: { ...element(), clientWidth: 390, clientHeight: 844, offsetWidth: 390, offsetHeight: 844 },
    getElementsByTagName: () => [],
    getElementById: () => null,
    querySelector: () => null,
    querySelectorAll: () => [],
    createElement: element,
    createEvent: element,
  };
  const location = new URL("https://shop.example/m");
  const self = {
    ...target,
    ...page.timers(),
    console: SILENT,
    document,
    location,
    navigator: {
      userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15",
      language: "zh-CN",
      languages: ["zh-CN"],
      onLine: world.isOnline,
      cookieEnabled: true,
      sendBeacon: (url, body) => {
        world.request(page, { url, body: String(body ?? ""), outlives: true }, () => {});
        return true;
      },
    },
    screen: { width: 390, height: 844, colorDepth: 24, orientation: { type: "portrait-primary" } },
    history: { state: null, pushState() {}, replaceState() {} },
    innerWidth: 390,
    innerHeight: 844,
    devicePixelRatio: 3,
    localStorage: area(world, "local:"),
    sessionStorage: area({ storage: new Map(), quota: Infinity }, ""),
    crypto: { getRandomValues: (bytes) => fill(world, bytes) },
    performance: { now: () => world.now - 1_796_097_600_000, timing: {}, getEntriesByType: () => [] },
    fetch: (what, init) =>
      what instanceof Request ? fetched(page, what.url, what) : fetched(page, String(what), init),
    Request,
    URL,
    URLSearchParams,
    Headers,
    AbortController,
    TextEncoder,
    TextDecoder,
    Blob,
    btoa,
    atob,
    queueMicrotask,
  };
  return Object.assign(self, { window: self, self, globalThis: self, top: self, parent: self });
}

const nothing = () => {};
const SILENT = { log: nothing, info: nothing, warn: nothing, error: nothing, debug: nothing };

function area(world, prefix) {
  const names = () => [...world.storage.keys()].filter((key) => key.startsWith(prefix));
  return {
    getItem: (key) => world.storage.get(prefix + key) ?? null,
    setItem: (key, value) => store(world, prefix + key, String(value)),
    removeItem: (key) => void world.storage.delete(prefix + key),
    key: (at) => names()[at]?.slice(prefix.length) ?? null,
    get length() {
      return names().length;
    },
  };
}

/** A request that is made before it is sent, with its body as text. */
class Request {
  constructor(url, init = {}) {
    Object.assign(this, init, { url: String(url) });
  }
}

/** By this a page can tell that requests may outlive it. */
Request.prototype.keepalive = false;

function fetched(page, url, init = {}) {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new TypeError("Failed to fetch"));
    init.signal?.addEventListener("abort", () =>
      reject(Object.assign(new Error("The operation was aborted."), { name: "AbortError" })),
    );
    const headers = Object.fromEntries(new Headers(init.headers));
    const request = { url, headers, body: String(init.body ?? ""), outlives: init.keepalive === true };
    page.world.request(page, request, (answer) => {
      if (answer === null) return failed();
      let { status } = answer;
      if (status >= 301 && status <= 308) {
        if (init.redirect === "error") return failed();
        // A POST that is redirected becomes a GET, and the page that it finds is there.
        if (init.redirect !== "manual") status = 200;
        else status = 0;
      }
      const headers = new Headers(answer.headers);
      resolve({
        ok: status >= 200 && status < 300,
        status,
        statusText: "",
        headers,
        redirected: status !== answer.status,
        type: status === 0 ? "opaqueredirect" : "basic",
        text: async () => "",
        json: async () => ({}),
      });
    });
  });
}
