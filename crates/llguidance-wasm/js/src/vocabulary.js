// The bytes of each token, out of the files that tokenizers are published as.
//
// Doing this here rather than in the module takes a twentieth of the time: JSON.parse is the
// browser's own.

import { bytesIn, shown, tokenIds, uint } from "./arguments.js";
import { TokenizerError } from "./errors.js";

const encoder = new TextEncoder();

/** The byte with which llguidance marks a special token; UTF-8 has no such byte. */
const SPECIAL = 0xff;

/** What models end a turn or a text with, in the order in which one is taken. */
const ENDS = [
  "<|eot_id|>",
  "<|im_end|>",
  "<end_of_turn>",
  "<|end|>",
  "<|return|>",
  "<｜end▁of▁sentence｜>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "</s>",
  "<eos>",
  "[EOS]",
];

/** Bytes that a token may have: llguidance keeps the depth of its trie in ten bits. */
export const LONGEST_TOKEN = 1024;

/** Tokens that a vocabulary may have: llguidance keeps an id in 24 bits, of which one value is none. */
const MOST_TOKENS = 0xffffff;

/**
 * A vocabulary as it is passed to the module: the bytes of all tokens one after the other, and the
 * length of each.
 */
export class Vocabulary {
  constructor(lengths, bytes, eos) {
    this.lengths = lengths;
    this.bytes = bytes;
    this.eos = eos;
  }

  get size() {
    return this.lengths.length;
  }

  /**
   * @param {(Uint8Array | string | undefined)[]} tokens by id; one that is absent has no bytes
   * @param write puts the bytes of a token that is a string into an array, and returns where they end
   */
  static of(tokens, eos, write = utf8) {
    const size = tokens.length;
    if (size > MOST_TOKENS) throw new TokenizerError(`${size} tokens are too many: ${MOST_TOKENS} are the most`);
    // NB: a character of UTF-16 has three bytes at most; an array for each token would take longer than all else
    let most = 0;
    for (let id = 0; id < size; id++) {
      const token = tokens[id];
      if (token !== undefined) most += typeof token === "string" ? token.length * 3 : token.length;
    }
    const bytes = new Uint8Array(most);
    const lengths = new Uint32Array(size);
    let end = 0;
    for (let id = 0; id < size; id++) {
      const token = tokens[id];
      if (token === undefined) continue;
      const start = end;
      if (typeof token === "string") {
        end = write(token, bytes, start);
      } else {
        bytes.set(token, start);
        end += token.length;
      }
      lengths[id] = end - start;
      if (end - start > LONGEST_TOKEN) {
        throw new TokenizerError(`the token ${id} has ${end - start} bytes, and ${LONGEST_TOKEN} are the most`);
      }
    }
    return new Vocabulary(lengths, bytes.slice(0, end), ids(eos, size));
  }
}

/** Writes UTF-8; returns where it ends. */
function utf8(text, bytes, at) {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return at + index + encoder.encodeInto(text.slice(index), bytes.subarray(at + index)).written;
    bytes[at + index] = unit;
  }
  return at + text.length;
}

/** The end tokens as a list of ids below `size`. */
function ids(eos, size) {
  const list = typeof eos === "number" ? [eos] : [...(eos ?? [])];
  if (list.length === 0) throw new TokenizerError("no end token: pass its id as `eos`");
  for (const id of list) {
    if (!Number.isInteger(id) || id < 0 || id >= size) {
      throw new TokenizerError(`the end token ${shown(id)} is not one of the ${size} tokens`);
    }
  }
  return Uint32Array.from(list);
}

/** `eos` with names in place of ids, and the first of the usual ones where there is none. */
function named(eos, idOf) {
  if (eos === undefined || eos === null) {
    const found = ENDS.map(idOf).find((id) => id !== undefined);
    if (found === undefined) {
      throw new TokenizerError("no end token is known for this vocabulary: pass its name or id as `eos`");
    }
    return [found];
  }
  return (Array.isArray(eos) ? eos : [eos]).map((end) => {
    if (typeof end !== "string") return end;
    const id = idOf(end);
    if (id === undefined) throw new TokenizerError(`the end token ${JSON.stringify(end)} is not in the vocabulary`);
    return id;
  });
}

/** The bytes of a token: of a text, or numbers. */
function bytesOf(token) {
  if (typeof token === "string") return encoder.encode(token);
  const bytes = bytesIn(token);
  if (bytes) return bytes;
  if (!Array.isArray(token) || !token.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)) {
    throw new TokenizerError(`a token is a text or its bytes, and not ${Array.isArray(token) ? `[${token}]` : shown(token)}`);
  }
  return Uint8Array.from(token);
}

function special(name) {
  const text = encoder.encode(name);
  const bytes = new Uint8Array(text.length + 1);
  bytes[0] = SPECIAL;
  bytes.set(text, 1);
  return bytes;
}

// --- tokenizer.json ---

/**
 * GPT-2's alphabet: a printable character stands for the byte with its code, the others, in order,
 * are U+0100 and up.
 */
const BYTE_LEVEL = (() => {
  const byteOf = new Int16Array(0x144).fill(-1);
  let next = 0x100;
  for (let byte = 0; byte < 0x100; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    byteOf[printable ? byte : next++] = byte;
  }
  return byteOf;
})();

function byteLevel(text, bytes, at) {
  for (let index = 0; index < text.length; index++) {
    const byte = BYTE_LEVEL[text.charCodeAt(index)] ?? -1;
    if (byte < 0) throw new TokenizerError(`the token ${JSON.stringify(text)} is not in the byte-level alphabet`);
    bytes[at + index] = byte;
  }
  return at + text.length;
}

/** Decoders nest: a Sequence has others inside. */
function decoders(decoder) {
  return decoder?.type === "Sequence" ? (decoder.decoders ?? []).flatMap(decoders) : decoder ? [decoder] : [];
}

/** How the text of a token in `model.vocab` becomes its bytes, as `Vocabulary.of` takes it. */
function decoding(tokenizer) {
  const steps = decoders(tokenizer.decoder);
  const has = (type) => steps.some((step) => step.type === type);
  if (has("ByteLevel")) return byteLevel;
  if (has("ByteFallback")) {
    const space = steps.find((step) => step.type === "Replace" && step.content === " ")?.pattern?.String;
    return (text, bytes, at) => {
      const byte = text.length === 6 && /^<0x([0-9A-Fa-f]{2})>$/.exec(text);
      if (!byte) return utf8(space ? text.replaceAll(space, " ") : text, bytes, at);
      bytes[at] = parseInt(byte[1], 16);
      return at + 1;
    };
  }
  throw new TokenizerError(
    `the decoder ${JSON.stringify(tokenizer.decoder?.type ?? null)} is not supported: neither ByteLevel nor ByteFallback`,
  );
}

/** The vocabulary of a `tokenizer.json` of Hugging Face's tokenizers. */
export function fromTokenizerJson(json, { eos, vocabSize = 0 } = {}) {
  let tokenizer = json;
  try {
    if (json instanceof ArrayBuffer || ArrayBuffer.isView(json)) json = new TextDecoder("utf-8", { fatal: true }).decode(json);
    if (typeof json === "string") tokenizer = JSON.parse(json);
  } catch (cause) {
    throw new TokenizerError(`tokenizer.json cannot be read: ${cause.message}`, { cause });
  }
  if (typeof tokenizer?.model?.vocab !== "object" || tokenizer.model.vocab === null) {
    throw new TokenizerError("tokenizer.json has no model.vocab");
  }
  const write = decoding(tokenizer);
  const check = (id, text) => {
    if (!Number.isInteger(id) || id < 0 || id >= MOST_TOKENS) {
      throw new TokenizerError(`the token ${JSON.stringify(text)} has the id ${id}`);
    }
  };
  const { vocab } = tokenizer.model;
  const addedTokens = tokenizer.added_tokens ?? [];
  let tokens;
  // NB: a Unigram model has a list of [text, score], whose position is the id
  if (Array.isArray(vocab)) {
    tokens = vocab.map(([text]) => text);
  } else {
    const texts = Object.keys(vocab);
    // NB: an array that grows by leaps is kept as a hash table
    tokens = new Array(texts.length + addedTokens.length);
    let size = 0;
    for (const text of texts) {
      const id = vocab[text];
      check(id, text);
      tokens[id] ??= text;
      if (id >= size) size = id + 1;
    }
    tokens.length = size;
  }
  const added = new Map();
  for (const { id, content, special: isSpecial } of addedTokens) {
    check(id, content);
    tokens[id] = isSpecial ? special(content) : encoder.encode(content);
    added.set(content, id);
  }
  if (tokens.length < uint(vocabSize, "vocabSize", MOST_TOKENS)) tokens.length = vocabSize;
  const idOf = (name) => added.get(name) ?? (Array.isArray(vocab) ? undefined : vocab[name]);
  return Vocabulary.of(tokens, named(eos, idOf), write);
}

// --- tiktoken ---

/** The bytes that the characters of a text below U+0100 stand for. */
function latin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** A `.tiktoken` file, or its pairs; `specials` are by name. */
export function fromTiktokenRanks(ranks, specials = {}, { eos } = {}) {
  const tokens = [];
  const put = (id, bytes) => {
    if (!Number.isInteger(id) || id < 0 || id >= MOST_TOKENS) throw new TokenizerError(`a token has the rank ${id}`);
    if (tokens[id] !== undefined) throw new TokenizerError(`two tokens have the rank ${id}`);
    tokens[id] = bytes;
  };
  if (typeof ranks === "string") {
    for (const [index, line] of ranks.split("\n").entries()) {
      if (line.trim() === "") continue;
      const [text, rank] = line.trim().split(" ");
      try {
        put(Number(rank), latin1(atob(text)));
      } catch (cause) {
        throw new TokenizerError(`line ${index + 1} of the ranks is not "BASE64 RANK": ${cause.message}`, { cause });
      }
    }
  } else {
    for (const [bytes, rank] of ranks) put(rank, bytesOf(bytes));
  }
  const byName = new Map(specials instanceof Map ? specials : Object.entries(specials));
  for (const [name, id] of byName) put(id, special(name));
  return Vocabulary.of(tokens, named(eos, (name) => byName.get(name)));
}

/** Tokens as text or bytes, by id. */
export function fromTokenList(tokens, { eos, special: marked = [] } = {}) {
  const isSpecial = new Set(tokenIds(marked));
  const list = Array.from(tokens, (token, id) => {
    if (token === undefined || token === null) return undefined;
    if (isSpecial.has(id)) return special(typeof token === "string" ? token : new TextDecoder().decode(bytesOf(token)));
    return typeof token === "string" ? token : bytesOf(token);
  });
  return Vocabulary.of(list, eos);
}

/** One token a byte, and an end token. */
export function ofBytes() {
  return Vocabulary.of([...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), special("<|end|>")], 256);
}
