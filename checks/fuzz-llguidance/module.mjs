// module.mjs COUNT SEED < CASES: tries llguidance.wasm on grammars that are mutations of those of the
// cases, and each that compiles on tokens at random. The same seed tries the same.
//
// Whatever the grammar is, it compiles or is refused with an error; whatever the tokens are, the masks
// say what may be consumed, and no mask, error or rollback ends the instance.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { allowedTokens, GrammarError, isAllowed, Llguidance, Matcher, MatcherError, Tokenizer, validateGrammar } from "llguidance-wasm";

const STEPS = 12;
// NB: what takes longer is refused, and an input costs milliseconds
const LIMITS = { initialLexerFuel: 20_000, stepLexerFuel: 20_000, stepMaxItems: 5_000, maxLexerStates: 5_000, maxGrammarSize: 5_000 };
const PIECES = [
  "(", ")", "[", "]", "{", "}", "|", "*", "+", "?", "~", "..", "/", "\\", '"', ":", ",", ".", "&", "^", "$", "-", "#", "%", "<", ">", "@", "\n", " ", "\t",
  "0", "1", "65536", "99999999999", "-1", "é", "😀", "\u0000", "\uffff", "start", "start: ", "%ignore ", "%json ", "%lark {", "%regex {", "(?i)", "\\p{L}", "[^", "{0,", "{1,9}",
  '"type"', '"$ref"', '"#"', '"anyOf": [', '"allOf": [', '"pattern": "', '"enum": [', '"minLength": ', '"maxItems": ', '"properties": {', "true", "null", "1e400", "{}", "[]",
];

const [count, seed] = process.argv.slice(2).map(Number);
/** Mulberry32: a whole number below `end`. */
let state = seed;
function below(end) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
}
const one = (list) => list[below(list.length)];

/** Texts of grammars by kind, each once */
const corpus = { jsonSchema: new Set(), regex: new Set(), lark: new Set() };
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const { schema, grammar = { jsonSchema: schema } } = JSON.parse(line);
  const [[kind, text]] = Object.entries(grammar);
  corpus[kind].add(text);
}
for (const kind in corpus) corpus[kind] = [...corpus[kind]];

function mutated(kind) {
  let text = one(corpus[kind]);
  for (let left = 1 + below(2); left > 0; left--) {
    const [from, to] = [below(text.length + 1), below(text.length + 1)].sort((a, b) => a - b);
    const other = one(corpus[kind]);
    const start = below(other.length + 1);
    const put = [one(PIECES), "", text.slice(from, to).repeat(2), other.slice(start, start + below(40))];
    text = text.slice(0, from) + one(put) + text.slice(below(2) ? from : to);
  }
  // NB: halves of characters have a test of their own
  return text.slice(0, 4000).toWellFormed().replaceAll("\0", "");
}

await Llguidance.load();
const tokens = [...Array.from({ length: 256 }, (_, byte) => [byte]), "start", '{"', '":', '", "', "true", "  ", "ab", "é", "", "ab", "<end>"];
const END = tokens.length - 1;
const tokenizer = Tokenizer.fromTokens(tokens, { eos: END, special: [END] });

// NB: with a complement the mask has an end that llguidance then refuses, natively too
const endIsExact = ({ lark }) => !lark?.includes("~");

/** Goes on at random; gives the number of masks that were computed. */
function walk(matcher, grammar) {
  let masks = 0;
  const seen = [];
  for (let step = 0; step < STEPS; step++) {
    const mask = matcher.computeMask().slice();
    masks += 1;
    seen.push(mask);
    const allowed = allowedTokens(mask);
    assert.ok(allowed.length > 0, "a mask without a token");
    if (endIsExact(grammar)) assert.equal(isAllowed(mask, END), matcher.isAccepting, "the mask and isAccepting differ on the end");
    const any = below(END);
    assert.equal(matcher.validate([any]), Number(isAllowed(mask, any)), `the mask and validate() differ on the token ${any}`);
    if (matcher.isStopped) break;
    const token = one(allowed);
    if (token === END) break;
    matcher.consume(token);
  }
  const back = below(matcher.consumed.length + 1);
  if (matcher.isStopped) return masks;
  matcher.rollback(back);
  const again = matcher.computeMask();
  assert.deepEqual(again.slice(), seen[matcher.consumed.length] ?? again.slice(), "another mask after a rollback");
  return masks + 1;
}

const totals = { refused: 0, compiled: 0, masks: 0, limits: 0 };
for (let input = 0; input < count; input++) {
  const kind = one(Object.keys(corpus));
  const grammar = { [kind]: mutated(kind), limits: LIMITS };
  let matcher;
  try {
    const { valid } = validateGrammar(tokenizer, grammar);
    try {
      matcher = new Matcher(tokenizer, grammar);
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
      totals.refused += 1;
      assert.notEqual(error.message, "");
      continue;
    }
    assert.ok(valid, "validateGrammar() refuses what compiles");
    totals.compiled += 1;
    totals.masks += walk(matcher, grammar);
  } catch (error) {
    if (error instanceof MatcherError) {
      totals.limits += 1;
      continue;
    }
    console.log(`input ${input} of seed ${seed}, ${JSON.stringify(grammar)}${matcher && !matcher._guest.lost ? `, after [${matcher.consumed}]` : ""}:`);
    throw error;
  } finally {
    matcher?.dispose();
  }
}
console.log(`${count} grammars: ${totals.refused} refused, ${totals.compiled} compiled, ${totals.masks} masks; ${totals.limits} walks ended at a limit`);
