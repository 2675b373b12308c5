// module.mjs RANKS WALKS: goes the walks of native.py with llguidance.wasm, and compares the masks.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";

import { GrammarError, Llguidance, Matcher, MatcherError, Tokenizer } from "llguidance-wasm";

// As in native.py
const SPECIAL = 256;
const END = 9;

const [ranks, walks] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const first = ranks.trim().split("\n").length;
const special = Object.fromEntries(Array.from({ length: SPECIAL }, (_, index) => [`<|special_${index}|>`, first + index]));
await Llguidance.load();
const tokenizers = { bytes: Tokenizer.bytes(), ranks: Tokenizer.fromTiktoken(ranks, special, { eos: first + END }) };

const counts = {};
let known;
let matcher;
for (const line of walks.trim().split("\n")) {
  const { tokenizer, grammar, text, tokens, masks } = JSON.parse(line);
  const count = (counts[tokenizer] ??= { walks: 0, masks: 0 });
  count.walks += 1;
  const key = tokenizer + JSON.stringify(grammar);
  if (key !== known) {
    matcher?.dispose();
    known = key;
    matcher = compiled(tokenizers[tokenizer], grammar);
  }
  if ((masks === undefined) !== (matcher === undefined)) differ("", `${masks ? "compiles" : "does not compile"} natively alone`);
  if (!masks) continue;
  const one = matcher.clone();
  for (const [step, expected] of masks.entries()) {
    count.masks += 1;
    if (mask(one) !== expected) differ(` after the tokens [${tokens.slice(0, step)}]`, "the masks differ");
    if (step < tokens.length) one.consume(tokens[step]);
  }
  one.dispose();

  function differ(where, what) {
    console.log(`${tokenizer}, ${JSON.stringify(grammar)}, along ${JSON.stringify(text)}${where}: ${what}`);
    process.exit(1);
  }
}
for (const [tokenizer, count] of Object.entries(counts)) {
  console.log(`${tokenizer}, ${tokenizers[tokenizer].vocabSize} tokens: ${count.masks} masks along ${count.walks} walks are equal`);
}

function compiled(tokenizer, grammar) {
  try {
    return new Matcher(tokenizer, grammar);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
  }
}

function mask(matcher) {
  try {
    const words = matcher.computeMask();
    return crc32(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error;
    return "error";
  }
}
