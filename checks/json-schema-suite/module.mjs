// module.mjs < CASES: what llguidance.wasm says of each case, in the words of native.py.
import { readFileSync } from "node:fs";

import { GrammarError, Llguidance, Matcher, Tokenizer } from "llguidance-wasm";

await Llguidance.load();
const tokenizer = Tokenizer.bytes();

function verdict(matcher, instance) {
  if (!matcher) return "no";
  const bytes = [...new TextEncoder().encode(instance)];
  if (matcher.validate(bytes) < bytes.length) return "refuse";
  matcher.consume(bytes);
  return matcher.isAccepting ? "accept" : "refuse";
}

let schema;
let matcher;
const lines = [];
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const { name, schema: next, instance } = JSON.parse(line);
  if (next !== schema) {
    matcher?.dispose();
    matcher = undefined;
    schema = next;
    try {
      matcher = new Matcher(tokenizer, { jsonSchema: schema });
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
    }
  }
  const one = matcher?.clone();
  try {
    lines.push(`${verdict(one, instance)} ${name}`);
  } catch (error) {
    lines.push(`${error.name} ${name}`);
  }
  one?.dispose();
}
console.log(lines.join("\n"));
