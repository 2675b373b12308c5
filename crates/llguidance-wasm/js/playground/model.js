// What the page shows, without the page: runs in Node too.
import { allowedTokens, GrammarError, InstanceLostError, LlguidanceError, Matcher, Tokenizer } from "./llguidance/index.js";

const KINDS = ["jsonSchema", "regex", "lark"];

/** Tokens that are shown one by one. */
const MOST_SHOWN = 300;

export const EXAMPLES = {
  "A tool call": {
    kind: "jsonSchema",
    grammar: JSON.stringify(
      {
        type: "object",
        properties: {
          city: { type: "string" },
          unit: { enum: ["celsius", "fahrenheit"] },
          days: { type: "integer", minimum: 1, maximum: 14 },
        },
        required: ["city", "unit"],
        additionalProperties: false,
      },
      null,
      2,
    ),
    text: '{"city": "Reykjavík", "unit": "',
  },
  "A schema with a mistake": {
    kind: "jsonSchema",
    grammar: JSON.stringify({ type: "object", properties: { name: { type: "string" }, tags: { type: "array", items: { type: "strin" } } } }, null, 2),
    text: "",
  },
  "A date": { kind: "regex", grammar: "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", text: "2024-1" },
  Arithmetic: {
    kind: "lark",
    grammar: `start: sum
sum: product (("+" | "-") product)*
product: atom (("*" | "/") atom)*
atom: NUMBER | "(" sum ")"
NUMBER: /[0-9]+(\\.[0-9]+)?/
%ignore " "
`,
    text: "3 * (4.5 + 1",
  },
  "Lark with JSON inside": {
    kind: "lark",
    grammar: `start: "<think>" THOUGHT "</think>" answer
THOUGHT: /[^<]*/
answer: %json {
  "type": "object",
  "properties": { "answer": { "type": "boolean" } },
  "required": ["answer"],
  "additionalProperties": false
}
`,
    text: "<think>Is it so?</think>",
  },
};

// --- the fragment of the address ---

/** The state as the fragment of an address. */
export function fragmentOf({ kind, grammar, text }) {
  return `#${new URLSearchParams({ kind, grammar, text })}`;
}

/** The state in a fragment; undefined if there is none. */
export function stateIn(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const kind = fields.get("kind");
  if (!KINDS.includes(kind) || !fields.has("grammar")) return undefined;
  return { kind, grammar: fields.get("grammar"), text: fields.get("text") ?? "" };
}

// --- places in texts ---

/** Where a line and a column are, both from 1; the column counts characters or bytes, as messages do. */
export function offsetOf(text, line, column) {
  let start = 0;
  for (let left = line; left > 1; left--) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  return Math.min(start + Math.max(column, 1) - 1, text.length);
}

export function lineAndColumn(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: [...before.at(-1)].length + 1 };
}

/** Where in a JSON text the value at a JSON Pointer stands, as [from, to]; undefined if it is not there. */
export function rangeOf(json, pointer) {
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const tokens = json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs);
  let token = tokens.next().value;
  const advance = () => ([token, token = tokens.next().value][0]);
  const value = (depth, wanted) => {
    const from = token?.index;
    const opening = advance();
    if (opening === undefined) return undefined;
    let [{ length }] = opening;
    let to = from + length;
    if (opening[0] === "{" || opening[0] === "[") {
      for (let index = 0; token && !"]}".includes(token[0]); index++) {
        let key = String(index);
        if (opening[0] === "{") {
          key = JSON.parse(advance()[0]);
          advance();
        }
        const found = value(depth + 1, wanted && key === steps[depth]);
        if (found?.isIt) return found;
        if (token?.[0] === ",") advance();
      }
      const closing = advance();
      to = closing ? closing.index + 1 : json.length;
    }
    return { from, to, isIt: wanted && depth === steps.length };
  };
  try {
    const found = value(0, true);
    return found?.isIt ? [found.from, found.to] : undefined;
  } catch {
    return undefined;
  }
}

/** What an error says, where, and which part of the grammar it is about. */
export function problemOf(error, grammar) {
  let range;
  let place = "";
  if (error.pointer !== undefined) {
    range = rangeOf(grammar, error.pointer);
    place = error.pointer === "" ? "At the root" : `At ${error.pointer}`;
  } else if (error.line !== undefined) {
    const from = offsetOf(grammar, error.line, error.column);
    range = [from, Math.min(from + 1, grammar.length)];
    place = `Line ${error.line}, column ${error.column}`;
  }
  // NB: llguidance repeats the place, and shows the lines, which stand above
  const [message] = error.message.replace(/^(at )?\d+\(\d+\): /, "").split("\n");
  return { message: place ? `${place}: ${message}` : message, range };
}

// --- vocabularies ---

/** Every byte, and the pieces of which JSON and simple texts mostly consist. */
export function smallVocabulary(options) {
  const words = "true false null the and of to in is that it for with as on be at by this not are from or an have".split(" ");
  const pieces = ['{"', '":', '": "', '", "', '"}', '"]', '["', "[]", "{}", "},", "],", "  ", "    ", "\n\n", "10", "20", "00", "19", "202", "0.", "</", "/>", "->", "==", "&&"];
  const tokens = [...Array.from({ length: 256 }, (_, byte) => [byte]), ...pieces, ...words, ...words.map((word) => ` ${word}`)];
  return Tokenizer.fromTokens([...tokens, "end"], { ...options, eos: tokens.length, special: [tokens.length] });
}

const CONTROLS = { 9: "⇥", 10: "↵", 13: "␍", 32: "␣" };

/** Text as it is shown: what has no form of its own gets one. */
export function visible(list) {
  const bytes = Uint8Array.from(list);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  }
  return [...text]
    .map((character) => CONTROLS[character.codePointAt(0)] ?? (/[\p{C}\p{Z}]/u.test(character) ? `\\u{${character.codePointAt(0).toString(16)}}` : character))
    .join("");
}

/** The tokens of a mask as they are shown: neighbours in bytes are one range. */
export function shown(tokenizer, tokens) {
  const ends = tokenizer.eos;
  const list = [];
  let more = 0;
  const singles = [];
  for (const token of tokens) {
    if (ends.includes(token)) list.unshift({ label: "end", end: true });
    else singles.push([token, tokenizer.decodeBytes([token])]);
  }
  const isByte = singles.length > 0 && singles.every(([, bytes]) => bytes.length === 1);
  if (isByte) {
    const group = (byte) => (byte < 0x20 ? 0 : byte < 0x30 ? byte : byte < 0x3a ? "digit" : byte < 0x41 ? byte : byte < 0x5b ? "upper" : byte < 0x61 ? byte : byte < 0x7b ? "lower" : byte < 0x80 ? byte : 0x80);
    for (let at = 0; at < singles.length; ) {
      const [, [first]] = singles[at];
      let next = at + 1;
      while (next < singles.length && singles[next][1][0] === first + next - at && group(singles[next][1][0]) === group(first)) next++;
      const last = first + next - at - 1;
      if (last - first >= 3) list.push({ label: `${visible([first])} … ${visible([last])}`, count: next - at });
      else for (let byte = first; byte <= last; byte++) list.push(one([byte]));
      at = next;
    }
  } else {
    for (const [, bytes] of singles.slice(0, MOST_SHOWN)) list.push(one(bytes));
    more = Math.max(0, singles.length - MOST_SHOWN);
  }
  return { list, more };
}

function one(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    // a part of a character, which cannot be typed
  }
  return { label: visible(bytes), text };
}

// --- the grammar, and a text in it ---

/** Follows texts in a grammar: by bytes, which tell the place of a mistake, and by a vocabulary. */
export class Session {
  #llguidance;
  #bytes;
  #matchers = new Map();
  #grammar;
  #tokenizer;

  constructor(llguidance) {
    this.#llguidance = llguidance;
    this.#bytes = Tokenizer.bytes({ llguidance });
    this.#tokenizer = this.#bytes;
  }

  get tokenizer() {
    return this.#tokenizer;
  }

  /** Takes another vocabulary: bytes, or what `make` makes of options. */
  use(make) {
    const made = make?.({ llguidance: this.#llguidance }) ?? this.#bytes;
    const before = this.#tokenizer;
    this.#tokenizer = made;
    if (before === this.#bytes) return;
    this.#matchers.get(before)?.dispose();
    this.#matchers.delete(before);
    before.dispose();
  }

  /** Compiles the grammar; what is wrong with it, or undefined. */
  compile(kind, grammar) {
    for (const matcher of this.#matchers.values()) matcher.dispose();
    this.#matchers.clear();
    this.#grammar = { [kind]: grammar };
    try {
      this.#matcher(this.#bytes);
      return undefined;
    } catch (error) {
      if (error instanceof InstanceLostError || !(error instanceof LlguidanceError)) throw error;
      return error instanceof GrammarError ? problemOf(error, grammar) : { message: error.message };
    }
  }

  #matcher(tokenizer) {
    if (!this.#matchers.has(tokenizer)) this.#matchers.set(tokenizer, new Matcher(tokenizer, this.#grammar));
    return this.#matchers.get(tokenizer);
  }

  /** How far a text follows the grammar: the offset of the character that does not, if any, and whether it may end. */
  follow(text) {
    const matcher = this.#matcher(this.#bytes).clone();
    try {
      const bytes = new TextEncoder().encode(text.toWellFormed());
      const taken = matcher.validate(bytes);
      if (taken < bytes.length) return { refused: charactersIn(bytes, taken), complete: false };
      matcher.consume(bytes);
      return { refused: undefined, complete: matcher.isAccepting };
    } finally {
      matcher.dispose();
    }
  }

  /** The tokens that may follow a text, or undefined where the text itself does not follow the grammar. */
  next(text) {
    const matcher = this.#matcher(this.#tokenizer).clone();
    try {
      const tokens = this.#tokenizer.tokenize(text.toWellFormed());
      if (matcher.validate(tokens) < tokens.length) return undefined;
      matcher.consume(tokens);
      return allowedTokens(matcher.computeMask());
    } finally {
      matcher.dispose();
    }
  }
}

/** The offset, as strings count, of the character that the byte is in. */
function charactersIn(bytes, at) {
  while (at > 0 && (bytes[at] & 0xc0) === 0x80) at--;
  return new TextDecoder().decode(bytes.subarray(0, at)).length;
}
