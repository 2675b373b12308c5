// What can go wrong, as classes: a caller tells them apart by `instanceof`.
// Each has its name as a string, which survives a minifier that renames classes.


/** Any error of this package. */
export class LlguidanceError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = this.constructor.kind;
  }
  static kind = "LlguidanceError";
}

/** The grammar, schema or expression cannot be compiled. */
export class GrammarError extends LlguidanceError {
  static kind = "GrammarError";
  constructor(message, { line, column, pointer } = {}) {
    super(message);
    this.line = line;
    this.column = column;
    this.pointer = pointer;
  }
}

/** The vocabulary, or what was serialized, makes no tokenizer. */
export class TokenizerError extends LlguidanceError {
  static kind = "TokenizerError";
}

/** A matcher cannot go on: a token that its grammar refuses, or a limit that was reached. */
export class MatcherError extends LlguidanceError {
  static kind = "MatcherError";
  constructor(message, { state } = {}) {
    super(message);
    this.state = state;
  }
}

/** The object was freed before. */
export class DisposedError extends LlguidanceError {
  static kind = "DisposedError";
}

/** The instance ended by a panic or for want of memory; all that was made with it is lost. */
export class InstanceLostError extends LlguidanceError {
  static kind = "InstanceLostError";
}

/** The instance's limit of memory was reached, which ended it. */
export class OutOfMemoryError extends InstanceLostError {
  static kind = "OutOfMemoryError";
}

/** The module cannot be had, or is another one. */
export class LoadError extends LlguidanceError {
  static kind = "LoadError";
}

// llguidance's messages name a place as `12(34): text` (Lark) or `at line 12 column 34` (JSON).
const PLACES = [/(?:^|\s)(\d+)\((\d+)\): /, /at line (\d+) column (\d+)/];

/** The place that a message names, counted from 1. */
export function placeIn(message) {
  for (const pattern of PLACES) {
    const found = pattern.exec(message);
    if (found) return { line: Number(found[1]), column: Number(found[2]) };
  }
  return {};
}
