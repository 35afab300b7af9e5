// Makes a screenshot small: the same picture with at most 256 colours.
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;
/** Bits of each channel that tell colours apart; the rest is the renderer's noise in gradients. */
const BITS = 7;

/** Reads an 8-bit RGB or RGBA PNG and writes it with a palette. Transparency is left out. */
export function toPalette(png) {
  const { width, height, channels, rows } = decode(png);
  const counts = new Map();
  const keys = new Uint32Array(width * height);
  for (let i = 0; i < keys.length; i++) {
    const key = keyOf(rows[i * channels], rows[i * channels + 1], rows[i * channels + 2]);
    keys[i] = key;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const boxes = split([...counts].map(([key, count]) => ({ rgb: colourOf(key), key, count })));
  const indexes = new Map(boxes.flatMap((box, index) => box.map(({ key }) => [key, index])));
  const lines = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < keys.length; i++) lines[i + Math.floor(i / width) + 1] = indexes.get(keys[i]);
  return encode(width, height, boxes.map(mean), lines);
}

/** Median cut: the box with the widest channel is split where half of its pixels lie, until there are enough. */
function split(colours) {
  const boxes = [colours];
  while (boxes.length < COLOURS) {
    const wide = boxes
      .map((box) => widest(box))
      .reduce((best, now, at, all) => (now.score > all[best].score ? at : best), 0);
    const { score, channel } = widest(boxes[wide]);
    if (score === 0) break;
    const box = boxes[wide].sort((a, b) => a.rgb[channel] - b.rgb[channel]);
    const half = box.reduce((sum, { count }) => sum + count, 0) / 2;
    let sum = 0;
    let cut = 0;
    while (cut < box.length - 1 && (cut === 0 || sum + box[cut].count / 2 < half)) sum += box[cut++].count;
    boxes.splice(wide, 1, box.slice(0, cut), box.slice(cut));
  }
  return boxes;
}

function widest(box) {
  const spans = [0, 1, 2].map((channel) => {
    const values = box.map(({ rgb }) => rgb[channel]);
    return (
      values.reduce((most, value) => Math.max(most, value), 0) -
      values.reduce((least, value) => Math.min(least, value), 255)
    );
  });
  const channel = spans.indexOf(Math.max(...spans));
  const weight = box.reduce((sum, { count }) => sum + count, 0);
  return { channel, score: spans[channel] * Math.sqrt(weight) };
}

function mean(box) {
  const total = box.reduce((sum, { count }) => sum + count, 0);
  return [0, 1, 2].map((at) =>
    Math.round(box.reduce((sum, { rgb, count }) => sum + rgb[at] * count, 0) / total),
  );
}

function keyOf(red, green, blue) {
  const most = (1 << BITS) - 1;
  return [red, green, blue].reduce((key, value) => (key << BITS) | Math.round((value * most) / 255), 0);
}

function colourOf(key) {
  const most = (1 << BITS) - 1;
  return [2 * BITS, BITS, 0].map((shift) => Math.round((((key >> shift) & most) * 255) / most));
}

function decode(png) {
  const header = png.subarray(16, 29);
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3];
  const parts = [];
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  const packed = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : rows[y * stride + x - channels];
      const up = y === 0 ? 0 : rows[(y - 1) * stride + x];
      const corner = x < channels || y === 0 ? 0 : rows[(y - 1) * stride + x - channels];
      rows[y * stride + x] = packed[y * (stride + 1) + 1 + x] + predicted(filter, left, up, corner);
    }
  }
  return { width, height, channels, rows };
}

function predicted(filter, left, up, corner) {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const [toLeft, toUp, toCorner] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function encode(width, height, palette, lines) {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 3, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const data = deflateSync(lines, { level: 9, memLevel: 9 });
  const chunks = [chunk("IHDR", header), chunk("PLTE", Buffer.from(palette.flat())), chunk("IDAT", data)];
  return Buffer.concat([SIGNATURE, ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name, body) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(checksum(named), named.length + 4);
  return whole;
}

function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
