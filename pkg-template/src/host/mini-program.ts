import { memoryStorage, type KeyValue } from "../loop/storage.js";
import { Pool, type Source } from "./entropy.js";
import type { Host, PageEvents, Post, PostReply, Reply, Request } from "./host.js";
import type { MiniApi } from "./mini-api.js";

/** No answer is worth waiting longer for on a phone; the hosts' own limit is a minute. */
const LONGEST_WAIT_MS = 10_000;

/** A mini-program, by the interface of its host: `wx`, or what gives the same. */
export function miniProgram(api: MiniApi): Host {
  const pool = new Pool(sourceOf(api));
  return {
    random: (length) => pool.take(length),
    request: (asked) => request(api, asked),
    post: (report) => post(api, report),
    storage: () => storageOf(api),
    address: () => api.getEnterOptionsSync?.().query ?? api.getLaunchOptionsSync?.().query ?? "",
    page: pageOf,
    language: () => (languageOf(api).startsWith("zh") ? "zh" : "en"),
    watch: (events) => watch(api, events),
  };
}

/** Every status comes as success here. */
function request(api: MiniApi, { method, url, headers, body }: Request): Promise<Reply> {
  return new Promise((resolve, reject) => {
    api.request({
      method,
      url,
      header: headers,
      ...(body === undefined ? {} : { data: body }),
      // Read below: the host's own reading gives text for JSON that it does not understand.
      dataType: "text",
      responseType: "text",
      timeout: LONGEST_WAIT_MS,
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: parsed(data) }),
      fail: (reason) => reject(new Error(messageOf(reason))),
    });
  });
}

/** Every status comes as success here too; a request that is under way when the program is hidden has five seconds. */
function post(api: MiniApi, { url, type, headers, body, isLeaving }: Post): Promise<PostReply> {
  return new Promise((resolve) => {
    api.request({
      method: "POST",
      url,
      header: { ...headers, "Content-Type": type },
      data: body,
      dataType: "text",
      responseType: "text",
      timeout: isLeaving ? 5_000 : LONGEST_WAIT_MS,
      // Whatever page a redirection leads to has not taken the report.
      redirect: "manual",
      success: ({ statusCode, header = {} }) => {
        const named = new Map(Object.entries(header).map(([name, value]) => [name.toLowerCase(), value]));
        const [retryAfter, date] = [named.get("retry-after"), named.get("date")];
        resolve({
          status: statusCode,
          ...(retryAfter !== undefined && { retryAfter }),
          ...(date !== undefined && { date }),
        });
      },
      fail: () => resolve({ status: 0 }),
    });
  });
}

function parsed(data: unknown): unknown {
  if (typeof data !== "string") return data ?? null;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return null;
  }
}

function sourceOf(api: MiniApi): Source {
  return (length) =>
    new Promise((resolve, reject) => {
      if (api.getRandomValues === undefined) return reject(new Error("getRandomValues"));
      api.getRandomValues({
        length,
        success: ({ randomValues }) => resolve(new Uint8Array(randomValues)),
        fail: (reason) => reject(new Error(messageOf(reason))),
      });
    });
}

function storageOf(api: MiniApi): KeyValue {
  const { getStorageSync, setStorageSync, removeStorageSync, getStorageInfoSync } = api;
  if (getStorageSync === undefined || setStorageSync === undefined) return memoryStorage();
  return {
    // The host has no word for what is not there: it gives an empty text.
    getItem: (key) => {
      const value = getStorageSync(key);
      return typeof value === "string" && value !== "" ? value : null;
    },
    setItem: (key, value) => setStorageSync(key, value),
    removeItem: (key) => removeStorageSync?.(key),
    ...(getStorageInfoSync === undefined ? {} : { keys: () => getStorageInfoSync().keys }),
  };
}

/** The page on top, as a path from the root. */
function pageOf(): string {
  const pages = typeof getCurrentPages === "function" ? getCurrentPages() : [];
  const { route = "" } = pages[pages.length - 1] ?? {};
  return `/${route.replace(/^\//, "")}`;
}

declare function getCurrentPages(): { route?: string }[];

function languageOf(api: MiniApi): string {
  try {
    return (api.getAppBaseInfo ?? api.getSystemInfoSync)?.call(api).language ?? "zh";
  } catch {
    return "zh";
  }
}

function watch(api: MiniApi, { shown, hidden, online }: PageEvents): () => void {
  const connected = ({ isConnected }: { isConnected: boolean }): void => void (isConnected && online?.());
  const [show, hide] = [() => shown?.(), () => hidden?.()];
  api.onAppShow?.(show);
  api.onAppHide?.(hide);
  api.onNetworkStatusChange?.(connected);
  return () => {
    api.offAppShow?.(show);
    api.offAppHide?.(hide);
    api.offNetworkStatusChange?.(connected);
  };
}

function messageOf(reason: { errMsg?: string } | undefined): string {
  return reason?.errMsg ?? "no answer";
}
