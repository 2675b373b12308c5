// What the playground's page is told, without the page. The folder of the built page is PLAYGROUND.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const folder = process.env.PLAYGROUND;
const skip = folder ? false : "there is no built page";
const load = async () => {
  const { Llguidance, Tokenizer } = await import(pathToFileURL(`${folder}/llguidance/index.js`));
  const model = await import(pathToFileURL(`${folder}/model.js`));
  await Llguidance.load();
  return { Tokenizer, ...model };
};

test("a state comes back from the fragment of an address", { skip }, async () => {
  const { fragmentOf, stateIn } = await load();
  const state = { kind: "lark", grammar: 'start: "é" | /[&=#%+ ]/\n', text: "a+b & c\n😀" };
  assert.deepEqual(stateIn(fragmentOf(state)), state);
  assert.equal(new URL(fragmentOf(state), "file:///").hash, fragmentOf(state));
  for (const none of ["", "#", "#kind=absent&grammar=a", "#kind=lark"]) assert.equal(stateIn(none), undefined);
});

test("places in a text", { skip }, async () => {
  const { lineAndColumn, offsetOf, rangeOf } = await load();
  assert.equal(offsetOf("ab\ncd\n", 2, 2), 4);
  assert.equal(offsetOf("ab", 5, 1), 2);
  assert.deepEqual(lineAndColumn("ab\n😀d", 5), { line: 2, column: 2 });
  const json = '{ "a/b": [1, {"c": "}\\"]"}], "d": {"e~": null} }';
  const at = (pointer) => json.slice(...rangeOf(json, pointer));
  assert.equal(at(""), json);
  assert.equal(at("/a~1b/0"), "1");
  assert.equal(at("/a~1b/1/c"), '"}\\"]"');
  assert.equal(at("/d"), '{"e~": null}');
  assert.equal(at("/d/e~0"), "null");
  for (const absent of ["/x", "/a~1b/2", "/d/e~0/f"]) assert.equal(rangeOf(json, absent), undefined);
  for (const broken of ["", "{", '{"a"', '{"a": }', "[1,", "]"]) assert.equal(rangeOf(broken, "/a/0"), undefined);
});

test("an error stands at its place in the grammar", { skip }, async () => {
  const { EXAMPLES, Session } = await load();
  const session = new Session();
  const { kind, grammar } = EXAMPLES["A schema with a mistake"];
  const schema = session.compile(kind, grammar);
  assert.equal(JSON.parse(grammar.slice(...schema.range)).type, "strin");
  assert.match(schema.message, /^At \/properties\/tags\/items: /);
  const lark = session.compile("lark", 'start: "a"\n  | absent');
  assert.match(lark.message, /^Line \d, column \d+: unknown name: "absent"$/);
  assert.ok(session.compile("jsonSchema", "{").range);
  assert.ok(session.compile("regex", "(").message);
});

test("each example compiles, or is there for its mistake", { skip }, async () => {
  const { EXAMPLES, Session } = await load();
  const session = new Session();
  for (const [name, { kind, grammar, text }] of Object.entries(EXAMPLES)) {
    const problem = session.compile(kind, grammar);
    assert.equal(problem !== undefined, /mistake/.test(name), problem?.message);
    if (!problem) assert.equal(session.follow(text).refused, undefined, name);
  }
});

test("a text is followed up to the character that is refused", { skip }, async () => {
  const { Session } = await load();
  const session = new Session();
  assert.equal(session.compile("regex", "[a-zé😀]+x"), undefined);
  assert.deepEqual(session.follow(""), { refused: undefined, complete: false });
  assert.deepEqual(session.follow("é😀x"), { refused: undefined, complete: true });
  assert.deepEqual(session.follow("é😀😁x"), { refused: 3, complete: false });
  assert.deepEqual(session.follow("ab1"), { refused: 2, complete: false });
});

test("the tokens that may follow are shown, by bytes and by a vocabulary", { skip }, async () => {
  const { Session, shown, smallVocabulary } = await load();
  const session = new Session();
  const labels = (text) => shown(session.tokenizer, session.next(text)).list.map(({ label }) => label);
  session.compile("regex", "[a-z]+ |[0-4]\n");
  assert.deepEqual(labels(""), ["0 … 4", "a … z"]);
  assert.deepEqual(labels("3"), ["↵"]);
  assert.deepEqual(labels("a "), ["end"]);
  assert.equal(session.next("A"), undefined);
  session.use(smallVocabulary);
  session.compile("jsonSchema", '{"type": "boolean"}');
  assert.deepEqual(labels(""), ["f", "t", "true", "false"]);
  session.use();
  assert.deepEqual(labels(""), ["f", "t"]);
  const { list, more } = shown(session.tokenizer, [0xe9, 9, 65]);
  assert.deepEqual([list.map(({ label, text }) => [label, text]), more], [[["\\xe9", undefined], ["⇥", "\t"], ["A", "A"]], 0]);
});
