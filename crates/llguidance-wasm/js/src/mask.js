import { shown, tokenId } from "./arguments.js";
import { LlguidanceError } from "./errors.js";

/** Nothing, if the mask has words: one that memory's growth emptied would refuse every token. */
function present(mask) {
  if (typeof mask?.[0] === "number") return;
  throw new LlguidanceError(
    mask?.length === 0 ? "the mask is empty: memory has grown since it was computed, which `mask.slice()` outlives" : `a mask is a Uint32Array, and not ${shown(mask)}`,
  );
}

/** Whether a mask has the token. */
export function isAllowed(mask, token) {
  const id = tokenId(token);
  const word = mask?.[id >>> 5];
  if (typeof word !== "number") {
    present(mask);
    return false;
  }
  return ((word >>> (id & 31)) & 1) === 1;
}

/** The tokens of a mask, ascending. */
export function allowedTokens(mask) {
  const tokens = [];
  present(mask);
  for (let word = 0; word < mask.length; word++) {
    for (let bits = mask[word]; bits !== 0; bits &= bits - 1) tokens.push(word * 32 + 31 - Math.clz32(bits & -bits));
  }
  return tokens;
}

/**
 * Sets the logits of all other tokens to minus infinity, in place. A model may have more logits than
 * the vocabulary has tokens: those beyond it are refused too.
 */
export function applyMask(mask, logits) {
  present(mask);
  if (typeof logits?.fill !== "function" || typeof (logits[0] ?? 0) !== "number") {
    throw new LlguidanceError(`logits are an array of numbers, and not ${shown(logits)}`);
  }
  const whole = Math.min(mask.length, logits.length >>> 5);
  for (let word = 0; word < whole; word++) {
    const bits = mask[word];
    if (bits === 0xffffffff) continue;
    const from = word * 32;
    if (bits === 0) {
      logits.fill(-Infinity, from, from + 32);
      continue;
    }
    for (let bit = 0; bit < 32; bit++) if (((bits >>> bit) & 1) === 0) logits[from + bit] = -Infinity;
  }
  for (let token = whole * 32; token < logits.length; token++) if (!isAllowed(mask, token)) logits[token] = -Infinity;
  return logits;
}
