// A tokenizer as bytes, so that a page parses a vocabulary once.
//
//   0   the head, as `sealed.js` writes it
//   12  u32 × 4: number of tokens, of their bytes, of end tokens, of bytes of the options' JSON
//   28  the end tokens, u32 each
//       the length of each token, u16 each; a token has at most 1,024 bytes
//       the options' JSON, the tokens' bytes
//
// All little-endian.

import { damaged, HEAD, seal } from "./sealed.js";
import { LONGEST_TOKEN, Vocabulary } from "./vocabulary.js";

const FIELDS = 4;
const HEADER = HEAD + FIELDS * 4;

export function write(vocabulary, slices, canonical) {
  const { lengths, bytes, eos } = vocabulary;
  const options = new TextEncoder().encode(JSON.stringify({ slices, canonical }));
  const result = new Uint8Array(HEADER + eos.length * 4 + lengths.length * 2 + options.length + bytes.length);
  const view = new DataView(result.buffer);
  [lengths.length, bytes.length, eos.length, options.length].forEach((number, index) =>
    view.setUint32(HEAD + index * 4, number, true),
  );
  let at = HEADER;
  for (const id of eos) at = (view.setUint32(at, id, true), at + 4);
  for (const length of lengths) at = (view.setUint16(at, length, true), at + 2);
  result.set(options, at);
  result.set(bytes, at + options.length);
  return seal("tok", result);
}

/** @param {Uint8Array} whole of which `sealed` was asked */
export function read(whole) {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (whole.length < HEADER) throw damaged();
  const [size, total, ends, optionSize] = [0, 1, 2, 3].map((index) => view.getUint32(HEAD + index * 4, true));
  if (whole.length !== HEADER + ends * 4 + size * 2 + optionSize + total) throw damaged();
  let at = HEADER;
  const eos = Uint32Array.from({ length: ends }, (_, index) => view.getUint32(at + index * 4, true));
  at += ends * 4;
  const lengths = new Uint32Array(new Uint16Array(whole.slice(at, at + size * 2).buffer));
  let sum = 0;
  let longest = 0;
  for (let index = 0; index < size; index++) {
    sum += lengths[index];
    if (lengths[index] > longest) longest = lengths[index];
  }
  at += size * 2;
  if (sum !== total || longest > LONGEST_TOKEN || eos.some((id) => id >= size) || ends === 0) throw damaged();
  let options;
  try {
    options = JSON.parse(new TextDecoder().decode(whole.slice(at, at + optionSize)));
  } catch (cause) {
    throw damaged(cause);
  }
  return { vocabulary: new Vocabulary(lengths, whole.slice(at + optionSize), eos), ...options };
}
