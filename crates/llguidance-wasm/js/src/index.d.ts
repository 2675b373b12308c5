/**
 * llguidance in JavaScript: token masks by which a language model's output follows a grammar.
 *
 * `Llguidance.load()` comes first; a {@link Tokenizer} has the model's vocabulary, and a
 * {@link Matcher} follows a grammar token by token.
 *
 * What is wrong in what is passed is a {@link LlguidanceError}; what a function or an iterator of the
 * caller's throws comes through as it is.
 */

/// <reference lib="esnext.disposable" />

// What has no `export` is not there at run time
export {};

/**
 * What the module can be loaded from. A string is a URL, relative to the page or the worker; in Node one
 * that is no URL is the path of a file.
 */
export type ModuleSource = URL | string | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

export interface LoadOptions {
  /**
   * Bytes that may be allocated in the instance at once, below 4 GiB; at the limit it is lost, by an
   * {@link OutOfMemoryError}.
   */
  memoryLimit?: number;
}

/** An instance of the module, with its own memory. */
export class Llguidance {
  private constructor();
  /**
   * Compiles the module and makes an instance, which is then the one used where none is named.
   *
   * @param source default: `llguidance.wasm` beside this file
   * @throws {LoadError}
   */
  static load(source?: ModuleSource, options?: LoadOptions): Promise<Llguidance>;
  /**
   * Another instance of the same module: what to go on with when this one is lost. Where none is named it
   * is used if this one was, and is lost; otherwise only where it is named.
   */
  again(): Llguidance;
  /** The versions of llguidance and derivre in the module. */
  readonly version: string;
  /** Why the instance cannot be used any more, once that is so. */
  readonly lost: InstanceLostError | undefined;
  /** Bytes of memory. It grows, and never shrinks. */
  readonly memorySize: number;
  /** Bytes that are allocated in it. */
  readonly allocated: number;
}

/** Something in the module's memory: freed by `dispose()`, by `using`, or some time after it was collected. */
declare class Handle implements Disposable {
  protected constructor();
  /** Frees it. Later uses throw a {@link DisposedError}; a second `dispose()` does nothing. */
  dispose(): void;
  readonly disposed: boolean;
  [Symbol.dispose](): void;
}

export interface TokenizerOptions {
  /** The instance to make the tokenizer in; default: the one last loaded, or what took its place. */
  llguidance?: Llguidance;
  /**
   * The model's own tokenizer: the tokens of these bytes, which may end within a character. Only
   * with it are there forced tokens ({@link Matcher.fastForward}), because only it knows which of
   * the ways to write a text the model expects. It stays in memory as long as the instance.
   */
  tokenize?: (bytes: Uint8Array) => ArrayLike<number> | Iterable<number>;
  /**
   * Regular expressions; tokens that match one are allowed together where the grammar allows the
   * whole expression. Default: those for strings in JSON. `[]` makes the tokenizer ready in three
   * quarters of the time, and masks inside of JSON strings slower.
   */
  slices?: readonly string[];
}

/** A list of ids of tokens: an array, a typed array, a set. */
export type Tokens = ArrayLike<number | bigint> | Iterable<number | bigint>;

/** A model's vocabulary, prepared for the computing of masks. */
export class Tokenizer extends Handle {
  private constructor();
  /**
   * From a `tokenizer.json` of Hugging Face's tokenizers, as text, bytes or parsed.
   *
   * @param options.eos ids or names of the end tokens; default: the first of the usual names that there is
   * @param options.vocabSize the number of the model's logits, where it is larger than the vocabulary
   * @throws {TokenizerError}
   */
  static fromJson(
    tokenizerJson: string | ArrayBuffer | ArrayBufferView | object,
    options?: TokenizerOptions & { eos?: number | string | readonly (number | string)[]; vocabSize?: number },
  ): Tokenizer;
  /**
   * From the tokens by id, as text or bytes.
   *
   * @param options.eos ids of the end tokens
   * @param options.special ids of tokens that no text contains
   * @throws {TokenizerError}
   */
  static fromTokens(
    tokens: Iterable<string | Uint8Array | readonly number[] | null | undefined>,
    options: TokenizerOptions & { eos: number | readonly number[]; special?: Iterable<number> },
  ): Tokenizer;
  /**
   * From a `.tiktoken` file, or from pairs of token and rank.
   *
   * @param specials ids of the special tokens by name
   * @throws {TokenizerError}
   */
  static fromTiktoken(
    ranks: string | Iterable<readonly [Uint8Array | string, number]>,
    specials: Record<string, number> | Map<string, number>,
    options?: TokenizerOptions & { eos?: number | string | readonly (number | string)[] },
  ): Tokenizer;
  /** One token for each byte, its id being the byte, and 256 as the end token. */
  static bytes(options?: TokenizerOptions): Tokenizer;
  /**
   * From what {@link serialize} gave. A `tokenize` has to be passed again.
   *
   * One that was serialized ready to use gets an instance of its own, of the same module and with the same
   * limit of memory. Its bytes become that memory: a checksum tells if they are damaged, but take none from
   * anyone whom you do not trust.
   *
   * @throws {TokenizerError} if the bytes are damaged or of another version
   */
  static deserialize(serialized: Uint8Array | ArrayBuffer, options?: TokenizerOptions): Tokenizer;
  /**
   * The tokenizer as bytes, for {@link deserialize}.
   *
   * @param options.ready with all that was prepared. Restoring it copies memory, and takes a quarter
   *   of the time; a vocabulary of 128,000 tokens has about 9 MB so, and 1.1 MB otherwise. Only the
   *   same build of the module can read it.
   */
  serialize(options?: { ready?: boolean }): Uint8Array;
  readonly vocabSize: number;
  /** Whether it has a `tokenize`, and so knows the tokens that the model would take. */
  readonly isCanonical: boolean;
  /** The end tokens. */
  readonly eos: number[];
  /** The tokens of a text: the longest that fits, each time, unless there is a `tokenize`. */
  tokenize(text: string | Uint8Array | ArrayBuffer): number[];
  /** The text of tokens; the names of special ones only if `special` says so. */
  decode(tokens: Tokens, options?: { special?: boolean }): string;
  /** The same as bytes, which may end within a character. */
  decodeBytes(tokens: Tokens, options?: { special?: boolean }): Uint8Array;
  clone(): Tokenizer;
}

/** What the output follows: exactly one of these. */
export type Grammar =
  /** a JSON Schema, parsed or as text */
  | { jsonSchema: object | boolean | string; regex?: never; lark?: never; grammar?: never }
  /** an expression for the whole text, in the syntax of Rust's `regex`; a `RegExp` has no flags */
  | { regex: string | RegExp; jsonSchema?: never; lark?: never; grammar?: never }
  /** a grammar in llguidance's variant of Lark */
  | { lark: string; jsonSchema?: never; regex?: never; grammar?: never }
  /** llguidance's own form: `{ grammars: [{ json_schema } | { lark_grammar }], max_tokens }` */
  | { grammar: object | string; jsonSchema?: never; regex?: never; lark?: never };

/** Limits of the parser; each has llguidance's default. */
export interface Limits {
  maxItemsInRow?: number;
  initialLexerFuel?: number | bigint;
  stepLexerFuel?: number | bigint;
  stepMaxItems?: number;
  maxLexerStates?: number;
  maxGrammarSize?: number;
  precomputeLargeLexemes?: boolean;
  verboseErrors?: boolean;
}

export type MatcherOptions = Grammar & { limits?: Limits };

/**
 * - `complete`: nothing may follow but an end token
 * - `end-of-text`: an end token was consumed
 * - `max-tokens`: the grammar's `max_tokens` were consumed
 * - `error`: see {@link Matcher.error}
 */
export type StopReason = "complete" | "end-of-text" | "max-tokens" | "error";

/** Follows a grammar, token by token. */
export class Matcher extends Handle {
  /** @throws {GrammarError} */
  constructor(tokenizer: Tokenizer, options: MatcherOptions);
  readonly tokenizer: Tokenizer;
  /**
   * The tokens that may come next, a bit each: token `t` is bit `t & 31` of word `t >> 5`. After the
   * end it has the end tokens alone.
   *
   * A view of the module's memory, nothing is copied. Use it before the next call of this package:
   * when memory grows, all earlier views have the length 0; `mask.slice()` keeps one.
   */
  computeMask(): Uint32Array;
  /**
   * Advances by a token, or by several.
   *
   * @throws {MatcherError} if the grammar refuses one; the matcher stays in that error
   */
  consume(tokens: number | bigint | Tokens): void;
  /** How many of the tokens could be consumed, from the first on. Nothing is consumed. */
  validate(tokens: Tokens): number;
  /** Takes back the last `count` tokens, 1 by default. */
  rollback(count?: number): void;
  /** Begins again. */
  reset(): void;
  /** Tokens that must come next, because there is one way on; up to 1,024. Needs {@link TokenizerOptions.tokenize}. */
  fastForward(): number[];
  /** Whether the text may end here. */
  readonly isAccepting: boolean;
  /** Whether nothing may follow. */
  readonly isStopped: boolean;
  /** Why nothing may follow; undefined while something may. */
  readonly stopReason: StopReason | undefined;
  /** The error that the matcher is in. */
  readonly error: string | undefined;
  /** The tokens consumed so far. */
  readonly consumed: number[];
  /** A matcher in the same state, which goes its own way. */
  clone(): Matcher;
}

/** Tells whether a grammar compiles, in half the time that a matcher takes. */
export function validateGrammar(
  tokenizer: Tokenizer,
  options: MatcherOptions,
): { valid: true; error: undefined; warnings: string[] } | { valid: false; error: GrammarError; warnings: [] };

/** Watches a text for what ends it, and holds back what may be the beginning of that. */
export class StopController extends Handle {
  /** @throws {GrammarError} if the expression does not compile, or is a `RegExp` with flags */
  constructor(tokenizer: Tokenizer, stop?: { tokens?: Tokens; regex?: string | RegExp });
  /** Takes a token; returns the text that is now known to come before any stop. */
  commit(token: number | bigint): string;
  readonly isStopped: boolean;
}

// A mask that was emptied, because memory has grown, is an error for each of these.

/** Whether the mask has the token. */
export function isAllowed(mask: Uint32Array, token: number | bigint): boolean;
/** The tokens of the mask, ascending. */
export function allowedTokens(mask: Uint32Array): number[];
/** Sets the logits of all other tokens to minus infinity, in place, and returns them. */
export function applyMask<Logits extends Float32Array | Float64Array | number[]>(mask: Uint32Array, logits: Logits): Logits;

/**
 * As OpenAI's `response_format` is written; `lark` and `regex` are additions. `json_schema` is
 * `{ name, schema }`, or the schema itself if that has no `name`, `schema` or `strict`.
 */
export type ResponseFormat =
  | { type: "json_object" }
  | { type: "json_schema"; json_schema: object }
  | { type: "regex"; regex: string }
  | { type: "lark"; lark: string };

/** Logits of one or more sequences: Transformers.js's `Tensor`, or an array for each. */
export type Logits = { data: Float32Array; dims: readonly number[] } | Float32Array[];

/** A function that is also an object with `_call`, as Transformers.js's lists of processors and criteria take it. */
export interface Callable<Arguments extends unknown[], Result> {
  (...values: Arguments): Result;
  _call(...values: Arguments): Result;
}

export type Ids = readonly ArrayLike<bigint | number>[];

export interface ResponseFormatConstraint extends Disposable {
  /** For `generate({ logits_processor: [..] })`. */
  logits_processor: Callable<[inputIds: Ids, logits: Logits], Logits>;
  /** For `generate({ stopping_criteria: [..] })`; true for each sequence that is at its end. */
  stopping_criteria: Callable<[inputIds: Ids], boolean[]>;
  logitsProcessor: ResponseFormatConstraint["logits_processor"];
  stoppingCriteria: ResponseFormatConstraint["stopping_criteria"];
  /** The matcher of a sequence, once it has been seen. */
  matcher(index?: number): Matcher | undefined;
  dispose(): void;
}

/**
 * A logits processor and a stopping criterion for a generation loop. The ids that are there at the
 * first call are the prompt, which the grammar has nothing to say about. For each generation a new one.
 *
 * @throws {GrammarError}
 */
export function fromResponseFormat(
  tokenizer: Tokenizer,
  format: ResponseFormat,
  options?: { limits?: Limits },
): ResponseFormatConstraint;

/** Any error of this package; itself: an argument that is none. */
export class LlguidanceError extends Error {}
/** The grammar, schema or expression does not compile. */
export class GrammarError extends LlguidanceError {
  /** The line in a Lark grammar, or in a schema's text that is not JSON; from 1. */
  readonly line?: number;
  readonly column?: number;
  /** JSON Pointer of the smallest part of the schema that is refused for the same reason; "" is the whole. */
  readonly pointer?: string;
}
/** What was given makes no tokenizer. */
export class TokenizerError extends LlguidanceError {}
/** A matcher cannot go on. */
export class MatcherError extends LlguidanceError {
  /** What llguidance says of its state: tokens, counters, flags. */
  readonly state?: string;
}
/** It was disposed of before. */
export class DisposedError extends LlguidanceError {}
/** The instance ended by a panic; everything made in it is lost, and {@link Llguidance.again} makes a new one. */
export class InstanceLostError extends LlguidanceError {}
/** The instance ended for want of memory. */
export class OutOfMemoryError extends InstanceLostError {}
/** The module cannot be had, or is not llguidance's. */
export class LoadError extends LlguidanceError {}
