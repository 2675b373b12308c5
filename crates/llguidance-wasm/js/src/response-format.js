// For generation loops in the manner of Transformers.js: a function that changes logits, and one that
// says when to stop. Both are called with all tokens so far, the prompt's first.

import { list, shown } from "./arguments.js";
import { LlguidanceError } from "./errors.js";
import { applyMask } from "./mask.js";
import { Matcher } from "./matcher.js";

/** The grammar that a response format asks for. */
export function grammarOf(format) {
  switch (format?.type) {
    case "json_object":
      return { jsonSchema: { type: "object" } };
    case "json_schema": {
      const { json_schema: given = format.schema } = format;
      if (given === undefined) throw new LlguidanceError("a response format json_schema needs json_schema");
      // NB: OpenAI's form has the schema one level down, beside a name; without it the rest would be a schema
      // that allows everything
      const isForm = ["schema", "name", "strict"].some((key) => Object.hasOwn(Object(given), key));
      const schema = isForm ? given.schema : given;
      if (schema === undefined) throw new LlguidanceError("a response format json_schema has a name and no schema");
      return { jsonSchema: schema };
    }
    case "regex":
      return { regex: format.regex ?? format.pattern };
    case "lark":
      return { lark: format.lark ?? format.grammar };
    default:
      throw new LlguidanceError(`no response format is named ${shown(format?.type)}: json_object, json_schema, regex and lark are`);
  }
}

export function fromResponseFormat(tokenizer, format, options) {
  const sequences = new Sequences(new Matcher(tokenizer, { ...grammarOf(format), ...options }));

  const logitsProcessor = (inputIds, logits) => {
    rows(logits, list(inputIds, "inputIds").length).forEach((row, index) => applyMask(sequences.at(index, inputIds[index]).computeMask(), row));
    return logits;
  };
  const stoppingCriteria = (inputIds) => Array.from(list(inputIds, "inputIds"), (ids, index) => sequences.at(index, ids).isStopped);
  // NB: Transformers.js calls `_call` of an instance where the instance is not itself a function
  logitsProcessor._call = logitsProcessor;
  stoppingCriteria._call = stoppingCriteria;
  const dispose = () => sequences.dispose();
  return {
    logits_processor: logitsProcessor,
    stopping_criteria: stoppingCriteria,
    logitsProcessor,
    stoppingCriteria,
    matcher: (index = 0) => sequences.matcher(index),
    dispose,
    [Symbol.dispose ?? Symbol.for("Symbol.dispose")]: dispose,
  };
}

/** A matcher for each sequence of a batch, brought to the tokens that the sequence has. */
class Sequences {
  #first;
  #states = [];
  #disposed = false;

  constructor(first) {
    this.#first = first;
  }

  /** The matcher of a sequence, after the tokens that follow what was there at the first call. */
  at(index, ids) {
    list(ids, "the ids of each sequence");
    const state = (this.#states[index] ??= { matcher: this.#first.clone(), prompt: ids.length, seen: [] });
    const tokens = Array.from(ids, Number).slice(state.prompt);
    let same = 0;
    while (same < state.seen.length && state.seen[same] === tokens[same]) same++;
    if (same < state.seen.length) {
      // NB: what came after the end was not consumed
      const taken = state.matcher.consumed.length;
      if (taken > same) state.matcher.rollback(taken - same);
      state.seen.length = same;
    }
    for (const token of tokens.slice(same)) {
      // NB: a batch goes on until its last sequence ends, and fills the others up
      if (!state.matcher.isStopped) state.matcher.consume(token);
      state.seen.push(token);
    }
    return state.matcher;
  }

  matcher(index) {
    return this.#states[index]?.matcher;
  }

  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#first.dispose();
    for (const { matcher } of this.#states) matcher.dispose();
  }
}

/** The rows of logits: of a tensor with `data` and `dims`, or of arrays. */
function rows(logits, count) {
  if (Array.isArray(logits)) return logits;
  const data = logits?.data ?? logits;
  if (typeof data?.subarray !== "function") throw new LlguidanceError(`logits are a tensor or a list of arrays, and not ${shown(logits)}`);
  const width = logits.dims?.at(-1) ?? data.length / count;
  return Array.from({ length: count }, (_, index) => data.subarray(index * width, (index + 1) * width));
}
