import { tokenId, tokenIds, uint } from "./arguments.js";
import { MatcherError } from "./errors.js";
import { endlessReference, grammarError, tagged, withInit } from "./grammar.js";
import { Handle } from "./guest.js";

/** Tokens that one call of fastForward may give. */
const MOST_FORCED = 1024;

/** Follows a grammar, token by token. */
export class Matcher extends Handle {
  static kind = "Matcher";
  #tokenizer;
  #mask;
  #maskSize;
  /** @type {number[]} the tokens consumed, which say why a matcher has stopped */
  #consumed = [];
  #maxTokens;

  constructor(tokenizer, options) {
    if (options instanceof Made) {
      super(options.guest, options.address, "llg_free_matcher", options.release);
      ({ mask: this.#mask, maskSize: this.#maskSize, consumed: this.#consumed, maxTokens: this.#maxTokens } = options);
    } else {
      const grammar = tagged(options);
      const endless = endlessReference(grammar);
      if (endless) throw endless;
      const made = Made.of(
        tokenizer,
        withInit(tokenizer, options, (init, scope) =>
          tokenizer._guest.call("llg_new_matcher", init, scope.string(grammar.tag, "the tag"), scope.string(grammar.text, "the grammar")),
        ) >>> 0,
      );
      super(made.guest, made.address, "llg_free_matcher", made.release);
      ({ mask: this.#mask, maskSize: this.#maskSize } = made);
      const message = this.error;
      if (message !== undefined) {
        this.dispose();
        throw grammarError(tokenizer, options, grammar, message);
      }
      this.#maxTokens = grammar.kind === "grammar" ? maxTokensOf(grammar.text) : undefined;
    }
    // NB: a tokenizer that is collected would take its `tokenize` with it
    this.#tokenizer = tokenizer;
  }

  get tokenizer() {
    return this.#tokenizer;
  }

  /**
   * The tokens that may come next, a bit each: token t is bit t & 31 of word t >> 5.
   *
   * The words lie in the module's memory, without a copy. They are good until the next call of
   * anything of this package: memory that grows leaves all views of it empty.
   */
  computeMask() {
    this.#check(this._guest.call("llg_matcher_compute_mask_into", this._address, this.#mask, this.#maskSize));
    return this._guest.words(this.#mask, this.#maskSize / 4);
  }

  /** Advances by a token, or by several in order. */
  consume(tokens) {
    const guest = this._guest;
    if (typeof tokens === "number" || typeof tokens === "bigint") {
      const token = tokenId(tokens);
      this.#check(guest.call("llg_matcher_consume_token", this._address, token));
      this.#consumed.push(token);
    } else {
      const ids = tokenIds(tokens);
      guest.within((scope) =>
        this.#check(guest.call("llg_matcher_consume_tokens", this._address, scope.words(ids), ids.length)),
      );
      for (const id of ids) this.#consumed.push(id);
    }
  }

  /** How many of these tokens, from the first on, could be consumed; nothing is. */
  validate(tokens) {
    const guest = this._guest;
    const ids = tokenIds(tokens);
    return guest.within((scope) =>
      this.#check(guest.call("llg_matcher_validate_tokens", this._address, scope.words(ids), ids.length)),
    );
  }

  /** Takes back the last tokens. */
  rollback(count = 1) {
    const tokens = uint(count, "the count of tokens");
    this.#check(this._guest.call("llg_matcher_rollback", this._address, tokens));
    this.#consumed.length -= tokens;
  }

  reset() {
    this.#check(this._guest.call("llg_matcher_reset", this._address));
    this.#consumed = [];
  }

  /** The tokens that must come next, if there is only one way on. Needs a tokenizer with `tokenize`. */
  fastForward() {
    const guest = this._guest;
    return guest.within((scope) => {
      const output = scope.take(MOST_FORCED * 4);
      const count = this.#check(guest.call("llg_matcher_compute_ff_tokens", this._address, output, MOST_FORCED));
      return [...guest.words(output, count)];
    });
  }

  /** Whether the text may end here. */
  get isAccepting() {
    return this._guest.call("llg_matcher_is_accepting", this._address) !== 0;
  }

  get isStopped() {
    return this._guest.call("llg_matcher_is_stopped", this._address) !== 0;
  }

  /** Why nothing may follow; undefined while something may. */
  get stopReason() {
    if (this._guest.call("llg_matcher_is_error", this._address) !== 0) return "error";
    if (!this.isStopped) return undefined;
    if (this.#tokenizer.eos.includes(this.#consumed.at(-1))) return "end-of-text";
    if (this.#maxTokens !== undefined && this.#consumed.length >= this.#maxTokens && !this.isAccepting) return "max-tokens";
    return "complete";
  }

  /** The message of the error that the matcher is in. */
  get error() {
    const at = this._guest.call("llg_matcher_get_error", this._address);
    return at === 0 ? undefined : this._guest.string(at);
  }

  get consumed() {
    return this.#consumed.slice();
  }

  clone() {
    const address = this._guest.call("llg_clone_matcher", this._address) >>> 0;
    const made = Made.of(this.#tokenizer, address);
    made.consumed = this.#consumed.slice();
    made.maxTokens = this.#maxTokens;
    return new Matcher(this.#tokenizer, made);
  }

  /** The result of a call, if it is not the one that means an error. */
  #check(result) {
    if (result >= 0) return result;
    const [message, ...state] = (this.error ?? "the matcher gave no reason").split("\n<state>");
    throw new MatcherError(message, { state: state.join("\n<state>").trim() || undefined });
  }
}

/** A matcher in the module's memory, with room for its mask. */
class Made {
  static of(tokenizer, address) {
    const guest = tokenizer._guest;
    const made = new Made();
    const maskSize = guest.call("llg_matcher_get_mask_byte_size", address);
    const mask = guest.allocate(maskSize);
    return Object.assign(made, { guest, address, mask, maskSize, consumed: [], release: () => guest.free(mask, maskSize) });
  }
}

function maxTokensOf(text) {
  try {
    return JSON.parse(text).max_tokens;
  } catch {
    // NB: a grammar may be Lark text as well
    return undefined;
  }
}
