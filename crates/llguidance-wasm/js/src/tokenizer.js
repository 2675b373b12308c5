import { LlguidanceError, TokenizerError } from "./errors.js";
import { Handle } from "./guest.js";
import { fingerprint, isImage, restore, serializedIn, writeImage } from "./image.js";
import { guestOf } from "./load.js";
import { read, write } from "./serialized.js";
import { fromTiktokenRanks, fromTokenizerJson, fromTokenList, ofBytes } from "./vocabulary.js";

/** sizeof(LlgTokenizerInitV2), and the words in it */
const INIT_SIZE = 52;
const Init = {
  structSize: 0,
  vocabSize: 1,
  eos: 2,
  tokenLengths: 3,
  tokenBytes: 4,
  tokenizeFn: 7,
  approximateGreedy: 8,
  slices: 10,
  moreEos: 11,
  moreEosCount: 12,
};

/** Flags of llg_decode_tokens */
const INCLUDE_SPECIAL = 1;

const encoder = new TextEncoder();

/** A vocabulary, prepared for the computing of masks. */
export class Tokenizer extends Handle {
  static kind = "Tokenizer";
  #vocabulary;
  #slices;
  #canonical;

  static fromJson(tokenizerJson, options) {
    return Tokenizer.#of(fromTokenizerJson(tokenizerJson, options), options);
  }

  static fromTokens(tokens, options) {
    return Tokenizer.#of(fromTokenList(tokens, options), options);
  }

  static fromTiktoken(ranks, specials, options) {
    return Tokenizer.#of(fromTiktokenRanks(ranks, specials, options), options);
  }

  static bytes(options) {
    return Tokenizer.#of(ofBytes(), options);
  }

  static deserialize(serialized, options = {}) {
    const bytes = bytesOf(serialized);
    if (!isImage(bytes)) {
      const { vocabulary, slices } = read(bytes);
      return Tokenizer.#of(vocabulary, { slices, ...options });
    }
    const { vocabulary, slices, canonical } = read(serializedIn(bytes));
    if (options.slices !== undefined) throw new TokenizerError("a tokenizer that is ready has its slices already");
    if (canonical !== (options.tokenize !== undefined)) {
      throw new TokenizerError(
        canonical ? "this tokenizer was made with a `tokenize`, which has to be passed again" : "this tokenizer was made without a `tokenize`",
      );
    }
    const guest = guestOf(options.llguidance).again();
    const address = restore(guest, bytes);
    // NB: the first callback of an instance has the same index each time
    if (canonical) tokenizeFunction(guest, options.tokenize, vocabulary.size);
    return new Tokenizer(guest, address, vocabulary, slices, canonical);
  }

  serialize({ ready = false } = {}) {
    const serialized = write(this.#vocabulary, this.#slices, this.#canonical);
    if (!ready) return serialized;
    // NB: an instance in use has more in it than this tokenizer
    const guest = this._guest.again();
    const print = fingerprint(guest);
    const address = Tokenizer.#make(guest, this.#vocabulary, this.#slices, this.#canonical ? () => [] : undefined);
    return writeImage(guest, print, address, serialized);
  }

  /** @internal use the static functions */
  constructor(guest, address, vocabulary, slices, canonical) {
    super(guest, address, "llg_free_tokenizer");
    this.#vocabulary = vocabulary;
    this.#slices = slices;
    this.#canonical = canonical;
  }

  static #of(vocabulary, { llguidance, tokenize, slices } = {}) {
    const guest = guestOf(llguidance);
    return new Tokenizer(guest, Tokenizer.#make(guest, vocabulary, slices, tokenize), vocabulary, slices, tokenize !== undefined);
  }

  /** The address of a new tokenizer in the module's memory. */
  static #make(guest, vocabulary, slices, tokenize) {
    const [address, message] = guest.withMessage((at, size, scope) => {
      const init = new Uint32Array(INIT_SIZE / 4);
      init[Init.structSize] = INIT_SIZE;
      init[Init.vocabSize] = vocabulary.size;
      init[Init.eos] = vocabulary.eos[0];
      init[Init.tokenLengths] = scope.words(vocabulary.lengths);
      init[Init.tokenBytes] = scope.bytes(vocabulary.bytes);
      if (tokenize) init[Init.tokenizeFn] = tokenizeFunction(guest, tokenize, vocabulary.size);
      else init[Init.approximateGreedy] = 1;
      if (slices) init[Init.slices] = scope.words([...slices.map((slice) => scope.string(slice, "a slice")), 0]);
      init[Init.moreEos] = scope.words(vocabulary.eos.subarray(1));
      init[Init.moreEosCount] = vocabulary.eos.length - 1;
      return guest.call("llg_new_tokenizer_v2", scope.words(init), at, size);
    });
    if (address === 0) throw new TokenizerError(message);
    return address >>> 0;
  }

  get vocabSize() {
    return this.#vocabulary.size;
  }

  get isCanonical() {
    return this.#canonical;
  }

  /** The end tokens, the first being the usual one. */
  get eos() {
    return [...this.#vocabulary.eos];
  }

  /** Tokens of a text or of bytes; greedy, unless the tokenizer was given a `tokenize`. */
  tokenize(text) {
    const guest = this._guest;
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    return guest.within((scope) => {
      const input = scope.bytes(bytes);
      // NB: a token has at least one byte
      const output = scope.take(bytes.length * 4);
      const count = guest.call("llg_tokenize_bytes", this._address, input, bytes.length, output, bytes.length);
      if (count > bytes.length) throw new LlguidanceError(`${bytes.length} bytes became ${count} tokens`);
      return [...guest.words(output, count)];
    });
  }

  /** The bytes of tokens; of special ones, their names, if `special` says so. */
  decodeBytes(tokens, { special = false } = {}) {
    const guest = this._guest;
    return guest.within((scope) => {
      const input = scope.words(tokens);
      const flags = special ? INCLUDE_SPECIAL : 0;
      const size = guest.call("llg_decode_tokens", this._address, input, tokens.length, 0, 0, flags);
      const output = scope.take(size);
      guest.call("llg_decode_tokens", this._address, input, tokens.length, output, size, flags);
      // NB: a NUL ends what is written
      return guest.bytes(output, size - 1).slice();
    });
  }

  decode(tokens, options) {
    return new TextDecoder().decode(this.decodeBytes(tokens, options));
  }

  clone() {
    const address = this._guest.call("llg_clone_tokenizer", this._address) >>> 0;
    return new Tokenizer(this._guest, address, this.#vocabulary, this.#slices, this.#canonical);
  }
}

function bytesOf(source) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  throw new TokenizerError("a serialized tokenizer is a Uint8Array or an ArrayBuffer");
}

/** `tokenize` as an LlgTokenizeFn: (user data, bytes, length, output, output's length) -> count */
function tokenizeFunction(guest, tokenize, vocabSize) {
  return guest.callback(5, true, (_, at, length, output, capacity) => {
    const tokens = tokenize(guest.bytes(at, length).slice());
    for (const token of tokens) {
      if (!Number.isInteger(token) || token < 0 || token >= vocabSize) {
        throw new TokenizerError(`tokenize() returned ${token}, which is not one of the ${vocabSize} tokens`);
      }
    }
    const count = Math.min(tokens.length, capacity);
    guest.words(output, count).set(tokens.slice(0, count));
    return tokens.length;
  });
}
