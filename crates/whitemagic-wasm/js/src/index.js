// The functions of whitemagic_core.wasm, which take and give JSON through its memory.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What was wrong with a call, or with the module. */
export class WhiteMagicError extends Error {
  name = "WhiteMagicError";
}

/** The exports of the instance in use. */
let exports;

/** What `init` without a source waits for. */
let loading;

/** Loads the module: the file beside this one, or what `source` is or points to. */
export default function init(source) {
  if (source === undefined && loading) return loading;
  const started = load(source ?? new URL("./whitemagic_core.wasm", import.meta.url));
  loading = started;
  // NB: a failure is not kept, so that another attempt can succeed
  started.catch(() => {
    if (loading === started) loading = undefined;
  });
  return started;
}

async function load(source) {
  let instance;
  try {
    instance = await WebAssembly.instantiate(await moduleFrom(source));
  } catch (cause) {
    throw new WhiteMagicError(`the module cannot be loaded: ${cause.message}`, { cause });
  }
  if (typeof instance.exports.wm_result !== "function") throw new WhiteMagicError("the module is not whitemagic_core.wasm: it lacks wm_result");
  exports = instance.exports;
}

async function moduleFrom(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  if (typeof Response !== "undefined" && source instanceof Response) return moduleOf(source);
  const place = new URL(source, globalThis.location?.href);
  if (place.protocol === "file:" && globalThis.process?.versions?.node !== undefined) {
    // NB: by a name that a bundler for browsers cannot see
    const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ ["node", "fs/promises"].join(":"));
    return WebAssembly.compile(await readFile(place));
  }
  return moduleOf(await fetch(place));
}

async function moduleOf(response) {
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

function instance() {
  if (exports === undefined) throw new WhiteMagicError("the module is not loaded: `await init()` comes first");
  return exports;
}

/** The answer of a call that returned `length`. */
function answer(length) {
  const bytes = new Uint8Array(exports.memory.buffer, exports.wm_result() >>> 0, Math.abs(length));
  const text = decoder.decode(bytes);
  if (length < 0) throw new WhiteMagicError(text);
  return JSON.parse(text);
}

function without(name) {
  return () => answer(instance()[name]());
}

function withArgument(name) {
  return (argument) => {
    const module = instance();
    const text = JSON.stringify(argument);
    if (text === undefined) throw new WhiteMagicError(`${name} takes an argument`);
    const bytes = encoder.encode(text);
    const address = module.wm_alloc(bytes.length) >>> 0;
    if (address === 0) throw new WhiteMagicError("not enough memory for this argument");
    // NB: the view is made after memory grew
    new Uint8Array(module.memory.buffer).set(bytes, address);
    const length = module[name](address, bytes.length);
    module.wm_free(address, bytes.length);
    return answer(length);
  };
}

export function spatial_query_5d(x, y, z, w, v, k) {
  // NB: WebAssembly would take 2.5 as 2, and 2 ** 32 as 0
  if (!Number.isInteger(k) || k < 0) throw new WhiteMagicError("k is not a whole number from 0 on");
  return answer(instance().spatial_query_5d(x, y, z, w, v, Math.min(k, 0x7fffffff)));
}

export const spatial_add = withArgument("spatial_add");
export const spatial_update = withArgument("spatial_update");
export const spatial_delete = withArgument("spatial_delete");
export const spatial_clear = without("spatial_clear");
export const spatial_nearest = withArgument("spatial_nearest");
export const spatial_within = withArgument("spatial_within");
export const spatial_density = withArgument("spatial_density");
export const minhash_signatures = withArgument("minhash_signatures");
export const minhash_find_duplicates = withArgument("minhash_find_duplicates");
export const holographic_encode = withArgument("holographic_encode");
export const search_add = withArgument("search_add");
export const search_remove = withArgument("search_remove");
export const search_clear = without("search_clear");
export const search_query = withArgument("search_query");
export const search_all = withArgument("search_all");
export const search_phrase = withArgument("search_phrase");
export const search_fuzzy = withArgument("search_fuzzy");
export const search_stats = without("search_stats");
export const rate_check = withArgument("rate_check");
export const rate_limits = withArgument("rate_limits");
export const rate_override = withArgument("rate_override");
export const rate_stats = withArgument("rate_stats");
export const ring_publish = withArgument("ring_publish");
export const ring_register = without("ring_register");
export const ring_unregister = withArgument("ring_unregister");
export const ring_poll = withArgument("ring_poll");
export const ring_stats = without("ring_stats");
export const ring_reset = without("ring_reset");
export const board_read = without("board_read");
export const board_write_harmony = withArgument("board_write_harmony");
export const board_write_resonance = withArgument("board_write_resonance");
export const board_write_breaker = withArgument("board_write_breaker");
export const board_increment_counter = withArgument("board_increment_counter");
export const board_set_engines = withArgument("board_set_engines");
export const board_reset = without("board_reset");

export function board_address() {
  const address = instance().board_address() >>> 0;
  if (address === 0) throw new WhiteMagicError("not enough memory for the board");
  return address;
}

/** The board's bytes where they lie, until memory grows. */
function board() {
  const address = board_address();
  return new Uint8Array(exports.memory.buffer, address, 4096);
}

export const board_save = () => board().slice();

export function board_load(bytes) {
  if (!(bytes instanceof Uint8Array) || bytes.length !== 4096) throw new WhiteMagicError("a state board has 4096 bytes");
  const before = board_save();
  board().set(bytes);
  try {
    return board_read();
  } catch (error) {
    board().set(before);
    throw error;
  }
}

export const version = without("wm_version");
