// module.mjs < CASES: compares llguidance.wasm with each verdict, over two vocabularies: one token a
// byte, and one with every pair of letters besides, whose tokens cross the parts of an expression.
// The masks on the way have to allow what is taken, and nothing where nothing fits.
import { readFileSync } from "node:fs";

import { isAllowed, Llguidance, Matcher, Tokenizer } from "llguidance-wasm";

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
let differences = 0;
const compiled = new Map();
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const { pattern, text, matches: expected } = JSON.parse(line);
  for (const tokenizer of vocabularies) {
    const key = `${vocabularies.indexOf(tokenizer)} ${pattern}`;
    if (!compiled.has(key)) compiled.set(key, new Matcher(tokenizer, { regex: pattern }));
    const matcher = compiled.get(key);
    matcher.reset();
    count += 1;
    if (matches(matcher, tokenizer, text) !== expected) {
      differences += 1;
      console.log(`${JSON.stringify(pattern)} ${expected ? "matches" : "does not match"} ${JSON.stringify(text)}`);
    }
  }
}
console.log(`${count} verdicts, ${differences} of them wrong`);
process.exitCode = differences || count < 300 ? 1 : 0;
