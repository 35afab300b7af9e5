// The mini-program that SDKs find: as much of `wx` as they touch.
import { Page, store } from "./world.mjs";

const PREFIX = "wx:";

/** Opens a mini-program in a world. */
export function weixin(world) {
  const page = new Page(world, globals);
  page.hide = () => page.tell("hide");
  page.show = () => page.tell("show", { scene: 1001, path: "pages/index", query: {} });
  page.network = (isConnected) =>
    page.tell("network", { isConnected, networkType: isConnected ? "wifi" : "none" });
  return page;
}

function globals(page) {
  const { world } = page;
  const soon = (call, result) => call && world.at(0, () => call(result), page);
  const launch = { scene: 1001, path: "pages/index", query: {} };
  const system = {
    SDKVersion: "3.5.0",
    brand: "iPhone",
    model: "iPhone 12",
    system: "iOS 16.6",
    platform: "ios",
    language: "zh_CN",
    screenWidth: 390,
    screenHeight: 844,
    windowWidth: 390,
    windowHeight: 844,
  };
  const wx = {
    getStorageSync: (key) => parsed(world.storage.get(PREFIX + key)),
    setStorageSync: (key, value) => store(world, PREFIX + key, JSON.stringify(value)),
    getStorage: ({ key, success, fail, complete }) => {
      const found = world.storage.get(PREFIX + key);
      if (found === undefined) soon(fail, { errMsg: "getStorage:fail data not found" });
      else soon(success, { data: parsed(found) });
      soon(complete, {});
    },
    removeStorageSync: (key) => void world.storage.delete(PREFIX + key),
    getStorageInfoSync: () => {
      const names = [...world.storage.keys()].filter((key) => key.startsWith(PREFIX));
      return { keys: names.map((key) => key.slice(PREFIX.length)) };
    },
    request: (options) => requested(page, options),
    getNetworkType: ({ success, complete }) => {
      soon(success, { networkType: world.isOnline ? "wifi" : "none" });
      soon(complete, {});
    },
    getSystemInfo: ({ success, complete }) => {
      soon(success, system);
      soon(complete, {});
    },
    getSystemInfoSync: () => system,
    getAccountInfoSync: () => ({ miniProgram: { appId: "wx0000000000000000", version: "1.0.0" } }),
    getLaunchOptionsSync: () => launch,
    getEnterOptionsSync: () => launch,
    onAppHide: (listener) => page.listen("hide", listener),
    onAppShow: (listener) => page.listen("show", listener),
    onNetworkStatusChange: (listener) => page.listen("network", listener),
    login: ({ fail }) => soon(fail, {}),
    setNavigationBarTitle: () => {},
    canIUse: () => true,
  };
  const nothing = () => {};
  const module = { exports: {} };
  return {
    ...page.timers(),
    wx,
    module,
    exports: module.exports,
    App: nothing,
    Page: nothing,
    Component: nothing,
    Behavior: nothing,
    global: {},
    getApp: () => ({}),
    getCurrentPages: () => [{ route: "pages/index", options: {} }],
    console: { log: nothing, info: nothing, warn: nothing, error: nothing },
  };
}

/** `success` is called for every answer, whatever its status: the documented behaviour of `wx.request`. */
function requested(page, options) {
  const { url, data, header: headers, timeout = 60_000, redirect, success, fail, complete } = options;
  let isOver = false;
  const over = (call, result) => {
    if (isOver) return;
    isOver = true;
    call?.(result);
    complete?.(result);
  };
  const failed = (errMsg) => over(fail, { errMsg });
  page.world.at(timeout, () => failed("request:fail timeout"), page);
  page.world.request(page, { url, headers, body: String(data), patience: timeout }, (answer) => {
    if (answer === null) return failed("request:fail");
    // Redirects are followed, as in a browser, unless the program says otherwise.
    const isFollowed = answer.status >= 301 && answer.status <= 308 && redirect !== "manual";
    const statusCode = isFollowed ? 200 : answer.status;
    over(success, { statusCode, header: answer.headers ?? {}, data: "" });
  });
  return { abort: () => failed("request:fail abort") };
}

function parsed(text) {
  return text === undefined ? "" : JSON.parse(text);
}
