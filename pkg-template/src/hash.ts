/** FNV-1a, 32 bits: the same number for the same text everywhere, and no secret. */
export function fnv1a(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}
