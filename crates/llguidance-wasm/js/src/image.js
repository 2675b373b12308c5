// A tokenizer as the memory of an instance that has nothing else in it: restored by copying.
//
// To prepare a vocabulary takes the module tens of milliseconds, and nothing of the result can be
// passed in from outside. Its memory can: an instance of the same module that is given the same
// memory goes on as the first one would.
//
//   0   "llgimg1\n"
//   8   u32 × 5: the module's fingerprint in two words, the handle's address, pages of memory, bytes of what follows
//       a vocabulary as `serialized.js` writes it, padded to 4 bytes
//       the pages that are not all zero: u32 number of the page, 65,536 bytes

import { TokenizerError } from "./errors.js";

const MAGIC = new TextEncoder().encode("llgimg1\n");
const FIELDS = 5;
const HEADER = MAGIC.length + FIELDS * 4;
const PAGE = 65536;
const RECORD = 4 + PAGE;

const padded = (length) => (length + 3) & ~3;

/**
 * Two words that tell modules apart: FNV-1a over their static data, which has the addresses of
 * functions and the places of panics, and so changes with nearly every change of the code.
 */
export function fingerprint(guest) {
  const memory = guest.words(0, guest.exports.__data_end.value >>> 2);
  // NB: the stack comes before the data, and most of it was never used
  let used = 0;
  while (used < memory.length && memory[used] === 0) used += PAGE / 4;
  const words = memory.subarray(used);
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let index = 0; index < words.length; index++) {
    first = Math.imul(first ^ words[index], 0x01000193);
    second = Math.imul(second ^ words[index], 0x85ebca6b) + index;
  }
  return [first >>> 0, second >>> 0];
}

export function isImage(bytes) {
  return bytes.length >= HEADER && MAGIC.every((byte, index) => bytes[index] === byte);
}

/** Sizes that free memory is asked for in, so that it can be cleared. */
const SWEEPS = [1 << 20, 1 << 18, PAGE, PAGE >> 2];

/** Clears memory that is free: what was allocated on the way to a tokenizer need not be kept. */
function sweep(guest) {
  const blocks = [];
  for (const size of SWEEPS) {
    for (;;) {
      const before = guest.memory.buffer.byteLength;
      const at = guest.allocate(size);
      blocks.push([at, size]);
      guest.bytes(at, size).fill(0);
      if (guest.memory.buffer.byteLength > before) break;
    }
  }
  for (const [at, size] of blocks) guest.free(at, size);
}

/** The memory of a guest with a tokenizer at `address`, whose fingerprint was taken when it was fresh. */
export function writeImage(guest, print, address, serialized) {
  sweep(guest);
  const memory = new Uint32Array(guest.memory.buffer);
  const pages = [];
  for (let page = 0; page * PAGE < memory.byteLength; page++) {
    const words = memory.subarray((page * PAGE) / 4, ((page + 1) * PAGE) / 4);
    if (words.some((word) => word !== 0)) pages.push([page, words]);
  }
  const result = new Uint8Array(HEADER + padded(serialized.length) + pages.length * RECORD);
  result.set(MAGIC);
  const fields = new Uint32Array(result.buffer, MAGIC.length, FIELDS);
  fields.set([...print, address, memory.byteLength / PAGE, serialized.length]);
  result.set(serialized, HEADER);
  let at = HEADER + padded(serialized.length);
  for (const [page, words] of pages) {
    new Uint32Array(result.buffer, at, 1)[0] = page;
    new Uint32Array(result.buffer, at + 4, words.length).set(words);
    at += RECORD;
  }
  return result;
}

/** The vocabulary in an image. */
export function serializedIn(image) {
  return image.subarray(HEADER, HEADER + view(image).getUint32(MAGIC.length + 16, true));
}

/** Gives a fresh guest the memory of an image; returns the tokenizer's address. */
export function restore(guest, image) {
  const head = view(image);
  const [first, second, address, size] = [0, 1, 2, 3].map((index) => head.getUint32(MAGIC.length + index * 4, true));
  const from = HEADER + padded(serializedIn(image).length);
  if ((image.length - from) % RECORD !== 0 || from > image.length) throw new TokenizerError("the serialized tokenizer is damaged");
  const print = fingerprint(guest);
  if (print[0] !== first || print[1] !== second) {
    throw new TokenizerError("the tokenizer was serialized, ready to use, by another build of the module");
  }
  const memory = guest.memory;
  try {
    memory.grow(size - memory.buffer.byteLength / PAGE);
  } catch (cause) {
    throw new TokenizerError(`${size} pages of memory cannot be had`, { cause });
  }
  const bytes = new Uint8Array(memory.buffer);
  for (let at = from; at < image.length; at += RECORD) {
    const page = head.getUint32(at, true);
    if (page >= size) throw new TokenizerError("the serialized tokenizer is damaged");
    bytes.set(image.subarray(at + 4, at + RECORD), page * PAGE);
  }
  return address;
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
