// What the package promises, on the module. Expected tokens are worked out by hand from the grammars.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import {
  allowedTokens,
  applyMask,
  DisposedError,
  fromResponseFormat,
  GrammarError,
  isAllowed,
  LlguidanceError,
  Llguidance,
  LoadError,
  Matcher,
  MatcherError,
  OutOfMemoryError,
  InstanceLostError,
  StopController,
  Tokenizer,
  TokenizerError,
  validateGrammar,
} from "llguidance-wasm";

const read = async (url) =>
  url.protocol === "file:" ? (await import("node:fs/promises")).readFile(url) : new Uint8Array(await (await fetch(url)).arrayBuffer());

const llg = await Llguidance.load();
const tokenizer = Tokenizer.bytes();
const END = 256;

// NB: `using` would do, where Node 20 knew it
const kept = [];
const keep = (object) => (kept.push(object), object);
const freeKept = () => {
  while (kept.length) kept.pop()[Symbol.dispose]();
};
afterEach(freeKept);

const codes = (text) => [...new TextEncoder().encode(text)];
const next = (matcher) => allowedTokens(matcher.computeMask()).map((token) => (token === END ? "END" : String.fromCharCode(token))).join(" ");

describe("loading", () => {
  const file = new URL(import.meta.resolve("llguidance-wasm/llguidance.wasm"));
  test("from a URL, bytes, a Response and a Module", async () => {
    const bytes = await read(file);
    const response = (type) => new Response(bytes, { headers: { "content-type": type } });
    for (const source of [file, String(file), bytes, new WebAssembly.Module(bytes), response("application/wasm"), response("text/plain")]) {
      assert.match((await Llguidance.load(source)).version, /^llguidance@1\.9\.1 derivre@/);
    }
  });
  test("what is no module is an error that names it", async () => {
    await assert.rejects(Llguidance.load(Uint8Array.of(0, 97, 115, 109)), LoadError);
    await assert.rejects(Llguidance.load(new Response("", { status: 404 })), { name: "LoadError", message: /HTTP status 404/ });
    await assert.rejects(Llguidance.load(new URL("absent.wasm", file)), { name: "LoadError", message: /absent\.wasm/ });
    const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    await assert.rejects(Llguidance.load(empty), { name: "LoadError", message: /is not llguidance\.wasm/ });
  });
  test("from a path, relative to the working folder, where there are files", async () => {
    if (!globalThis.process) return;
    const [{ relative }, { fileURLToPath }] = [await import("node:path"), await import("node:url")];
    const path = fileURLToPath(file);
    for (const source of [path, relative(process.cwd(), path)]) assert.match((await Llguidance.load(source)).version, /^llguidance@/);
    await assert.rejects(Llguidance.load("absent.wasm"), { name: "LoadError", message: /open 'absent\.wasm'/ });
  });
  test("a limit of memory is a number of bytes", async () => {
    for (const memoryLimit of [2 ** 40, 2 ** 32, -1, 1.5, NaN, "x", null]) {
      await assert.rejects(Llguidance.load(undefined, { memoryLimit }), { name: "LlguidanceError", message: /^memoryLimit is a whole number/ });
    }
    assert.ok((await Llguidance.load(undefined, { memoryLimit: 2 ** 32 - 1 })).allocated >= 0);
  });
  test("where no instance is named it is the one last loaded, or what took its place", async () => {
    const guestUsed = () => keep(Tokenizer.bytes({ slices: [] }))._guest;
    const first = await Llguidance.load(undefined, { memoryLimit: 8 << 20 });
    const beside = first.again();
    assert.equal(guestUsed(), first._guest);
    assert.throws(() => keep(Tokenizer.bytes()).tokenize("x".repeat(9 << 20)), OutOfMemoryError);
    assert.throws(guestUsed, OutOfMemoryError);
    beside.again();
    assert.throws(guestUsed, OutOfMemoryError);
    const instead = first.again();
    assert.equal(guestUsed(), instead._guest);
    first.again();
    assert.equal(guestUsed(), instead._guest);
    const last = await Llguidance.load();
    assert.equal(guestUsed(), last._guest);
  });
});

describe("matcher", () => {
  test("follows a JSON schema", () => {
    const matcher = keep(new Matcher(tokenizer, { jsonSchema: { enum: ["red", "green", "grey"] } }));
    assert.equal(next(matcher), '"');
    matcher.consume(codes('"gre'));
    assert.equal(next(matcher), "e y");
    assert.equal(matcher.validate(codes('en"x')), 3);
    assert.equal(matcher.isAccepting, false);
    matcher.consume(codes('y"'));
    assert.equal(matcher.isAccepting, true);
    assert.equal(next(matcher), "END");
  });

  test("goes back, begins again, and is copied", () => {
    const matcher = keep(new Matcher(tokenizer, { regex: "ab+c" }));
    matcher.consume(codes("abb"));
    const copy = keep(matcher.clone());
    matcher.rollback(2);
    assert.equal(next(matcher), "b");
    assert.equal(next(copy), "b c");
    matcher.reset();
    assert.equal(next(matcher), "a");
    assert.deepEqual(matcher.consumed, []);
    assert.deepEqual(copy.consumed, codes("abb"));
  });

  test("says why it stopped", () => {
    const whole = keep(new Matcher(tokenizer, { regex: "ab" }));
    assert.equal(whole.stopReason, undefined);
    whole.consume(codes("ab"));
    assert.equal(whole.stopReason, "complete");
    const ended = keep(new Matcher(tokenizer, { regex: "a*" }));
    ended.consume(codes("aa"));
    assert.equal(ended.stopReason, undefined);
    ended.consume(END);
    assert.equal(ended.stopReason, "end-of-text");
    assert.equal(next(ended), "END");
  });

  test("takes Lark, llguidance's own JSON, and a RegExp", () => {
    const lark = keep(new Matcher(tokenizer, { lark: 'start: "(" start ")" | "x"' }));
    lark.consume(codes("(("));
    assert.equal(next(lark), "( x");
    const list = keep(new Matcher(tokenizer, { grammar: { grammars: [{ json_schema: { const: 7 } }] } }));
    assert.equal(next(list), "7");
    const regex = keep(new Matcher(tokenizer, { regex: /[0-9a-f]{2}/u }));
    assert.equal(next(regex), "0 1 2 3 4 5 6 7 8 9 a b c d e f");
    assert.throws(() => new Matcher(tokenizer, { regex: /a/i }), GrammarError);
  });

  test("a refused token is an error, and the matcher stays in it", () => {
    const matcher = keep(new Matcher(tokenizer, { regex: "ab" }));
    assert.throws(() => matcher.consume(codes("b")[0]), MatcherError);
    assert.equal(matcher.stopReason, "error");
    assert.throws(() => matcher.computeMask(), MatcherError);
    assert.throws(() => matcher.reset(), MatcherError);
    const after = keep(new Matcher(tokenizer, { regex: "ab" }));
    assert.equal(next(after), "a");
  });

  test("limits are the parser's", () => {
    const schema = { type: "array", items: { type: "string", pattern: "^(a|b)*c{1,50}$" } };
    const enough = keep(new Matcher(tokenizer, { jsonSchema: schema }));
    assert.equal(next(enough), "[");
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: schema, limits: { maxGrammarSize: 2 } }), { name: "GrammarError", message: /size/i });
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: schema, limits: { maxItems: 2 } }), { message: /no limit is named maxItems/ });
  });
});

describe("errors", () => {
  test("have the place in a Lark grammar", () => {
    assert.throws(() => new Matcher(tokenizer, { lark: 'start: "a"\n  | (("b"\n' }), (error) => error instanceof GrammarError && error.line >= 2);
    assert.throws(() => new Matcher(tokenizer, { lark: 'start: "a" absent' }), (error) => error instanceof GrammarError && error.line === 1 && /absent/.test(error.message));
  });
  test("have the place in JSON text", () => {
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: '{"type":\n "object",}' }), (error) => error instanceof GrammarError && error.line === 2);
  });
  test("point into a schema", () => {
    const schema = { type: "object", properties: { a: { type: "string" }, "b/c": { type: "array", items: { type: "strin" } } } };
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: schema }), (error) => error instanceof GrammarError && error.pointer === "/properties/b~1c/items");
    const defined = { $ref: "#/$defs/x", $defs: { x: { anyOf: [{ type: "null" }, { type: "numbr" }] } } };
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: defined }), (error) => error instanceof GrammarError && error.pointer === "/$defs/x/anyOf/1");
  });
  test("of arguments say what is wrong", () => {
    assert.throws(() => new Matcher(tokenizer, {}), { name: "LlguidanceError", message: /one of jsonSchema, regex, lark, grammar is needed/ });
    assert.throws(() => new Matcher(tokenizer, { regex: "a", lark: "b" }), { message: /regex and lark at once/ });
    assert.throws(() => new Matcher(tokenizer, { regex: "a\0b" }), { message: /NUL/ });
    assert.throws(() => new Matcher(tokenizer, { regex: "(" }), GrammarError);
  });
  const nothing = [undefined, null, true, 5, NaN, 2n, "12", () => [1], Symbol.iterator];
  const noIds = [[-1], [1.5], [NaN], [2 ** 32 + 97], [2n ** 32n], ["97"], [undefined], [null], [[97]], new Set([-1]), { length: 1 }];
  const noNumbers = [undefined, null, true, NaN, -1, 1.5, 2 ** 32 + 97, 2n ** 32n + 97n, -1n, Infinity, "97", "x", {}];
  const without = (list, ...some) => list.filter((value) => !some.includes(value));
  const plain = (use, value) =>
    assert.throws(use, (error) => error instanceof LlguidanceError && !(error instanceof InstanceLostError), `no error for ${typeof value} ${String(value)}`);
  test("that are no tokens, numbers or texts change nothing", () => {
    const matcher = keep(new Matcher(tokenizer, { regex: "a(b|c)" }));
    const stop = keep(new StopController(tokenizer, { regex: "STOP" }));
    matcher.consume(codes("a"));
    for (const tokens of [...nothing, ...noIds]) {
      plain(() => tokenizer.decode(tokens), tokens);
      plain(() => tokenizer.decodeBytes(tokens), tokens);
      plain(() => matcher.validate(tokens), tokens);
      if (tokens !== undefined) plain(() => new StopController(tokenizer, { tokens }), tokens);
    }
    for (const tokens of [...without(nothing, 5, 2n), ...noNumbers, ...noIds]) plain(() => matcher.consume(tokens), tokens);
    for (const token of noNumbers) {
      plain(() => stop.commit(token), token);
      plain(() => isAllowed(matcher.computeMask(), token), token);
      if (token !== undefined) plain(() => matcher.rollback(token), token);
    }
    for (const text of [...without(nothing, "12"), [97], {}]) plain(() => tokenizer.tokenize(text), text);
    assert.deepEqual(matcher.consumed, codes("a"));
    assert.equal(next(matcher), "b c");
    assert.equal(stop.commit(97), "a");
    assert.equal(llg.lost, undefined);
  });
  test("lists of tokens are arrays, sets, and what has a length, of numbers and bigints", () => {
    const lists = [[97, 98], [97n, 98n], Uint8Array.of(97, 98), new Set([97, 98n]), { length: 2, 0: 97, 1: 98 }];
    for (const tokens of lists) {
      assert.equal(tokenizer.decode(tokens), "ab");
      const matcher = keep(new Matcher(tokenizer, { regex: "abc" }));
      assert.equal(matcher.validate(tokens), 2);
      matcher.consume(tokens);
      assert.deepEqual(matcher.consumed, [97, 98]);
    }
    assert.deepEqual(tokenizer.tokenize(Uint8Array.of(97, 255)), [97, 255]);
    assert.deepEqual(tokenizer.tokenize(""), []);
    assert.equal(tokenizer.decode([]), "");
  });
  test("that are no tokenizer, no grammar and no limit", () => {
    const other = keep(new Matcher(tokenizer, { regex: "a" }));
    for (const none of [...nothing, {}, other, llg]) {
      plain(() => new Matcher(none, { regex: "a" }), none);
      plain(() => new StopController(none), none);
      plain(() => validateGrammar(none, { regex: "a" }), none);
      plain(() => fromResponseFormat(none, { type: "json_object" }), none);
      plain(() => new Matcher(tokenizer, none), none);
      if (none !== undefined && none !== llg) plain(() => Tokenizer.bytes({ llguidance: none }), none);
      if (!["12"].includes(none)) {
        plain(() => validateGrammar(tokenizer, none), none);
        if (none !== undefined) plain(() => new Matcher(tokenizer, { regex: none }), none);
        if (none !== undefined) plain(() => new Matcher(tokenizer, { lark: none }), none);
      }
    }
    for (const jsonSchema of [() => 1, Symbol.iterator, 1n, { toJSON: () => undefined }, { a: 1n }]) {
      assert.throws(() => new Matcher(tokenizer, { jsonSchema }), { name: "GrammarError", message: /cannot be written as JSON/ });
    }
    const limited = (limits) => keep(new Matcher(tokenizer, { regex: "a", limits }));
    for (const name of ["maxItemsInRow", "stepMaxItems", "maxLexerStates", "maxGrammarSize"]) {
      for (const value of without(noNumbers, undefined)) plain(() => limited({ [name]: value }), value);
      limited({ [name]: 1000n });
    }
    for (const name of ["initialLexerFuel", "stepLexerFuel"]) {
      for (const value of [null, NaN, -1, 1.5, 2n ** 64n, "5"]) plain(() => limited({ [name]: value }), value);
      limited({ [name]: 2n ** 64n - 1n });
      limited({ [name]: 2 ** 40 });
    }
    for (const name of ["precomputeLargeLexemes", "verboseErrors"]) {
      for (const value of [null, 0, 1, "false"]) plain(() => limited({ [name]: value }), value);
      limited({ [name]: true });
    }
    plain(() => limited({ toString: 5 }));
    assert.equal(next(limited({ maxItemsInRow: undefined })), "a");
    assert.equal(next(limited(null)), "a");
  });
  test("that make no vocabulary", () => {
    const one = (token, more) => Tokenizer.fromTokens([token, "<end>"], { eos: 1, ...more });
    const json = (more, options) => Tokenizer.fromJson({ decoder: { type: "ByteLevel" }, model: { vocab: { a: 0 } }, ...more }, { eos: 0, ...options });
    for (const use of [
      ...nothing.flatMap((value) => [() => Tokenizer.fromJson(value), () => Tokenizer.fromTiktoken(value), () => Tokenizer.fromTokens(value), () => Tokenizer.deserialize(value)]),
      ...[5, {}, [256], [-1], [1.5], ["a"]].map((token) => () => one(token)),
      ...["a", [5], {}, null].map((slices) => () => one("a", { slices })),
      ...[null, 5, "a"].map((tokenize) => () => one("a", { tokenize })),
      ...[5, ["0"], [-1]].map((special) => () => one("a", { special })),
      ...[{ model: { vocab: [5] } }, { model: { vocab: [[null]] } }, { added_tokens: 5 }, { added_tokens: [null] }, { decoder: { type: "Sequence", decoders: 5 } }].map((more) => () => json(more)),
      ...["x", -1, 1.5, 2 ** 40, NaN].map((vocabSize) => () => json({}, { vocabSize })),
      () => Tokenizer.fromTiktoken([[[300], 0]], {}, { eos: 0 }),
      () => Tokenizer.fromTiktoken([5], {}, { eos: 0 }),
      () => Tokenizer.fromTiktoken("YQ== 0", null, { eos: 0 }),
    ]) {
      plain(use);
    }
    assert.deepEqual(keep(one([97])).tokenize("a"), [0]);
    assert.equal(keep(json({}, { vocabSize: 5 })).vocabSize, 5);
  });
  test("what a caller's own function throws, or is no tokens, comes as it is", () => {
    const own = (tokenize) => keep(Tokenizer.fromTokens(["a", "<end>"], { eos: 1, special: [1], tokenize }));
    for (const value of [undefined, null, 5, "0"]) plain(() => own(() => value).tokenize("a"), value);
    assert.deepEqual(own(() => new Set([0])).tokenize("a"), [0]);
    const faulty = (function* () { throw new RangeError("mine"); })();
    assert.throws(() => tokenizer.decode(faulty), { name: "RangeError", message: "mine" });
  });
  test("validateGrammar tells of errors and of warnings without throwing", () => {
    assert.deepEqual(validateGrammar(tokenizer, { regex: "a+" }), { valid: true, error: undefined, warnings: [] });
    const refused = validateGrammar(tokenizer, { lark: "start: absent" });
    assert.equal(refused.valid, false);
    assert.ok(refused.error instanceof GrammarError);
    const warned = validateGrammar(tokenizer, { jsonSchema: { type: "string", format: "no-such-format", "x-guidance": { lenient: true } } });
    assert.equal(warned.valid, true);
    assert.match(warned.warnings.join("\n"), /no-such-format/);
  });
});

const nested = (depth) => {
  let schema = { type: "integer" };
  for (let level = 0; level < depth; level++) schema = { type: "array", items: schema };
  return schema;
};

describe("bad input is an error, and the instance works afterwards", () => {
  const refused = {
    "half of a character": [{ regex: "a\ud800" }, /surrogate/],
    "a schema that nests 1,000 deep": [{ jsonSchema: "[".repeat(1000) + "]".repeat(1000) }, /recursion limit/],
    "schemas that nest 1,000 deep": [{ jsonSchema: nested(1000) }, /recursion limit/],
    "a Lark grammar that nests 1,000 deep": [{ lark: `start: ${"(".repeat(1000)}"a"${")".repeat(1000)}` }, /nested/],
    "an expression that nests 1,000 deep": [{ regex: "(".repeat(1000) + "a" + ")".repeat(1000) }, /nest/],
    "a $ref to itself": [{ jsonSchema: { $ref: "#" } }, /leads back to itself.*: # → #$/],
    "two $refs to each other": [{ jsonSchema: { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } } }, /: #\/\$defs\/a → #\/\$defs\/b → #\/\$defs\/a$/],
    "a $ref to itself in each alternative": [{ jsonSchema: { anyOf: [{ $ref: "#" }, { allOf: [{ type: "object" }, { $ref: "#" }] }] } }, /leads back to itself/],
    "a $ref to nothing": [{ jsonSchema: { $ref: "#/$defs/absent" } }, /absent/],
    "a grammar above the limit": [{ lark: `start: ${Array.from({ length: 40000 }, (_, index) => `"${index}" start`).join(" | ")}`, limits: { maxGrammarSize: 1000 } }, /too large|size/],
  };
  for (const [name, [grammar, message]] of Object.entries(refused)) {
    test(name, () => {
      assert.throws(() => keep(new Matcher(tokenizer, grammar)).computeMask(), (error) => error instanceof LlguidanceError && !(error instanceof InstanceLostError) && message.test(error.message));
      const after = keep(new Matcher(tokenizer, { regex: "ab" }));
      assert.equal(next(after), "a");
    });
  }
  test("a $ref to itself is refused where it stands, and is none where a text ends it", () => {
    const cyclic = { $ref: "#/$defs/a~1b", $defs: { "a/b": { $ref: "#/$defs/a~1b" } } };
    assert.throws(() => new Matcher(tokenizer, { jsonSchema: cyclic }), { name: "GrammarError", pointer: "/$defs/a~1b" });
    assert.equal(validateGrammar(tokenizer, { jsonSchema: cyclic }).error.pointer, "/$defs/a~1b");
    const ends = keep(new Matcher(tokenizer, { jsonSchema: { anyOf: [{ $ref: "#" }, { type: "null" }], $defs: { unused: { $ref: "#/$defs/unused" } } } }));
    assert.equal(next(ends), "n");
    const tree = { type: "object", properties: { left: { $ref: "#" } }, additionalProperties: false };
    assert.equal(next(keep(new Matcher(tokenizer, { jsonSchema: tree }))), "{");
  });
  test("bytes that are no UTF-8, in what is compiled and in what is consumed", () => {
    const guest = tokenizer._guest;
    const anything = keep(new Matcher(tokenizer, { regex: "(?s:.)*" }));
    // NB: with how many of the bytes begin a character
    for (const [begin, bytes] of [[0, [0xff]], [1, [0xc3, 0x28]], [1, [0xed, 0xa0, 0x80]], [0, [0xf5]], [0, [0x80]]]) {
      assert.equal(anything.validate(bytes), begin);
      const invalid = guest.within((scope) => {
        const init = scope.take(56);
        guest.call("llg_constraint_init_set_defaults", init, tokenizer._address);
        guest.view().setUint32(init + 8, 0, true);
        const [code, message] = guest.withMessage((at, size) =>
          guest.call("llg_validate_grammar", init, scope.string("regex", "the tag"), scope.bytes(Uint8Array.of(...bytes, 0)), at, size),
        );
        return code < 0 && message;
      });
      assert.match(invalid, /UTF-8/);
    }
    assert.throws(() => anything.consume([0xff]), MatcherError);
    assert.equal(next(keep(new Matcher(tokenizer, { regex: "ab" }))), "a");
  });
  test("a schema of 100 KB, and a maxLength of 65536, are none", () => {
    const properties = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`property_${index}`, { type: "string", description: "x".repeat(30) }]));
    const schema = JSON.stringify({ type: "object", properties, additionalProperties: false });
    assert.ok(schema.length > 100_000);
    const large = keep(new Matcher(tokenizer, { jsonSchema: schema }));
    assert.equal(next(large), "{");
    const long = keep(new Matcher(tokenizer, { jsonSchema: { type: "string", maxLength: 65536 } }));
    assert.equal(next(long), '"');
  });
  test("a token that is too long for a trie", () => {
    const list = (length) => Tokenizer.fromTokens(["x".repeat(length), "<end>"], { eos: 1, special: [1] });
    assert.throws(() => list(1025), { name: "TokenizerError", message: /1025 bytes/ });
    assert.deepEqual(keep(list(1024)).tokenize("x".repeat(1024)), [0]);
  });
  test("the C ABI's mask buffer of another size", () => {
    for (const size of [0, 8, 32, 40]) {
      const matcher = keep(new Matcher(tokenizer, { regex: "ab" }));
      const guest = matcher._guest;
      assert.equal(guest.within((scope) => guest.call("llg_matcher_compute_mask_into", matcher._address, scope.take(64), size)), -1);
      assert.equal(next(matcher), "a");
    }
  });
});

describe("a panic", () => {
  test("ends its instance with the message, and no other", () => {
    const doomed = llg.again();
    const inDoomed = keep(Tokenizer.bytes({ llguidance: doomed, slices: [] }));
    const matcher = keep(new Matcher(inDoomed, { regex: "ab" }));
    const guest = inDoomed._guest;
    // NB: a token of 2,000 bytes, past the check that keeps such from the module
    const panics = () =>
      guest.within((scope) => {
        const init = Uint32Array.of(52, 1, 0, scope.words([2000]), scope.bytes(new Uint8Array(2000)), 0, 0, 0, 1, 0, scope.words([0]), 0, 0);
        guest.call("llg_new_tokenizer_v2", scope.words(init), 0, 0);
      });
    assert.throws(panics, { name: "InstanceLostError", message: /panic: a token ends 2000 levels.*node\.rs/ });
    for (const use of [() => matcher.computeMask(), () => new Matcher(inDoomed, { regex: "a" }), () => Tokenizer.bytes({ llguidance: doomed })]) {
      assert.throws(use, { name: "InstanceLostError", message: /panic: a token ends 2000 levels/ });
    }
    const revived = keep(Tokenizer.bytes({ llguidance: doomed.again() }));
    assert.equal(next(keep(new Matcher(revived, { regex: "ab" }))), "a");
    assert.equal(next(keep(new Matcher(tokenizer, { regex: "ab" }))), "a");
  });
});

describe("tokenizer", () => {
  const tokens = ["a", "b", "ab", "abc", "c", "", "ab", "<end>"];
  test("of a list", () => {
    const listed = keep(Tokenizer.fromTokens(tokens, { eos: 7, special: [7] }));
    assert.equal(listed.vocabSize, 8);
    const matcher = keep(new Matcher(listed, { regex: "abc" }));
    // NB: two tokens have the same bytes, and both are allowed; the empty one never is
    assert.deepEqual(allowedTokens(matcher.computeMask()), [0, 2, 3, 6]);
    assert.deepEqual(listed.tokenize("abcab").slice(0, 1), [3]);
    assert.equal(listed.decode([2, 4]), "abc");
    assert.equal(listed.decode([2, 7], { special: true }), "ab<end>");
    matcher.consume(6);
    assert.deepEqual(allowedTokens(matcher.computeMask()), [4]);
  });
  test("of tokens that are all the same, or all empty, allows what there is", () => {
    const same = keep(Tokenizer.fromTokens([...Array(1000).fill("a"), "<end>"], { eos: 1000, special: [1000] }));
    const matcher = keep(new Matcher(same, { regex: "aa" }));
    assert.deepEqual(allowedTokens(matcher.computeMask()), [...Array(1000).keys()]);
    matcher.consume([0, 999]);
    assert.deepEqual(allowedTokens(matcher.computeMask()), [1000]);
    const empty = keep(Tokenizer.fromTokens(["", "", "<end>"], { eos: 2, special: [2] }));
    assert.throws(() => keep(new Matcher(empty, { regex: "a" })).computeMask(), MatcherError);
    assert.deepEqual(allowedTokens(keep(new Matcher(empty, { regex: "a?" })).computeMask()), [2]);
    assert.equal(next(keep(new Matcher(tokenizer, { regex: "ab" }))), "a");
  });
  test("a token outside of the vocabulary is an error", () => {
    for (const token of [257, 0xffffffff]) {
      const matcher = keep(new Matcher(tokenizer, { regex: "(?s:.)*" }));
      assert.throws(() => matcher.consume(token), MatcherError);
    }
    assert.equal(next(keep(new Matcher(tokenizer, { regex: "ab" }))), "a");
  });
  test("of a byte-level tokenizer.json", () => {
    const json = {
      added_tokens: [{ id: 3, content: "<|eot_id|>", special: true }],
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab: { "Ġa": 0, "é": 1, "Ċ": 2 } },
    };
    const level = keep(Tokenizer.fromJson(JSON.stringify(json)));
    assert.deepEqual(level.eos, [3]);
    assert.deepEqual([...level.decodeBytes([0, 1, 2])], [0x20, 0x61, 0xe9, 0x0a]);
  });
  test("of a tokenizer.json with byte fallback", () => {
    const json = {
      added_tokens: [{ id: 0, content: "</s>", special: true }, { id: 1, content: "word", special: false }],
      decoder: { type: "Sequence", decoders: [{ type: "Replace", pattern: { String: "▁" }, content: " " }, { type: "ByteFallback" }] },
      model: { type: "BPE", vocab: { "<0xE9>": 2, "▁x": 3 } },
    };
    const fallback = keep(Tokenizer.fromJson(json));
    assert.deepEqual([...fallback.decodeBytes([1, 2, 3])], [...codes("word"), 0xe9, ...codes(" x")]);
  });
  test("of tiktoken's ranks", () => {
    const ranked = keep(Tokenizer.fromTiktoken("YQ==  0\nYWI= 1\n".replace("  ", " "), { "<|endoftext|>": 2 }));
    assert.deepEqual(ranked.eos, [2]);
    assert.equal(ranked.decode([0, 1]), "aab");
  });
  test("what makes none is an error", () => {
    assert.throws(() => Tokenizer.fromTokens(tokens), { name: "TokenizerError", message: /no end token/ });
    assert.throws(() => Tokenizer.fromTokens(tokens, { eos: 8 }), { name: "TokenizerError", message: /8 is not one of the 8 tokens/ });
    assert.throws(() => Tokenizer.fromJson("{"), TokenizerError);
    assert.throws(() => Tokenizer.fromJson({ model: { vocab: {} }, decoder: { type: "WordPiece" } }), { message: /WordPiece/ });
    assert.throws(() => Tokenizer.fromTiktoken("! 0", {}), { message: /line 1/ });
  });
  test("comes back from its bytes", () => {
    const first = keep(Tokenizer.fromTokens(tokens, { eos: [7, 4], special: [7] }));
    const bytes = first.serialize();
    const second = keep(Tokenizer.deserialize(bytes));
    assert.deepEqual(second.eos, [7, 4]);
    assert.deepEqual(second.serialize(), bytes);
    const matcher = keep(new Matcher(second, { regex: "abc" }));
    assert.deepEqual(allowedTokens(matcher.computeMask()), [0, 2, 3, 6]);
    for (const wrong of [bytes.subarray(0, 10), bytes.subarray(0, bytes.length - 1), Uint8Array.of(...bytes, 0), codes("nonsense")]) {
      assert.throws(() => Tokenizer.deserialize(wrong), TokenizerError);
    }
  });
  test("comes back ready to use, in an instance of its own", () => {
    const first = keep(Tokenizer.fromTokens(tokens, { eos: [7, 4], special: [7] }));
    const bytes = first.serialize({ ready: true });
    const second = keep(Tokenizer.deserialize(bytes));
    const third = keep(Tokenizer.deserialize(bytes.buffer));
    assert.deepEqual(second.serialize(), first.serialize());
    assert.deepEqual(second.serialize({ ready: true }), bytes);
    for (const restored of [second, third]) {
      for (const grammar of [{ regex: "abc" }, { jsonSchema: { const: "x" } }, { regex: "abc" }]) {
        const expected = keep(new Matcher(first, grammar.regex ? grammar : { regex: "c" }));
        const matcher = keep(new Matcher(restored, grammar.regex ? grammar : { regex: "c" }));
        assert.deepEqual(allowedTokens(matcher.computeMask()), allowedTokens(expected.computeMask()));
      }
      assert.deepEqual(restored.tokenize("abcab"), first.tokenize("abcab"));
    }
    for (const wrong of [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, 40)]) assert.throws(() => Tokenizer.deserialize(wrong), TokenizerError);
    assert.throws(() => Tokenizer.deserialize(bytes, { slices: [] }), TokenizerError);
  });
  test("comes back ready to use from the same build of the module alone", async () => {
    const module = Uint8Array.from(await read(new URL(import.meta.resolve("llguidance-wasm/llguidance.wasm"))));
    // NB: a text in its static data
    const text = codes("recursion limit exceeded");
    const at = module.findIndex((_, start) => text.every((byte, index) => module[start + index] === byte));
    assert.ok(at > 0);
    module[at] ^= 0x20;
    const otherBuild = await Llguidance.load(module);
    const bytes = keep(Tokenizer.bytes({ llguidance: llg, slices: [] })).serialize({ ready: true });
    assert.throws(() => Tokenizer.deserialize(bytes, { llguidance: otherBuild }), { name: "TokenizerError", message: /another build/ });
    assert.deepEqual(keep(Tokenizer.deserialize(bytes, { llguidance: llg })).tokenize("a"), [97]);
  });
  test("comes back from no bytes of which one is changed, and from none of another version", () => {
    const first = keep(Tokenizer.fromTokens(tokens, { eos: [7, 4], special: [7], slices: [] }));
    const whole = first.serialize();
    const ready = first.serialize({ ready: true });
    const flips = (bytes, step) => {
      for (let at = 0; at < bytes.length; at += step) {
        const bit = 1 << at % 8;
        bytes[at] ^= bit;
        assert.throws(() => Tokenizer.deserialize(bytes), { name: "TokenizerError" }, `the byte ${at} of ${bytes.length}`);
        bytes[at] ^= bit;
      }
    };
    flips(whole, 1);
    // NB: the head, and some of each block of memory
    flips(ready.subarray(0, 300), 1);
    flips(ready, 4093);
    for (const bytes of [whole, ready]) {
      const text = new TextDecoder().decode(bytes.subarray(0, 8));
      assert.match(text, /^llg(tok|img)2\n$/);
      const old = bytes.slice();
      old[6] = codes("1")[0];
      assert.throws(() => Tokenizer.deserialize(old), { name: "TokenizerError", message: /of version 1, where 2 is read/ });
      // NB: a part of a buffer, which begins at no word
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      assert.deepEqual(keep(Tokenizer.deserialize(shifted.subarray(1))).eos, [7, 4]);
    }
    assert.throws(() => Tokenizer.deserialize(codes("nonsense that is long enough for a head")), TokenizerError);
    assert.throws(() => Tokenizer.deserialize(new Uint8Array()), { name: "TokenizerError", message: /not a serialized tokenizer/ });
  });
  test("keeps its slices", () => {
    const own = keep(Tokenizer.fromTokens(tokens, { eos: 7, slices: [] }));
    const restored = keep(Tokenizer.deserialize(own.serialize(), { slices: undefined }));
    assert.deepEqual(restored.serialize(), own.serialize());
    assert.deepEqual(keep(Tokenizer.deserialize(own.serialize(), null)).serialize(), own.serialize());
  });
  test("with a tokenize comes back ready only with one", () => {
    const tokenize = (bytes) => [...bytes].map((byte) => "ab".indexOf(String.fromCharCode(byte)));
    const own = keep(Tokenizer.fromTokens(["a", "b", "<end>"], { eos: 2, special: [2], tokenize }));
    const bytes = own.serialize({ ready: true });
    const restored = keep(Tokenizer.deserialize(bytes, { tokenize }));
    assert.deepEqual(restored.tokenize("abba"), [0, 1, 1, 0]);
    assert.throws(() => Tokenizer.deserialize(bytes), { name: "TokenizerError", message: /has to be passed again/ });
  });
  test("with a tokenize of its own has forced tokens", () => {
    let asked = 0;
    const tokenize = (bytes) => (asked++, [...bytes].map((byte) => "ab".indexOf(String.fromCharCode(byte))));
    const own = keep(Tokenizer.fromTokens(["a", "b", "<end>"], { eos: 2, special: [2], tokenize }));
    assert.deepEqual(own.tokenize("abba"), [0, 1, 1, 0]);
    const matcher = keep(new Matcher(own, { regex: "abba" }));
    assert.deepEqual(matcher.fastForward(), [0, 1, 1, 0]);
    assert.ok(asked > 0);
    const greedy = keep(new Matcher(tokenizer, { regex: "abba" }));
    assert.deepEqual(greedy.fastForward(), []);
  });
  test("an error in tokenize reaches the caller", () => {
    const own = keep(Tokenizer.fromTokens(["a", "<end>"], { eos: 1, special: [1], tokenize: () => { throw new RangeError("mine"); } }));
    assert.throws(() => own.tokenize("a"), { name: "RangeError", message: "mine" });
    const after = keep(Tokenizer.fromTokens(["a", "<end>"], { eos: 1, special: [1], tokenize: () => [9] }));
    assert.throws(() => after.tokenize("a"), { name: "TokenizerError", message: /returned 9/ });
  });
});

describe("stop controller", () => {
  test("holds back what may be a stop, and ends at it", () => {
    const stop = keep(new StopController(tokenizer, { tokens: [END], regex: "STOP" }));
    assert.equal(codes("go S").map((token) => stop.commit(token)).join(""), "go ");
    assert.equal(codes("o STO").map((token) => stop.commit(token)).join(""), "So ");
    assert.equal(stop.isStopped, false);
    assert.equal(stop.commit(codes("P")[0]), "");
    assert.equal(stop.isStopped, true);
    assert.throws(() => new StopController(tokenizer, { regex: "(" }), GrammarError);
  });
  test("takes an expression as a RegExp without flags, which would be lost", () => {
    const stop = keep(new StopController(tokenizer, { regex: /E(N|M)D/u }));
    assert.equal(codes("xEMD").map((token) => stop.commit(token)).join(""), "x");
    assert.equal(stop.isStopped, true);
    assert.throws(() => new StopController(tokenizer, { regex: /END/i }), { name: "GrammarError", message: /the flags "i"/ });
    for (const regex of [null, 5, {}]) assert.throws(() => new StopController(tokenizer, { regex }), { name: "LlguidanceError", message: /regex is a string or a RegExp/ });
    assert.equal(keep(new StopController(tokenizer, null)).commit(97), "a");
  });
});

describe("masks", () => {
  test("are applied to logits, of which there may be more than tokens", () => {
    const mask = Uint32Array.of(0xffffffff, 0, 0b101, 0x80000000);
    const logits = applyMask(mask, Float32Array.from({ length: 140 }, (_, token) => token));
    const kept = [...logits.keys()].filter((token) => logits[token] !== -Infinity);
    assert.deepEqual(kept, [...Array(32).keys(), 64, 66, 127]);
    assert.deepEqual(allowedTokens(mask), kept);
    assert.ok(isAllowed(mask, 66) && !isAllowed(mask, 65));
    assert.ok(isAllowed(mask, 66n) && !isAllowed(mask, 1000));
  });
  test("that memory's growth has emptied are an error, and refuse nothing in silence", () => {
    const own = keep(Tokenizer.bytes({ llguidance: llg.again(), slices: [] }));
    const mask = keep(new Matcher(own, { regex: "a" })).computeMask();
    own._guest.memory.grow(1);
    assert.equal(mask.length, 0);
    assert.throws(() => tokenizer.decode(mask), { name: "LlguidanceError", message: /memory that has grown/ });
    const logits = new Float32Array(257);
    for (const use of [() => applyMask(mask, logits), () => allowedTokens(mask), () => isAllowed(mask, 97)]) {
      assert.throws(use, { name: "LlguidanceError", message: /the mask is empty/ });
    }
    assert.ok(logits.every((logit) => logit === 0));
    for (const none of [undefined, null, 5, "12", [1n], {}]) {
      for (const use of [() => applyMask(none, logits), () => allowedTokens(none), () => isAllowed(none, 97)]) assert.throws(use, LlguidanceError);
      assert.throws(() => applyMask(Uint32Array.of(1), none), { name: "LlguidanceError", message: /logits are/ });
    }
    assert.throws(() => applyMask(Uint32Array.of(1), { data: logits, dims: [1, 257] }), LlguidanceError);
  });
});

describe("memory", () => {
  test("nothing can be done with what was disposed of", () => {
    const matcher = new Matcher(tokenizer, { regex: "a" });
    matcher.dispose();
    matcher.dispose();
    assert.equal(matcher.disposed, true);
    for (const use of [() => matcher.computeMask(), () => matcher.consume(1), () => matcher.isAccepting, () => matcher.clone()]) {
      assert.throws(use, { name: "DisposedError", message: /this Matcher was disposed of/ });
    }
    const gone = Tokenizer.bytes();
    gone.dispose();
    assert.throws(() => new Matcher(gone, { regex: "a" }), DisposedError);
  });

  test("a matcher outlives its tokenizer", () => {
    const short = Tokenizer.bytes();
    const matcher = keep(new Matcher(short, { regex: "ab" }));
    short.dispose();
    assert.equal(next(matcher), "a");
  });

  test("1,000 rounds leave nothing allocated", () => {
    const fresh = llg.again();
    const round = (index) => {
      // NB: with the default slices a tokenizer takes ten times as long
      const slices = index % 20 === 0 ? undefined : [];
      const own = keep(Tokenizer.fromTokens(["a", "b", "1", "<end>"], { eos: 3, special: [3], llguidance: fresh, slices }));
      const matcher = keep(new Matcher(own, [{ regex: "a+b" }, { lark: 'start: "a" "b"' }, { jsonSchema: { type: "integer" } }][index % 3]));
      matcher.computeMask();
      const copy = keep(matcher.clone());
      const stop = keep(new StopController(own, { tokens: [3], regex: "b" }));
      stop.commit(0);
      copy.reset();
      try {
        new Matcher(own, { regex: "(" });
      } catch (error) {
        if (!(error instanceof GrammarError)) throw error;
      }
      freeKept();
    };
    for (let index = 0; index < 10; index++) round(index);
    const { allocated, memorySize } = fresh;
    for (let index = 0; index < 1000; index++) round(index);
    assert.equal(fresh.allocated, allocated);
    assert.equal(fresh.memorySize, memorySize);
  });

  test("a limit that is reached ends the instance, and no other", async () => {
    const small = await Llguidance.load(undefined, { memoryLimit: 8 << 20 });
    const inSmall = keep(Tokenizer.bytes({ llguidance: small }));
    const matcher = keep(new Matcher(inSmall, { regex: "ab" }));
    const text = "x".repeat(9 << 20);
    assert.throws(() => new Matcher(inSmall, { regex: text }), (error) => error instanceof OutOfMemoryError && error instanceof InstanceLostError && /out of memory: \d+ bytes/.test(error.message));
    assert.throws(() => matcher.computeMask(), OutOfMemoryError);
    assert.throws(() => inSmall.tokenize("a"), OutOfMemoryError);
    assert.ok(small.lost instanceof OutOfMemoryError);
    const again = small.again();
    const works = keep(Tokenizer.bytes({ llguidance: again }));
    const other = keep(new Matcher(works, { regex: "ab" }));
    assert.equal(next(other), "a");
    assert.equal(llg.lost, undefined);
  });
});

describe("a limit of memory", () => {
  const megabyte = 1 << 20;
  test("is not one of what is serialized ready to use, and holds for what is restored", async () => {
    const unlimited = keep(Tokenizer.bytes({ llguidance: llg, slices: [] })).serialize({ ready: true });
    const small = await Llguidance.load(undefined, { memoryLimit: megabyte });
    const bytes = keep(Tokenizer.bytes({ llguidance: small, slices: [] })).serialize({ ready: true });
    assert.equal(small.lost, undefined);
    assert.deepEqual(bytes, unlimited);
    const restored = keep(Tokenizer.deserialize(unlimited, { llguidance: small }));
    assert.deepEqual(restored.tokenize("ab"), codes("ab"));
    assert.throws(() => restored.tokenize("x".repeat(megabyte)), { name: "OutOfMemoryError", message: /of 1048576 are allocated/ });
    assert.equal(small.lost, undefined);
    const free = keep(Tokenizer.deserialize(bytes, { llguidance: llg }));
    assert.equal(free.tokenize("x".repeat(megabyte)).length, megabyte);
    const tiny = await Llguidance.load(undefined, { memoryLimit: 4096 });
    assert.throws(() => Tokenizer.deserialize(bytes, { llguidance: tiny }), { name: "TokenizerError", message: /and memoryLimit is 4096/ });
    assert.equal(tiny.lost, undefined);
  });
});

describe("a generation loop", () => {
  const prompt = [65n, 66n];
  const loop = ({ logits_processor, stopping_criteria }, prefer, most = 40) => {
    let ids = [...prompt];
    for (let step = 0; step < most; step++) {
      const logits = { dims: [1, 260], data: new Float32Array(260).map((_, token) => prefer(token)) };
      logits_processor([ids], logits);
      const best = logits.data.indexOf(Math.max(...logits.data));
      ids = [...ids, BigInt(best)];
      if (stopping_criteria([ids])[0]) break;
    }
    return new TextDecoder().decode(Uint8Array.from(ids.slice(prompt.length).map(Number).filter((id) => id < 256)));
  };
  test("gives what each response format asks for", () => {
    for (const [format, prefer, expected] of [
      [{ type: "json_object" }, (token) => -Math.abs(token - 125), "{}"],
      [{ type: "json_schema", json_schema: { const: [1] } }, (token) => -Math.abs(token - 93), "[1]"],
      [{ type: "json_schema", json_schema: { name: "one", schema: { const: "é" } } }, (token) => -token, JSON.stringify("é")],
      [{ type: "regex", regex: "b{3}a" }, (token) => token, "bbba"],
      [{ type: "lark", lark: 'start: "x" "y"' }, (token) => token, "xy"],
    ]) {
      const format_ = keep(fromResponseFormat(tokenizer, format));
      assert.equal(loop(format_, prefer), expected, JSON.stringify(format));
    }
    assert.throws(() => fromResponseFormat(tokenizer, { type: "yaml" }), { name: "LlguidanceError", message: /"yaml"/ });
  });
  test("has a schema where it has a name", () => {
    const format = (json_schema) => ({ type: "json_schema", json_schema });
    for (const given of [{ name: "one", strict: true }, { name: "one" }, { strict: true }, { name: "one", Schema: { type: "null" } }, { schema: undefined }, undefined]) {
      assert.throws(() => fromResponseFormat(tokenizer, format(given)), { name: "LlguidanceError", message: /json_schema/ });
    }
    for (const given of [{ name: "one", schema: null }, { schema: 5 }, null, 5]) assert.throws(() => fromResponseFormat(tokenizer, format(given)), GrammarError);
    for (const type of ["regex", "lark", "grammar", 5, undefined]) assert.throws(() => fromResponseFormat(tokenizer, { type }), LlguidanceError);
    const properties = { schema: { const: 1 }, name: { const: 2 } };
    const bare = keep(fromResponseFormat(tokenizer, format({ properties, required: ["schema", "name"], additionalProperties: false })));
    assert.equal(loop(bare, (token) => token).replaceAll(/\s/g, ""), '{"schema":1,"name":2}');
  });
  test("takes ids by sequence, and logits", () => {
    const { logits_processor, stopping_criteria } = keep(fromResponseFormat(tokenizer, { type: "json_object" }));
    const logits = { dims: [1, 257], data: new Float32Array(257) };
    for (const ids of [undefined, null, 5, "12", [5], [5n], [undefined], ["12"]]) {
      assert.throws(() => logits_processor(ids, logits), LlguidanceError);
      assert.throws(() => stopping_criteria(ids), LlguidanceError);
    }
    for (const none of [undefined, null, 5, {}, { data: [1] }]) assert.throws(() => logits_processor([[1n]], none), LlguidanceError);
    assert.deepEqual(stopping_criteria([[1n]]), [false]);
    assert.throws(() => stopping_criteria([[1n, -1n]]), { name: "LlguidanceError", message: /id of a token/ });
  });
  test("keeps the sequences of a batch apart, and follows one that goes back", () => {
    const format = keep(fromResponseFormat(tokenizer, { type: "regex", regex: "ab|cd" }));
    const mask = (ids) => {
      const logits = { dims: [ids.length, 257], data: new Float32Array(ids.length * 257) };
      format.logits_processor(ids, logits);
      return ids.map((_, row) => [...logits.data.subarray(row * 257, (row + 1) * 257).keys()].filter((token) => logits.data[row * 257 + token] === 0).map((token) => String.fromCharCode(token)).join(""));
    };
    assert.deepEqual(mask([[1n], [1n]]), ["ac", "ac"]);
    assert.deepEqual(mask([[1n, 97n], [1n, 99n]]), ["b", "d"]);
    assert.deepEqual(mask([[1n, 99n], [1n, 99n]]), ["d", "d"]);
    assert.deepEqual(format.stopping_criteria([[1n, 99n, 100n], [1n, 99n]]), [true, false]);
  });
});

describe("the C ABI", () => {
  test("llg_par_compute_mask computes one after the other, and then calls back", () => {
    const guest = tokenizer._guest;
    const words = Math.ceil(tokenizer.vocabSize / 32);
    guest.within((scope) => {
      const init = scope.take(56);
      guest.call("llg_constraint_init_set_defaults", init, tokenizer._address);
      const constraints = ["[ab]c", "[0-9]", "("].map((regex) => guest.call("llg_new_constraint_regex", init, scope.string(regex, "regex")));
      // NB: longer by a word than a mask, and not zero
      const masks = constraints.map(() => scope.words(new Uint32Array(words + 1).fill(0xffffffff)));
      const steps = scope.words(constraints.flatMap((constraint, index) => [constraint, masks[index], (words + 1) * 4]));
      const calls = [];
      const done = guest.callback(1, false, (data) => calls.push(data));
      guest.call("llg_par_compute_mask", steps, constraints.length, 7, done);
      assert.deepEqual(calls, [7]);
      const tokens = (index) => allowedTokens(guest.words(masks[index], words + 1));
      assert.deepEqual(tokens(0), codes("ab"));
      assert.deepEqual(tokens(1), codes("0123456789"));
      assert.equal(guest.call("llg_get_error", constraints[0]), 0);
      assert.ok(guest.call("llg_get_error", constraints[2]));
      for (const constraint of constraints) guest.call("llg_free_constraint", constraint);
    });
  });
});
