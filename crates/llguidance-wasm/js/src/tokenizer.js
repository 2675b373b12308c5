import { bytesIn, list, shown, tokenIds } from "./arguments.js";
import { LlguidanceError, TokenizerError } from "./errors.js";
import { Handle } from "./guest.js";
import { fingerprint, restore, serializedIn, writeImage } from "./image.js";
import { guestOf } from "./load.js";
import { sealed } from "./sealed.js";
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
    return Tokenizer.#of(() => fromTokenizerJson(tokenizerJson, options ?? {}), options);
  }

  static fromTokens(tokens, options) {
    return Tokenizer.#of(() => fromTokenList(tokens, options ?? {}), options);
  }

  static fromTiktoken(ranks, specials, options) {
    return Tokenizer.#of(() => fromTiktokenRanks(ranks, specials, options ?? {}), options);
  }

  static bytes(options) {
    return Tokenizer.#of(ofBytes, options);
  }

  static deserialize(serialized, given) {
    const options = given ?? {};
    const bytes = bytesIn(serialized);
    if (!bytes) throw new TokenizerError(`a serialized tokenizer is a Uint8Array or an ArrayBuffer, and not ${shown(serialized)}`);
    if (sealed(bytes) === "tok") {
      const { vocabulary, slices } = read(bytes);
      return Tokenizer.#of(() => vocabulary, { ...options, slices: options.slices ?? slices });
    }
    const { vocabulary, slices, canonical } = read(serializedIn(bytes));
    if (options.slices !== undefined) throw new TokenizerError("a tokenizer that is ready has its slices already");
    if (canonical !== (options.tokenize !== undefined)) {
      throw new TokenizerError(
        canonical ? "this tokenizer was made with a `tokenize`, which has to be passed again" : "this tokenizer was made without a `tokenize`",
      );
    }
    checkTokenize(options.tokenize);
    const named = guestOf(options.llguidance);
    const { memoryLimit } = named;
    // NB: the limit is part of memory, and there was none in what is restored
    const guest = named.unlimited();
    const address = restore(guest, bytes);
    const allocated = guest.call("llg_wasm_allocated") >>> 0;
    if (allocated > memoryLimit) throw new TokenizerError(`the tokenizer takes ${allocated} bytes, and memoryLimit is ${memoryLimit}`);
    guest.limit(memoryLimit);
    // NB: the first callback of an instance has the same index each time
    if (canonical) tokenizeFunction(guest, options.tokenize, vocabulary.size);
    return new Tokenizer(guest, address, vocabulary, slices, canonical);
  }

  serialize(options) {
    const serialized = write(this.#vocabulary, this.#slices, this.#canonical);
    if (!options?.ready) return serialized;
    // NB: an instance in use has more in it than this tokenizer, and a limit would become part of what is kept
    const guest = this._guest.unlimited();
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

  static #of(make, options) {
    const { llguidance, tokenize, slices } = options ?? {};
    const guest = guestOf(llguidance);
    checkTokenize(tokenize);
    if (slices !== undefined && !(Array.isArray(slices) && slices.every((slice) => typeof slice === "string"))) {
      throw new LlguidanceError("slices are a list of strings");
    }
    const vocabulary = madeBy(make);
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
    const bytes = typeof text === "string" ? encoder.encode(text) : bytesIn(text);
    if (!bytes) throw new LlguidanceError(`a text is a string or a Uint8Array, and not ${shown(text)}`);
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
  decodeBytes(tokens, options) {
    const guest = this._guest;
    const ids = tokenIds(tokens);
    return guest.within((scope) => {
      const input = scope.words(ids);
      const flags = options?.special ? INCLUDE_SPECIAL : 0;
      const size = guest.call("llg_decode_tokens", this._address, input, ids.length, 0, 0, flags);
      const output = scope.take(size);
      guest.call("llg_decode_tokens", this._address, input, ids.length, output, size, flags);
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

/** The address of what has to be a tokenizer; another handle's would be taken for one. */
export function addressOf(tokenizer) {
  if (tokenizer?.constructor?.kind !== Tokenizer.kind) throw new LlguidanceError(`the first argument is a Tokenizer, and not ${shown(tokenizer)}`);
  return tokenizer._address;
}

/** What `make` gives; whatever is wrong with its input makes no tokenizer. */
function madeBy(make) {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof LlguidanceError) throw cause;
    throw new TokenizerError(`the vocabulary cannot be read: ${cause?.message ?? cause}`, { cause });
  }
}

function checkTokenize(tokenize) {
  if (tokenize !== undefined && typeof tokenize !== "function") throw new LlguidanceError(`tokenize is a function, and not ${shown(tokenize)}`);
}

/** `tokenize` as an LlgTokenizeFn: (user data, bytes, length, output, output's length) -> count */
function tokenizeFunction(guest, tokenize, vocabSize) {
  return guest.callback(5, true, (_, at, length, output, capacity) => {
    const tokens = Array.from(list(tokenize(guest.bytes(at, length).slice()), "the tokens of tokenize()"));
    for (const token of tokens) {
      if (!Number.isInteger(token) || token < 0 || token >= vocabSize) {
        throw new TokenizerError(`tokenize() returned ${shown(token)}, which is not one of the ${vocabSize} tokens`);
      }
    }
    const count = Math.min(tokens.length, capacity);
    guest.words(output, count).set(tokens.slice(0, count));
    return tokens.length;
  });
}
