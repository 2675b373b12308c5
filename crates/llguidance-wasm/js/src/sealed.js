// The head of a tokenizer that is kept as bytes, and what tells whether the bytes are still the same.
//
//   0   "llgtok2\n", or "llgimg2\n" for one that is ready to use; 2 is the version
//   8   u32: the checksum of all that follows
//
// It is there against damage, not against anyone who means it.

import { TokenizerError } from "./errors.js";

const VERSION = 2;
const SUM = 8;

/** Bytes of the head. */
export const HEAD = SUM + 4;

/** Writes the head before the rest of the bytes, which are there already. */
export function seal(kind, bytes) {
  bytes.set(new TextEncoder().encode(`llg${kind}${VERSION}\n`));
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(SUM, checksum(bytes.subarray(HEAD)), true);
  return bytes;
}

/** "tok" or "img"; an error for bytes that are neither, of another version, or damaged. */
export function sealed(bytes) {
  const [, kind, version] = /^llg(tok|img)(\d)\n$/.exec(new TextDecoder().decode(bytes.slice(0, SUM))) ?? [];
  if (kind === undefined || bytes.length < HEAD) throw new TokenizerError("these bytes are not a serialized tokenizer");
  if (Number(version) !== VERSION) {
    throw new TokenizerError(`a serialized tokenizer of version ${version}, where ${VERSION} is read: it has to be serialized anew`);
  }
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(SUM, true) !== checksum(bytes.subarray(HEAD))) throw damaged();
  return kind;
}

export const damaged = (cause) => new TokenizerError("the serialized tokenizer is damaged", { cause });

const PRIME = 0x01000193;
const LANES = 4;

/** Words between two calls of `mix`, which is compiled sooner for being called often. */
const BLOCK = 1024;

/** FNV-1a over words, in lanes. Each step is one to one: no change within one word goes unseen. */
export function checksum(bytes) {
  const count = bytes.length >>> 2;
  // NB: words are aligned, and a part of a buffer need not be
  const { buffer, byteOffset } = bytes.byteOffset & 3 ? bytes.slice() : bytes;
  const words = new Int32Array(buffer, byteOffset, count);
  const whole = count - (count % LANES);
  const sums = Int32Array.of(1, 2, 3, 4);
  for (let at = 0; at < whole; at += BLOCK) mix(sums, words, at, Math.min(at + BLOCK, whole));
  let sum = bytes.length;
  for (const word of [...sums, ...words.subarray(whole), ...bytes.subarray(count * 4)]) sum = spread(Math.imul(sum ^ word, PRIME));
  return sum >>> 0;
}

/** Mixes high bits into low ones; a product goes the other way alone. */
const spread = (sum) => sum ^ (sum >>> 15);

function mix(sums, words, at, end) {
  let a = spread(sums[0]);
  let b = spread(sums[1]);
  let c = spread(sums[2]);
  let d = spread(sums[3]);
  for (; at < end; at += LANES) {
    a = Math.imul(a ^ words[at], PRIME);
    b = Math.imul(b ^ words[at + 1], PRIME);
    c = Math.imul(c ^ words[at + 2], PRIME);
    d = Math.imul(d ^ words[at + 3], PRIME);
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}
