// What needs the token key. A backend imports it from "kfactor/backend"; a page never does.
import { checked } from "./engine.js";
import { KfactorError } from "./errors.js";
import { complete, ready } from "./runtime.js";
import type { Token } from "./types.js";

/** The fields of a token to be made; what is absent is zero. */
export type TokenFields = Partial<Token>;

/**
 * Makes a signed token. The key has at least 16 bytes; `kid` says which of the backend's keys it is.
 *
 * @throws {KfactorError} if a field is out of its range or the key is too short.
 */
export async function mint(fields: TokenFields, key: Uint8Array): Promise<string> {
  await ready();
  return checked(complete().mint(fields, key)) as string;
}

/**
 * Reads a token and proves that the holder of the key made it. `keys` has the key of each `kid`.
 *
 * @throws {KfactorError} `TOKEN_INVALID`, whatever is wrong with it.
 */
export async function verify(token: string, keys: Readonly<Record<number, Uint8Array>>): Promise<Token> {
  await ready();
  return checked(complete().verify(token, keys)) as Token;
}

export { KfactorError };

export { type PlatformField, type PlatformFit, platformFits } from "./platform.js";
