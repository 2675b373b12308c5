// The bytes of each token, out of the files that tokenizers are published as.
//
// Doing this here rather than in the module takes a twentieth of the time: JSON.parse is the
// browser's own.

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

  /** @param {(Uint8Array | undefined)[]} tokens by id; one that is absent has no bytes */
  static of(tokens, eos) {
    if (tokens.length > MOST_TOKENS) throw new TokenizerError(`${tokens.length} tokens are too many: ${MOST_TOKENS} are the most`);
    const lengths = new Uint32Array(tokens.length);
    let total = 0;
    for (let id = 0; id < tokens.length; id++) {
      lengths[id] = tokens[id]?.length ?? 0;
      if (lengths[id] > LONGEST_TOKEN) {
        throw new TokenizerError(`the token ${id} has ${lengths[id]} bytes, and ${LONGEST_TOKEN} are the most`);
      }
      total += lengths[id];
    }
    const bytes = new Uint8Array(total);
    let at = 0;
    for (let id = 0; id < tokens.length; id++) {
      if (lengths[id] > 0) bytes.set(tokens[id], at);
      at += lengths[id];
    }
    return new Vocabulary(lengths, bytes, ids(eos, tokens.length));
  }
}

/** The end tokens as a list of ids below `size`. */
function ids(eos, size) {
  const list = typeof eos === "number" ? [eos] : [...(eos ?? [])];
  if (list.length === 0) throw new TokenizerError("no end token: pass its id as `eos`");
  for (const id of list) {
    if (!Number.isInteger(id) || id < 0 || id >= size) {
      throw new TokenizerError(`the end token ${id} is not one of the ${size} tokens`);
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

function byteLevel(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const byte = BYTE_LEVEL[text.charCodeAt(at)] ?? -1;
    if (byte < 0) throw new TokenizerError(`the token ${JSON.stringify(text)} is not in the byte-level alphabet`);
    bytes[at] = byte;
  }
  return bytes;
}

/** Decoders nest: a Sequence has others inside. */
function decoders(decoder) {
  return decoder?.type === "Sequence" ? (decoder.decoders ?? []).flatMap(decoders) : decoder ? [decoder] : [];
}

/** How the text of a token in `model.vocab` becomes its bytes. */
function decoding(tokenizer) {
  const steps = decoders(tokenizer.decoder);
  const has = (type) => steps.some((step) => step.type === type);
  if (has("ByteLevel")) return byteLevel;
  if (has("ByteFallback")) {
    const space = steps.find((step) => step.type === "Replace" && step.content === " ")?.pattern?.String;
    return (text) => {
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text);
      if (byte) return Uint8Array.of(parseInt(byte[1], 16));
      return encoder.encode(space ? text.replaceAll(space, " ") : text);
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
  const bytesOf = decoding(tokenizer);
  const tokens = [];
  const added = new Map();
  const check = (id, text) => {
    if (!Number.isInteger(id) || id < 0 || id >= MOST_TOKENS) {
      throw new TokenizerError(`the token ${JSON.stringify(text)} has the id ${id}`);
    }
  };
  for (const { id, content, special: isSpecial } of tokenizer.added_tokens ?? []) {
    check(id, content);
    tokens[id] = isSpecial ? special(content) : encoder.encode(content);
    added.set(content, id);
  }
  const { vocab } = tokenizer.model;
  // NB: a Unigram model has a list of [text, score], whose position is the id
  if (Array.isArray(vocab)) {
    vocab.forEach(([text], id) => (tokens[id] ??= bytesOf(text)));
  } else {
    for (const text in vocab) {
      const id = vocab[text];
      check(id, text);
      tokens[id] ??= bytesOf(text);
    }
  }
  if (tokens.length < vocabSize) tokens.length = vocabSize;
  return Vocabulary.of(tokens, named(eos, (name) => added.get(name) ?? (Array.isArray(vocab) ? undefined : vocab[name])));
}

// --- tiktoken ---

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
        put(Number(rank), Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
      } catch (cause) {
        throw new TokenizerError(`line ${index + 1} of the ranks is not "BASE64 RANK": ${cause.message}`, { cause });
      }
    }
  } else {
    for (const [bytes, rank] of ranks) put(rank, typeof bytes === "string" ? encoder.encode(bytes) : Uint8Array.from(bytes));
  }
  const byName = new Map(specials instanceof Map ? specials : Object.entries(specials));
  for (const [name, id] of byName) put(id, special(name));
  return Vocabulary.of(tokens, named(eos, (name) => byName.get(name)));
}

/** Tokens as text or bytes, by id. */
export function fromTokenList(tokens, { eos, special: marked = [] } = {}) {
  const isSpecial = new Set(marked);
  const list = Array.from(tokens, (token, id) => {
    if (token === undefined || token === null) return undefined;
    if (isSpecial.has(id)) return special(typeof token === "string" ? token : new TextDecoder().decode(token));
    return typeof token === "string" ? encoder.encode(token) : Uint8Array.from(token);
  });
  return Vocabulary.of(list, eos);
}

/** One token a byte, and an end token. */
export function ofBytes() {
  return Vocabulary.of([...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), special("<|end|>")], 256);
}
