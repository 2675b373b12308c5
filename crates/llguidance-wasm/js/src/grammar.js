// What a matcher follows, and what is wrong with it.

import { shown, uint } from "./arguments.js";
import { GrammarError, LlguidanceError, placeIn } from "./errors.js";
import { addressOf } from "./tokenizer.js";

/** sizeof(LlgConstraintInit), and where its fields are */
const INIT_SIZE = 56;
const LOG_TO_STDERR = 8;
const FAST_FORWARD = 12;
const LIMITS = {
  maxItemsInRow: [16, "setUint32"],
  initialLexerFuel: [24, "setBigUint64"],
  stepLexerFuel: [32, "setBigUint64"],
  stepMaxItems: [40, "setUint32"],
  maxLexerStates: [44, "setUint32"],
  maxGrammarSize: [48, "setUint32"],
  precomputeLargeLexemes: [52, "setUint8"],
  verboseErrors: [53, "setUint8"],
};

/** The most that a field holds, by how it is set; the others are true or false. */
const MOST = { setUint32: 0xffffffff, setBigUint64: 0xffffffffffffffffn };

/** The kinds of grammar by the option's name, and the tags of the C ABI. */
const TAGS = { jsonSchema: "json_schema", regex: "regex", lark: "lark", grammar: "llguidance" };

/** A grammar as a tag and a text. */
export function tagged(options) {
  const given = Object.keys(TAGS).filter((kind) => options?.[kind] !== undefined);
  if (given.length !== 1) {
    throw new LlguidanceError(
      `one of ${Object.keys(TAGS).join(", ")} is needed${given.length ? `, and not ${given.join(" and ")} at once` : ""}`,
    );
  }
  const [kind] = given;
  let value = options[kind];
  if (kind === "regex") {
    value = expression(value);
  } else if (kind === "lark") {
    if (typeof value !== "string") throw new LlguidanceError(`lark is a string, and not ${shown(value)}`);
  } else if (typeof value !== "string") {
    try {
      value = JSON.stringify(value);
    } catch (cause) {
      throw new GrammarError(`the ${kind} cannot be written as JSON: ${cause.message}`);
    }
    if (value === undefined) throw new GrammarError(`the ${kind} cannot be written as JSON: it is ${shown(options[kind])}`);
  }
  return { kind, tag: TAGS[kind], text: value };
}

/** The text of a regular expression. */
export function expression(regex) {
  if (typeof regex === "string") return regex;
  if (!(regex instanceof RegExp)) throw new LlguidanceError(`regex is a string or a RegExp, and not ${shown(regex)}`);
  if (regex.flags.replace(/[dguvy]/g, "") !== "") {
    throw new GrammarError(`the flags "${regex.flags}" of a RegExp have no meaning here: write them into the expression`);
  }
  return regex.source;
}

/** Calls `use` with the address of an LlgConstraintInit. */
export function withInit(tokenizer, { limits }, use) {
  const address = addressOf(tokenizer);
  const guest = tokenizer._guest;
  return guest.within((scope) => {
    const at = scope.take(INIT_SIZE);
    guest.call("llg_constraint_init_set_defaults", at, address);
    const view = guest.view();
    view.setUint32(at + LOG_TO_STDERR, 0, true);
    view.setUint8(at + FAST_FORWARD, Number(tokenizer.isCanonical));
    for (const [name, value] of Object.entries(limits ?? {})) {
      if (!Object.hasOwn(LIMITS, name)) throw new LlguidanceError(`no limit is named ${name}; there are ${Object.keys(LIMITS).join(", ")}`);
      if (value === undefined) continue;
      const [offset, set] = LIMITS[name];
      if (set === "setUint8") {
        if (typeof value !== "boolean") throw new LlguidanceError(`${name} is true or false, and not ${shown(value)}`);
        view.setUint8(at + offset, Number(value));
      } else {
        const number = uint(value, name, MOST[set]);
        view[set](at + offset, set === "setBigUint64" ? BigInt(value) : number, true);
      }
    }
    return use(at, scope);
  });
}

/** llg_validate_grammar: its code, which is 0 when valid, -1 for an error and 1 for warnings; and its message. */
function validity(tokenizer, options, { tag, text }) {
  const guest = tokenizer._guest;
  return withInit(tokenizer, options, (init, scope) =>
    guest.withMessage((at, size) =>
      guest.call("llg_validate_grammar", init, scope.string(tag, "the tag"), scope.string(text, "the grammar"), at, size),
    ),
  );
}

export function validateGrammar(tokenizer, options) {
  addressOf(tokenizer);
  const grammar = tagged(options);
  const endless = endlessReference(grammar);
  if (endless) return { valid: false, error: endless, warnings: [] };
  const [code, message] = validity(tokenizer, options, grammar);
  if (code < 0) return { valid: false, error: grammarError(tokenizer, options, grammar, message), warnings: [] };
  return { valid: true, error: undefined, warnings: message.split("\n").filter((line) => line !== "") };
}

/** An error with the place in the text, or the part of the schema, that it comes from. */
export function grammarError(tokenizer, options, grammar, message) {
  const place = placeIn(message);
  if (grammar.kind !== "jsonSchema" || place.line !== undefined) return new GrammarError(message, place);
  return new GrammarError(message, { pointer: pointerOf(tokenizer, options, grammar.text, message) });
}

/**
 * The error of a schema that is nothing but a `$ref` to itself, perhaps by way of others.
 *
 * llguidance compiles such a schema, and then allows no text.
 */
export function endlessReference({ kind, text }) {
  if (kind !== "jsonSchema" || !text.includes('"$ref"')) return undefined;
  let root;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined; // llguidance says why
  }
  let tries = MOST_REFERENCES;
  // The references passed until one comes again; undefined where some text ends the schema
  const cycle = (schema, passed) => {
    if (typeof schema !== "object" || schema === null || (schema !== root && "$id" in schema) || tries-- <= 0) return undefined;
    const { $ref: reference } = schema;
    if (typeof reference === "string" && reference.startsWith("#")) {
      const next = [...passed, reference];
      const found = passed.includes(reference) ? next : cycle(resolve(root, reference), next);
      if (found) return found;
    }
    const all = (list) => (Array.isArray(list) ? list : []).map((part) => cycle(part, passed));
    const [conjunct] = all(schema.allOf).filter(Boolean);
    if (conjunct) return conjunct;
    for (const alternatives of [all(schema.anyOf), all(schema.oneOf)]) {
      if (alternatives.length > 0 && alternatives.every(Boolean)) return alternatives[0];
    }
    return undefined;
  };
  const passed = cycle(root, []);
  if (!passed) return undefined;
  return new GrammarError(`a $ref leads back to itself, so that no text is allowed: ${passed.join(" → ")}`, { pointer: pointerIn(passed.at(-1)) });
}

/** The JSON Pointer in a reference within the schema. */
function pointerIn(reference) {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return reference.slice(1);
  }
}

/** What such a reference refers to; undefined if there is nothing, or not by a pointer. */
function resolve(root, reference) {
  const [first, ...steps] = pointerIn(reference).split("/");
  return first === "" ? steps.reduce((found, step) => Object(found)[step.replaceAll("~1", "/").replaceAll("~0", "~")], root) : undefined;
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const ONE = ["additionalProperties", "additionalItems", "contains", "else", "if", "items", "not", "propertyNames", "then"];
const LIST = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const NAMED = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/** Schemas looked at before the search for a `$ref` to itself is given up. */
const MOST_REFERENCES = 1000;

/** Schemas tried before the search for the place of an error is given up. */
const MOST_TRIES = 64;

/**
 * The JSON Pointer of the smallest part of the schema that is refused for the same reason.
 *
 * llguidance does not say where in a schema an error is, so its parts are tried, each with the
 * definitions that it may refer to.
 */
function pointerOf(tokenizer, options, text, message) {
  let root;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined; // serde_json takes it
  }
  const shared = Object.fromEntries(["$schema", "$defs", "definitions"].flatMap((key) => (key in Object(root) ? [[key, root[key]]] : [])));
  let tries = MOST_TRIES;
  const fails = (schema) => {
    if (tries-- <= 0) return false;
    const part = { ...shared, ...schema };
    const [code, said] = validity(tokenizer, options, { tag: TAGS.jsonSchema, text: JSON.stringify(part) });
    return code < 0 && said === message;
  };
  let pointer = "";
  let at = root;
  for (;;) {
    const found = parts(at).find(([path, schema]) => !isDefinition(path) && fails(schema)) ??
      parts(at).find(([path, schema]) => isDefinition(path) && fails({ ...withoutDefinitions(schema) }));
    if (!found) return pointer;
    pointer += found[0].map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    at = found[1];
  }
}

const isDefinition = ([keyword]) => keyword === "$defs" || keyword === "definitions";
const withoutDefinitions = ({ $defs: _, definitions: __, ...schema }) => schema;

/** The schemas directly below a schema, with their paths. */
function parts(schema) {
  const isSchema = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isSchema(schema)) return [];
  const found = [];
  for (const keyword of ONE) if (isSchema(schema[keyword])) found.push([[keyword], schema[keyword]]);
  for (const keyword of LIST) {
    if (Array.isArray(schema[keyword])) schema[keyword].forEach((part, index) => isSchema(part) && found.push([[keyword, index], part]));
  }
  for (const keyword of NAMED) {
    if (isSchema(schema[keyword])) {
      for (const [name, part] of Object.entries(schema[keyword])) if (isSchema(part)) found.push([[keyword, name], part]);
    }
  }
  return found;
}
