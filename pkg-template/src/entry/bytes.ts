import { ENGINE } from "../generated/bytes.js";

/** The engine's bytes, carried inside the JavaScript as base64. */
export function engineBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(ENGINE);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
