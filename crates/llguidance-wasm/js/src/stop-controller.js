import { tokenId, tokenIds } from "./arguments.js";
import { GrammarError } from "./errors.js";
import { expression } from "./grammar.js";
import { Handle } from "./guest.js";
import { addressOf } from "./tokenizer.js";

/** Watches a text for what ends it, and holds back what might be the beginning of that. */
export class StopController extends Handle {
  static kind = "StopController";
  #stopped = false;

  constructor(tokenizer, stop) {
    const { tokens = [], regex } = stop ?? {};
    const of = addressOf(tokenizer);
    const guest = tokenizer._guest;
    const ids = tokenIds(tokens);
    const text = regex === undefined ? undefined : expression(regex);
    const [address, message] = guest.withMessage((at, size, scope) =>
      guest.call(
        "llg_new_stop_controller",
        of,
        scope.words(ids),
        ids.length,
        text === undefined ? 0 : scope.string(text, "the expression"),
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
    const id = tokenId(token);
    return guest.within((scope) => {
      const length = scope.take(4);
      const stopped = scope.take(1);
      const text = guest.call("llg_stop_commit_token", this._address, id, length, stopped);
      this.#stopped = guest.bytes(stopped, 1)[0] !== 0;
      return new TextDecoder().decode(guest.bytes(text, guest.words(length, 1)[0]));
    });
  }

  get isStopped() {
    return this.#stopped;
  }
}
