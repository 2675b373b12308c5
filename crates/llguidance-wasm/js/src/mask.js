/** Whether a mask has the token. */
export function isAllowed(mask, token) {
  return ((mask[token >>> 5] >>> (token & 31)) & 1) === 1;
}

/** The tokens of a mask, ascending. */
export function allowedTokens(mask) {
  const tokens = [];
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
