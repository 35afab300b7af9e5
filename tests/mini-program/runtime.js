// The logic layer of a mini-program without a phone: an ECMAScript of iOS 14's age, `wx` and `WXWebAssembly` as strict as
// the strictest host, `require`, `App`, `Page` and `Component`. A classic script, for Node's `vm` and JavaScriptCore's shell:
//
//   const host = startHost({ kind, promises, result, code, wasm, request, random, after });
//
//   kind      "wechat", "douyin" or "alipay"
//   promises  "own" or "timers": the engine's, or a Promise that answers by setTimeout, as on iOS 15 and before
//   result    "source" or "instance": what instantiate gives
//   code      gives the text of a file of the code package, or null
//   wasm      gives the bytes of a `.wasm` or `.wasm.br` of the package, decompressed, or null
//   request   answers wx.request: { url, method, header, data } to a promise of { statusCode, data }
//   random    fills bytes
//   isWorker  whether this is a worker: Alipay's have WebAssembly, its pages do not
//   after     runs a function after milliseconds
/* exported startHost */
"use strict";

function startHost({ kind, promises, result, code, wasm, request, random, isWorker = false, after }) {
  const realm = Function("return this")();
  const Native = { WebAssembly: realm.WebAssembly, Promise: realm.Promise };
  const faults = [];
  const requested = [];
  const stored = new Map();
  const listeners = { show: new Set(), hide: new Set(), network: new Set() };
  const modules = new Map();
  const pages = [];
  let [isHidden, inFlight, mostInFlight] = [false, 0, 0];
  let [app, enterOptions, registered] = [{}, { path: "", query: {}, scene: 1001 }, null];
  const files = new Map();
  let timers = new Map();
  let lastTimer = 0;

  strip();
  timing();
  if (promises === "timers") realm.Promise = timerPromise(realm.setTimeout);
  install();

  return {
    realm,
    faults,
    requested,
    stored,
    mostInFlight: () => mostInFlight,
    /** Loads a module of the code package, as `require` in a file of its root. */
    require: (name) => load(resolve("/index.js", name)),
    /** Enters the mini-program: runs app.js. */
    launch(options) {
      enterOptions = { path: "", query: {}, scene: 1001, ...options };
      load("/app.js");
      app.onLaunch?.(enterOptions);
      app.onShow?.(enterOptions);
      return app;
    },
    /** Opens a page; gives it. */
    open(route, query = {}) {
      registered = null;
      modules.delete(`/${route}.js`);
      load(`/${route}.js`);
      if (registered === null) throw new Error(`${route} registers no Page`);
      const page = { ...registered, route, data: copy(registered.data ?? {}) };
      page.setData = setterOf(page);
      pages.push(page);
      page.onLoad?.(query);
      page.onShow?.();
      page.onReady?.();
      return page;
    },
    /** Makes a component of the code package by its path; gives it. */
    component(path) {
      registered = null;
      modules.delete(`${path}.js`);
      load(`${path}.js`);
      const { data = {}, methods = {}, lifetimes = {} } = registered;
      const component = { ...methods, data: copy(data) };
      component.setData = setterOf(component);
      lifetimes.attached?.call(component);
      return component;
    },
    /** Closes the page on top. */
    back() {
      pages.pop().onUnload?.();
    },
    hide() {
      isHidden = true;
      for (const listener of listeners.hide) listener();
    },
    show() {
      isHidden = false;
      for (const listener of listeners.show) listener();
    },
    file: (path) => files.get(path),
  };

  /** Leaves what a phone of iOS 14 knows. */
  function strip() {
    const KEPT =
      `Array ArrayBuffer Boolean DataView Date Error EvalError Float32Array Float64Array Function Infinity Int16Array Int32Array
      Int8Array Intl JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol
      SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet decodeURI
      decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape`.split(
        /\s+/,
      );
    for (const name of Object.getOwnPropertyNames(realm)) {
      if (!KEPT.includes(name)) Reflect.deleteProperty(realm, name);
    }
    const younger = [
      [Array.prototype, ["at", "findLast", "findLastIndex", "toReversed", "toSorted", "toSpliced", "with"]],
      [Object, ["hasOwn", "groupBy"]],
      [String.prototype, ["at", "isWellFormed", "toWellFormed"]],
      [
        Object.getPrototypeOf(Int8Array.prototype),
        ["at", "findLast", "findLastIndex", "toReversed", "toSorted", "with"],
      ],
      [Promise, ["any", "withResolvers", "try"]],
      [Symbol, ["dispose", "asyncDispose"]],
      [Map, ["groupBy"]],
      [Set.prototype, ["union", "intersection", "difference"]],
    ];
    for (const [owner, names] of younger) for (const name of names) delete owner[name];
  }

  function timing() {
    const start = (run, wait, again) => {
      const id = ++lastTimer;
      const due = () => {
        if (!timers.has(id)) return;
        if (again) after(wait, due);
        else timers.delete(id);
        guarded(run);
      };
      timers.set(id, due);
      after(wait, due);
      return id;
    };
    realm.setTimeout = (run, wait = 0, ...given) => start(() => run(...given), wait, false);
    realm.setInterval = (run, wait = 0) => start(run, wait, true);
    realm.clearTimeout = realm.clearInterval = (id) => void timers.delete(id);
  }

  function install() {
    const api = kind === "alipay" ? alipay() : wechat();
    realm[{ wechat: "wx", douyin: "tt", alipay: "my" }[kind]] = api;
    const name = { wechat: "WXWebAssembly", douyin: "TTWebAssembly", alipay: "MYWebAssembly" }[kind];
    if (kind !== "alipay" || isWorker) realm[name] = { instantiate };
    realm.App = (definition) => void (app = definition);
    realm.Page = (definition) => void (registered = definition);
    realm.Component = (definition) => void (registered = definition);
    realm.Behavior = (definition) => definition;
    realm.getApp = () => app;
    realm.getCurrentPages = () => pages.slice();
    realm.console = {
      log() {},
      info() {},
      warn() {},
      error: (...said) => faults.push(said.map(String).join(" ")),
    };
  }

  function wechat() {
    return {
      request: (asked) =>
        void send(asked, (statusCode, data) => asked.success?.({ statusCode, data, header: {} })),
      getRandomValues({ length, success, fail }) {
        check(length >= 1 && length <= 1048576, "getRandomValues: length");
        const bytes = random(new Uint8Array(length));
        realm.setTimeout(() =>
          bytes === null ? fail({ errMsg: "getRandomValues:fail" }) : success({ randomValues: bytes.buffer }),
        );
      },
      getStorageSync: (key) => stored.get(key) ?? "",
      setStorageSync: store,
      removeStorageSync: (key) => void stored.delete(key),
      getEnterOptionsSync: () => enterOptions,
      getLaunchOptionsSync: () => enterOptions,
      getAppBaseInfo: () => ({ language: "zh_CN", SDKVersion: "3.7.0" }),
      getWindowInfo: () => ({ pixelRatio: 3, windowWidth: 390, windowHeight: 844 }),
      onAppShow: (listener) => void listeners.show.add(listener),
      offAppShow: (listener) => void listeners.show.delete(listener),
      onAppHide: (listener) => void listeners.hide.add(listener),
      offAppHide: (listener) => void listeners.hide.delete(listener),
      onNetworkStatusChange: (listener) => void listeners.network.add(listener),
      offNetworkStatusChange: (listener) => void listeners.network.delete(listener),
      canvasToTempFilePath({ canvas, fileType, quality, success }) {
        check(["jpg", "png"].includes(fileType), "canvasToTempFilePath: fileType");
        check(quality > 0 && quality <= 1, "canvasToTempFilePath: quality");
        check(canvas.width <= 1365 && canvas.height <= 1365, `canvas of ${canvas.width} × ${canvas.height}`);
        const tempFilePath = `http://tmp/${files.size}.${fileType}`;
        files.set(tempFilePath, { width: canvas.width, height: canvas.height, drawn: canvas.drawn });
        realm.setTimeout(() => success({ tempFilePath }));
      },
      createSelectorQuery: () => query(),
      requirePrivacyAuthorize: ({ success }) => realm.setTimeout(() => success({})),
      saveImageToPhotosAlbum({ filePath, success, fail }) {
        realm.setTimeout(() =>
          files.has(filePath) ? success({}) : fail({ errMsg: "saveImageToPhotosAlbum:fail" }),
        );
        if (files.has(filePath)) files.get(filePath).isSaved = true;
      },
      downloadFile({ url, success }) {
        check(/^https?:\/\//.test(url), `downloadFile: url ${url}`);
        requested.push({ url, method: "GET", header: {} });
        const tempFilePath = `http://tmp/${files.size}.jpg`;
        files.set(tempFilePath, { url });
        realm.setTimeout(() => success({ statusCode: 200, tempFilePath }));
      },
      showToast() {},
      showModal: ({ success }) => realm.setTimeout(() => success?.({ confirm: true })),
      showShareMenu() {},
      setNavigationBarTitle() {},
      stopPullDownRefresh() {},
      vibrateShort() {},
      setClipboardData: ({ success }) => realm.setTimeout(() => success?.({})),
      login: ({ success }) => realm.setTimeout(() => success({ code: "0a1b2c" })),
      navigateTo({ url }) {
        check(url.startsWith("/"), "navigateTo: url");
      },
      reLaunch() {},
    };
  }

  function alipay() {
    const { getStorageSync: _, getRandomValues: __, ...same } = wechat();
    return {
      ...same,
      request: ({ headers, success, fail, ...asked }) => {
        check(headers !== undefined, "request: headers");
        const answered = (status, data) =>
          status < 400
            ? success({ status, data, headers: {} })
            : fail({ error: 19, status, data, errorMessage: "http status error" });
        send(
          {
            ...asked,
            header: headers,
            responseType: "text",
            fail: (reason) => fail({ error: 12, errorMessage: reason.errMsg }),
          },
          answered,
        );
      },
      getStorageSync: ({ key }) => ({ data: stored.get(key) ?? null }),
      setStorageSync: ({ key, data }) => store(key, data),
      removeStorageSync: ({ key }) => void stored.delete(key),
    };
  }

  function send({ url, method = "GET", header = {}, data, dataType, timeout, fail }, answered) {
    check(/^https?:\/\/[^/]+\//.test(url), `request: url ${url}`);
    check(["GET", "POST"].includes(method), "request: method");
    check(data === undefined || typeof data === "string", "request: data is no text");
    check(
      Object.values(header).every((value) => typeof value === "string"),
      "request: header",
    );
    check(timeout > 0 && timeout <= 10000, `request: timeout ${timeout}`);
    check(!("Referer" in header || "referer" in header), "request: referer");
    requested.push({ url, method, header, data });
    if (isHidden) return realm.setTimeout(() => fail?.({ errMsg: "request:fail interrupted" }));
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    request({ url, method, header, data }).then(
      (answer) => {
        inFlight--;
        if (isHidden) return fail?.({ errMsg: "request:fail interrupted" });
        // Anything but "json" stays text.
        const value = dataType === "json" || dataType === undefined ? JSON.parse(answer.data) : answer.data;
        guarded(() => answered(answer.statusCode, value));
      },
      (reason) => {
        inFlight--;
        fail?.({ errMsg: `request:fail ${reason}` });
      },
    );
  }

  function store(key, value) {
    check(typeof key === "string" && key !== "", "setStorageSync: key");
    const size = JSON.stringify(value).length;
    if (size > 1 << 20) throw new Error("setStorageSync:fail entry size limit reached");
    const whole = Array.from(stored.values()).reduce((sum, other) => sum + String(other).length, size);
    if (whole > 10 << 20) throw new Error("setStorageSync:fail exceed storage max size");
    stored.set(key, value);
  }

  /** Only paths of the package, and only what every host's WebAssembly has. */
  function instantiate(path, imports) {
    const refuse = (words) => {
      faults.push(`instantiate: ${words}`);
      return realm.Promise.reject(new TypeError(`instantiate: ${words}`));
    };
    if (typeof path !== "string") return refuse(`${typeof path} in the place of a path`);
    if (!/^\/.*\.wasm(\.br)?$/.test(path)) return refuse(`path ${path}`);
    const bytes = wasm(path);
    if (bytes === null) return refuse(`no file ${path}`);
    const module = new Native.WebAssembly.Module(bytes);
    for (const { module: from, name, kind } of Native.WebAssembly.Module.imports(module)) {
      const slot = Object.getOwnPropertyDescriptor(imports[from] ?? {}, name);
      if (slot === undefined || !("value" in slot)) return refuse(`import ${name} is no plain value`);
      if (kind !== "function" || typeof slot.value !== "function")
        return refuse(`import ${name} is a ${kind}`);
    }
    const made = new Native.WebAssembly.Instance(module, imports);
    const exports = {};
    for (const { name, kind } of Native.WebAssembly.Module.exports(module)) {
      // iOS shows functions, memories and tables, and no globals.
      if (kind !== "global") exports[name] = made.exports[name];
    }
    const instance = { exports: Object.freeze(exports) };
    const given = result === "source" ? { module: {}, instance } : instance;
    return new realm.Promise((done) => realm.setTimeout(() => done(given)));
  }

  function query() {
    const found = [];
    const self = {
      in: () => self,
      select: () => self,
      fields: () => (found.push({ node: canvasNode(), width: 300, height: 150 }), self),
      node: () => (found.push({ node: canvasNode() }), self),
      exec: (done) => void realm.setTimeout(() => done(found)),
    };
    return self;
  }

  function canvasNode() {
    const drawn = [];
    const context = new Proxy(
      { measureText: (text) => ({ width: String(text).length * 20 }) },
      {
        get: (target, name) =>
          target[name] ?? ((...given) => (drawn.push([name, ...given]), { addColorStop() {} })),
        set: (target, name, value) => ((target[name] = value), true),
      },
    );
    return {
      width: 300,
      height: 150,
      drawn,
      getContext: (kind) => (kind === "2d" ? context : null),
      createImage() {
        const image = { width: 60, height: 60, onload: null, onerror: null };
        Object.defineProperty(image, "src", { set: () => void realm.setTimeout(() => image.onload?.()) });
        return image;
      },
    };
  }

  function load(path) {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const text = code(path);
    if (text === null) throw new Error(`module '${path}' is not defined`);
    const module = { exports: {} };
    modules.set(path, module);
    const inner = (name) => load(resolve(path, name));
    const names = ["require", "module", "exports"];
    const given = [inner, module, module.exports];
    // Page modules of Douyin do not see it.
    if (kind === "douyin") names.push("globalThis");
    Function(...names, `${text}\n//# sourceURL=${path}`).apply(undefined, given);
    return module.exports;
  }

  function resolve(from, name) {
    const isFile = name.startsWith(".") || name.startsWith("/");
    if (!isFile) {
      const [first, ...rest] = name.split("/");
      const base = `/miniprogram_npm/${first}`;
      return withEnding(rest.length === 0 ? base : `${base}/${rest.join("/")}`);
    }
    const parts = name.startsWith("/") ? [] : from.split("/").slice(1, -1);
    for (const part of name.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "." && part !== "") parts.push(part);
    }
    return withEnding(`/${parts.join("/")}`);
  }

  function withEnding(path) {
    return (
      [path, `${path}.js`, `${path}/index.js`].find((file) => /\.js$/.test(file) && code(file) !== null) ??
      path
    );
  }

  function guarded(run) {
    try {
      run();
    } catch (reason) {
      faults.push(`${reason} ${reason && reason.stack}`);
    }
  }

  function check(isTrue, words) {
    if (isTrue) return;
    faults.push(words);
    throw new TypeError(words);
  }

  function setterOf(owner) {
    return (change, done) => {
      for (const [path, value] of Object.entries(copy(change))) assign(owner.data, path, value);
      done?.();
    };
  }

  /** What may cross to the view: JSON and nothing else. */
  function copy(value) {
    return JSON.parse(JSON.stringify(value));
  }

  function assign(data, path, value) {
    const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
    const last = steps.pop();
    let place = data;
    for (const step of steps) place = place[step] ??= {};
    place[last] = value;
  }

  /** A Promise that answers by timers, so that everything after an await comes later than elsewhere. */
  function timerPromise(later) {
    return class TimerPromise {
      constructor(run) {
        this.state = "open";
        this.waiting = [];
        const settle = (state, value) => {
          if (this.state !== "open") return;
          [this.state, this.value] = [state, value];
          for (const wake of this.waiting) later(wake);
        };
        const refuse = (reason) => settle("refused", reason);
        const accept = (value) => {
          if (
            value !== null &&
            /^(object|function)$/.test(typeof value) &&
            typeof value.then === "function"
          ) {
            try {
              value.then(accept, refuse);
            } catch (reason) {
              refuse(reason);
            }
          } else settle("kept", value);
        };
        try {
          run(accept, refuse);
        } catch (reason) {
          refuse(reason);
        }
      }
      then(kept, refused) {
        return new TimerPromise((accept, refuse) => {
          const wake = () => {
            const next = this.state === "kept" ? kept : refused;
            if (typeof next !== "function") return (this.state === "kept" ? accept : refuse)(this.value);
            try {
              accept(next(this.value));
            } catch (reason) {
              refuse(reason);
            }
          };
          if (this.state === "open") this.waiting.push(wake);
          else later(wake);
        });
      }
      catch(refused) {
        return this.then(undefined, refused);
      }
      finally(done) {
        const end = (next) => (value) => TimerPromise.resolve(done()).then(() => next(value));
        return this.then(
          end((value) => value),
          end((reason) => TimerPromise.reject(reason)),
        );
      }
      static resolve(value) {
        return value instanceof TimerPromise ? value : new TimerPromise((accept) => accept(value));
      }
      static reject(reason) {
        return new TimerPromise((_, refuse) => refuse(reason));
      }
      static all(values) {
        const list = Array.from(values);
        const results = [];
        let left = list.length;
        return new TimerPromise((accept, refuse) => {
          if (left === 0) accept(results);
          list.forEach((value, at) => {
            TimerPromise.resolve(value).then((kept) => {
              results[at] = kept;
              if (--left === 0) accept(results);
            }, refuse);
          });
        });
      }
      static race(values) {
        return new TimerPromise((accept, refuse) => {
          for (const value of values) TimerPromise.resolve(value).then(accept, refuse);
        });
      }
    };
  }
}
