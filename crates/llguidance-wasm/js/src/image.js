// A tokenizer as the memory of an instance that has nothing else in it: restored by copying.
//
// To prepare a vocabulary takes the module tens of milliseconds, and nothing of the result can be
// passed in from outside. Its memory can: an instance of the same module that is given the same
// memory goes on as the first one would.
//
//   0   the head, as `sealed.js` writes it
//   12  u32 × 5: the module's fingerprint in two words, the handle's address, pages of memory, bytes of what follows
//       a vocabulary as `serialized.js` writes it, padded to 4 bytes
//       the runs of blocks of 4,096 bytes that are not all zero: u32 × 2: the first block, how many; their bytes

import { TokenizerError } from "./errors.js";
import { checksum, damaged, HEAD, seal } from "./sealed.js";

const FIELDS = 5;
const HEADER = HEAD + FIELDS * 4;
const PAGE = 65536;
const BLOCK = 4096;
const RUN = 8;

const padded = (length) => (length + 3) & ~3;

/**
 * Two words that tell modules apart: where their static data ends, and its checksum. It has the addresses
 * of functions and the places of panics, and so changes with nearly every change of the code.
 */
export function fingerprint(guest) {
  const end = guest.exports.__data_end.value;
  const memory = guest.bytes(0, end);
  // NB: the stack comes before the data, and most of it was never used
  let used = 0;
  while (used < end && memory[used] === 0) used += PAGE;
  return [end, checksum(memory.subarray(used))];
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
  const runs = [];
  let size = HEADER + padded(serialized.length);
  for (let block = 0; block * BLOCK < memory.byteLength; block++) {
    if (memory.subarray((block * BLOCK) / 4, ((block + 1) * BLOCK) / 4).every((word) => word === 0)) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === block) last[1]++;
    else runs.push([block, 1]), (size += RUN);
    size += BLOCK;
  }
  const result = new Uint8Array(size);
  const fields = new Uint32Array(result.buffer, HEAD, FIELDS);
  fields.set([...print, address, memory.byteLength / PAGE, serialized.length]);
  result.set(serialized, HEADER);
  let at = HEADER + padded(serialized.length);
  for (const [first, count] of runs) {
    new Uint32Array(result.buffer, at, 2).set([first, count]);
    result.set(guest.bytes(first * BLOCK, count * BLOCK), at + RUN);
    at += RUN + count * BLOCK;
  }
  return seal("img", result);
}

/** The vocabulary in an image. */
export function serializedIn(image) {
  if (image.length < HEADER) throw damaged();
  return image.subarray(HEADER, HEADER + view(image).getUint32(HEAD + 16, true));
}

/** Gives a fresh guest the memory of an image; returns the tokenizer's address. */
export function restore(guest, image) {
  const head = view(image);
  const [first, second, address, size] = [0, 1, 2, 3].map((index) => head.getUint32(HEAD + index * 4, true));
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
  for (let at = HEADER + padded(serializedIn(image).length); at < image.length; ) {
    if (at + RUN > image.length) throw damaged();
    const from = head.getUint32(at, true) * BLOCK;
    const blocks = image.subarray(at + RUN, at + RUN + head.getUint32(at + 4, true) * BLOCK);
    if (from + blocks.length > bytes.length) throw damaged();
    bytes.set(blocks, from);
    at += RUN + blocks.length;
  }
  return address;
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
