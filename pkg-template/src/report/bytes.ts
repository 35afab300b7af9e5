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
