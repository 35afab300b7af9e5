// Which host this is: its interface, and what it loads WebAssembly with.
import { type AlipayApi, asWx } from "../host/alipay.js";
import type { MiniApi, PackagedWasm } from "../host/mini-api.js";

declare const wx: MiniApi | undefined;
declare const tt: MiniApi | undefined;
declare const my: AlipayApi | undefined;
declare const WXWebAssembly: PackagedWasm | undefined;
declare const TTWebAssembly: PackagedWasm | undefined;
declare const MYWebAssembly: PackagedWasm | undefined;

/** A mini-program's host. Its names are looked up when they are needed, never by way of `globalThis`, which some lack. */
export function hostApi(): MiniApi {
  // Others give a `wx` beside their own, for programs that were written for WeChat.
  if (typeof tt === "object") return tt;
  if (typeof my === "object") return asWx(my);
  if (typeof wx === "object") return wx;
  throw new Error("no wx, tt or my: kfactor/mini-program is for mini-programs");
}

/** What loads WebAssembly from the code package by its path. */
export function packagedWasm(): PackagedWasm {
  if (typeof TTWebAssembly === "object") return TTWebAssembly;
  if (typeof MYWebAssembly === "object") return MYWebAssembly;
  if (typeof WXWebAssembly === "object") return WXWebAssembly;
  throw new Error("the host has no WXWebAssembly, TTWebAssembly or MYWebAssembly");
}
