import type { MiniApi } from "./mini-api.js";

/** The part of Alipay's `my` that differs from `wx`. */
export interface AlipayApi extends Omit<
  MiniApi,
  "request" | "getStorageSync" | "setStorageSync" | "removeStorageSync"
> {
  request(options: {
    url: string;
    method: string;
    headers: Record<string, string>;
    data?: string;
    dataType: string;
    timeout: number;
    success(answer: { status: number; data: unknown; headers?: Record<string, string> }): void;
    fail(reason: { error?: number; status?: number; data?: unknown; errorMessage?: string }): void;
  }): unknown;
  getStorageSync(options: { key: string }): { data?: unknown };
  setStorageSync(options: { key: string; data: string }): unknown;
  removeStorageSync(options: { key: string }): unknown;
}

/** An HTTP status that Alipay calls a failure. */
const STATUS_FAILED = 19;

/** Alipay's `my` in the form of WeChat's `wx`. */
export function asWx(my: AlipayApi): MiniApi {
  return {
    request: ({ header, success, fail, responseType: _, ...asked }) =>
      my.request({
        ...asked,
        headers: header,
        success: ({ status, data, headers }) =>
          success({ statusCode: status, data, ...(headers !== undefined && { header: headers }) }),
        fail: (reason) => {
          const { error, status, data, errorMessage = String(error) } = reason;
          if (error === STATUS_FAILED && status !== undefined) success({ statusCode: status, data });
          else fail({ errMsg: errorMessage });
        },
      }),
    ...sourceOf(my),
    getStorageSync: (key) => my.getStorageSync({ key }).data,
    setStorageSync: (key, data) => {
      // Alipay gives its errors back instead of throwing them.
      const answer = my.setStorageSync({ key, data }) as { error?: unknown } | undefined;
      if (answer?.error !== undefined) throw new Error(String(answer.error));
    },
    removeStorageSync: (key) => void my.removeStorageSync({ key }),
    ...picked(my, [
      "getStorageInfoSync",
      "getEnterOptionsSync",
      "getLaunchOptionsSync",
      "getAppBaseInfo",
      "getSystemInfoSync",
      "onAppShow",
      "offAppShow",
      "onAppHide",
      "offAppHide",
      "onNetworkStatusChange",
      "offNetworkStatusChange",
    ]),
  };
}

/** Alipay documents no random bytes; where its JavaScript has the browser's, they are taken. */
function sourceOf(my: AlipayApi): Pick<MiniApi, "getRandomValues"> {
  if (my.getRandomValues !== undefined)
    return { getRandomValues: (options) => my.getRandomValues?.(options) };
  if (typeof crypto !== "object" || typeof crypto.getRandomValues !== "function") return {};
  return {
    getRandomValues: ({ length, success }) =>
      success({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer }),
  };
}

/** The functions of those names that the host has, as its own. */
function picked<K extends keyof AlipayApi & keyof MiniApi>(my: AlipayApi, names: K[]): Pick<MiniApi, K> {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const value: unknown = my[name];
    if (typeof value === "function") found[name] = value.bind(my);
  }
  return found as Pick<MiniApi, K>;
}
