// UTF-8 for hosts without TextEncoder and TextDecoder: the build of mini-programs puts these in their place.

/** Text as UTF-8. A half of a surrogate pair becomes U+FFFD, as the standard says. */
export class TextEncoder {
  encode(text = ""): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(text.length * 3);
    return bytes.slice(0, this.encodeInto(text, bytes).written);
  }

  /** Writes as many whole characters as there is room for. */
  encodeInto(text: string, bytes: Uint8Array): { read: number; written: number } {
    let [read, written] = [0, 0];
    while (read < text.length) {
      const point = pointAt(text, read);
      const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
      if (written + size > bytes.length) break;
      if (size === 1) bytes[written] = point;
      else {
        for (let at = size - 1; at > 0; at--)
          bytes[written + at] = 0x80 | ((point >> (6 * (size - 1 - at))) & 0x3f);
        bytes[written] = LEADS[size]! | (point >> (6 * (size - 1)));
      }
      written += size;
      read += size === 4 ? 2 : 1;
    }
    return { read, written };
  }
}

/** UTF-8 as text. What is no UTF-8 becomes U+FFFD, one for each longest beginning of a character. */
export class TextDecoder {
  decode(bytes: Uint8Array = NOTHING): string {
    let text = "";
    let units: number[] = [];
    let at = 0;
    while (at < bytes.length) {
      const first = bytes[at++]!;
      if (first < 0x80) units.push(first);
      else {
        const { point, size } = character(bytes, at - 1);
        at += size - 1;
        if (point > 0xffff)
          units.push(0xd800 + ((point - 0x1_0000) >> 10), 0xdc00 + ((point - 0x1_0000) & 0x3ff));
        else units.push(point);
      }
      if (units.length < PIECE) continue;
      text += String.fromCharCode.apply(null, units);
      units = [];
    }
    return text + String.fromCharCode.apply(null, units);
  }
}

const NOTHING = new Uint8Array(0);
const BROKEN = 0xfffd;
/** The first bits of a character's first byte, by its size. */
const LEADS = [0, 0, 0xc0, 0xe0, 0xf0];
/** Arguments that one call bears on every phone. */
const PIECE = 4_096;

function pointAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const next = text.charCodeAt(at + 1);
  const isPair = unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
  return isPair ? 0x1_0000 + ((unit - 0xd800) << 10) + (next - 0xdc00) : BROKEN;
}

/** The character of several bytes at a place, and how many bytes it takes; a broken one takes those that fit. */
function character(bytes: Uint8Array, at: number): { point: number; size: number } {
  const first = bytes[at]!;
  const wanted =
    first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xf0 && first < 0xf5
          ? 4
          : 0;
  if (wanted === 0) return { point: BROKEN, size: 1 };
  let point = first & (0x7f >> wanted);
  for (let size = 1; size < wanted; size++) {
    const next = bytes[at + size] ?? 0;
    // The second byte says more: no character is written longer than it has to be, and none is a surrogate.
    const least = size > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = size > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (next < least || next > most) return { point: BROKEN, size };
    point = (point << 6) | (next & 0x3f);
  }
  return { point, size: wanted };
}
