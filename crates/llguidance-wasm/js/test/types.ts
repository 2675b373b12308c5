// What compiles and what does not: types.test.js runs a compiler on it, where there is one.
import { Llguidance, Matcher, StopController, Tokenizer, applyMask, fromResponseFormat, isAllowed, validateGrammar } from "llguidance-wasm";
import type { Grammar, MatcherOptions, Tokens } from "llguidance-wasm";
// @ts-expect-error: there is no such class at run time
import { Handle } from "llguidance-wasm";
import * as inlined from "llguidance-wasm/inlined";

await inlined.Llguidance.load();
await Llguidance.load(new URL("llguidance.wasm", "file:///"), { memoryLimit: 1 << 28 });
using tokenizer = Tokenizer.bytes();
const ids: Tokens = new Set([1, 2n]);
tokenizer.decode(ids);
tokenizer.decode([65n], { special: true });
// @ts-expect-error: a token is no list
tokenizer.decode(65);
// @ts-expect-error: a number is no text
tokenizer.tokenize(5);
Tokenizer.fromTokens(["a", "<end>"], { eos: 1, tokenize: (bytes: Uint8Array) => [...bytes] });

const grammars: Grammar[] = [{ jsonSchema: {} }, { regex: /a/ }, { lark: "start: /a/" }, { grammar: {} }];
declare const either: { regex: string } | { lark: string };
for (const grammar of [...grammars, either]) validateGrammar(tokenizer, grammar);
const options: MatcherOptions = { regex: "a", limits: { maxGrammarSize: 5, stepLexerFuel: 5n } };
const matcher = new Matcher(tokenizer, options);
// @ts-expect-error: one grammar, not two
new Matcher(tokenizer, { regex: "a", lark: "b" });
// @ts-expect-error: none
new Matcher(tokenizer, {});
// @ts-expect-error: a limit is a number
new Matcher(tokenizer, { regex: "a", limits: { maxItemsInRow: "5" } });
matcher.consume(5);
matcher.consume(ids);
// @ts-expect-error: a text is no list of tokens
matcher.validate("12");
const logits: Float32Array = applyMask(matcher.computeMask(), new Float32Array(257));
const allowed: boolean = isAllowed(matcher.computeMask(), 5n);
new StopController(tokenizer, { tokens: [256], regex: "STOP" }).commit(5);
using constraint = fromResponseFormat(tokenizer, { type: "json_schema", json_schema: { name: "a", schema: {} } });
constraint.logits_processor([[1n]], { data: logits, dims: [1, 257] });
export { allowed, Handle };
