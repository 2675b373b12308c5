import { GrammarError } from "./errors.js";
import { Handle } from "./guest.js";

/** Watches a text for what ends it, and holds back what might be the beginning of that. */
export class StopController extends Handle {
  static kind = "StopController";
  #stopped = false;

  constructor(tokenizer, { tokens = [], regex } = {}) {
    const guest = tokenizer._guest;
    const [address, message] = guest.withMessage((at, size, scope) =>
      guest.call(
        "llg_new_stop_controller",
        tokenizer._address,
        scope.words(tokens),
        tokens.length,
        regex === undefined ? 0 : scope.string(regex instanceof RegExp ? regex.source : regex, "the expression"),
        at,
        size,
      ),
    );
    if (address === 0) throw new GrammarError(message);
    super(guest, address >>> 0, "llg_free_stop_controller");
  }

  /** Takes a token; returns the text that is now known to come before any stop. */
  commit(token) {
    const guest = this._guest;
    return guest.within((scope) => {
      const length = scope.take(4);
      const stopped = scope.take(1);
      const text = guest.call("llg_stop_commit_token", this._address, Number(token), length, stopped);
      this.#stopped = guest.bytes(stopped, 1)[0] !== 0;
      return new TextDecoder().decode(guest.bytes(text, guest.words(length, 1)[0]));
    });
  }

  get isStopped() {
    return this.#stopped;
  }
}
