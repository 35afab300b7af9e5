const encoder = new TextEncoder();

/** A text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** CRC-32 (ISO-HDLC, polynomial 0xEDB88320 reflected); of the nine digits from 1 it is 0xcbf43926. */
export function crc32(text: string): number {
  let sum = -1;
  for (const byte of utf8(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A text's UTF-8 as base64 with padding (RFC 4648, section 4): mini-programs have no `btoa`. */
export function base64(text: string): string {
  const bytes = utf8(text);
  let out = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let place = 0; place < 4; place++)
      out += place > left ? "=" : LETTERS.charAt((bits >> (18 - 6 * place)) & 63);
  }
  return out;
}
