// module.mjs < CASES: compares llguidance.wasm with each verdict, over two vocabularies: one token a
// byte, and one with every pair of letters besides, whose tokens cross the parts of a grammar.
// The masks on the way have to allow what is taken, and nothing where nothing fits.
import { readFileSync } from "node:fs";

import { isAllowed, Llguidance, Matcher, Tokenizer, validateGrammar } from "llguidance-wasm";

await Llguidance.load();
const letters = [..."abcdxy01 "];
const pairs = letters.flatMap((first) => letters.map((second) => first + second));
const tokens = [...Array.from({ length: 256 }, (_, byte) => [byte]), ...pairs];
const END = tokens.length;
const vocabularies = [Tokenizer.bytes(), Tokenizer.fromTokens([...tokens, "<end>"], { eos: END, special: [END] })];

/** Whether the text is a whole match: each token allowed by the mask before it, and an end after the last. */
function matches(matcher, tokenizer, text) {
  for (const token of tokenizer.tokenize(text)) {
    if (!isAllowed(matcher.computeMask(), token)) {
      if (matcher.validate([token]) !== 0) throw new Error("the mask refuses what validate() takes");
      return false;
    }
    matcher.consume(token);
  }
  const accepting = matcher.isAccepting;
  const [end] = tokenizer.eos;
  if (isAllowed(matcher.computeMask(), end) !== accepting) throw new Error("the mask and isAccepting differ on the end");
  return accepting;
}

let count = 0;
const differences = [];
const compiled = new Map();
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const { grammar, text, matches: expected, compiles } = JSON.parse(line);
  const [source] = Object.values(grammar);
  for (const tokenizer of vocabularies) {
    count += 1;
    if (compiles !== undefined) {
      if (validateGrammar(tokenizer, grammar).valid !== compiles) differences.push(`${source}\n  ${compiles ? "compiles" : "does not compile"}`);
      continue;
    }
    const key = `${vocabularies.indexOf(tokenizer)} ${source}`;
    if (!compiled.has(key)) compiled.set(key, new Matcher(tokenizer, grammar));
    const matcher = compiled.get(key);
    matcher.reset();
    if (matches(matcher, tokenizer, text) !== expected) {
      differences.push(`${source}\n  ${expected ? "matches" : "does not match"} ${JSON.stringify(text)}`);
    }
  }
}
for (const difference of differences) console.log(difference);
console.log(`${count} verdicts, ${differences.length} of them wrong`);
process.exitCode = differences.length > 0 || count < 300 ? 1 : 0;
