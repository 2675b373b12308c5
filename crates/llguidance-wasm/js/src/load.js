// Where the module comes from.

import { LoadError } from "./errors.js";
import { Guest } from "./guest.js";

/** The instance that is used where none is named: the last one loaded. */
let current;

/** Gives the module where no source is named. */
let byDefault = async () => new URL("./llguidance.wasm", import.meta.url);

/** Replaces the file beside this one as the default source. */
export function inline(source) {
  byDefault = source;
}

/** The module, instantiated. */
export class Llguidance {
  static kind = "Llguidance";
  #guest;
  #version;

  constructor(guest) {
    this.#guest = guest;
    this.#version = guest.version;
    current = this;
  }

  static async load(source, options) {
    const module = await moduleFrom(source ?? (await byDefault()));
    return new Llguidance(new Guest(module, options?.memoryLimit));
  }

  /** Another instance of the same module, with no tokenizer in it. */
  again() {
    return new Llguidance(this.#guest.again());
  }

  get version() {
    return this.#version;
  }

  /** Why the instance is lost, if it is. */
  get lost() {
    return this.#guest.lost;
  }

  /** Bytes of the instance's memory, which never shrinks. */
  get memorySize() {
    return this.#guest.memory.buffer.byteLength;
  }

  /** Bytes that are allocated in it. */
  get allocated() {
    return this.#guest.call("llg_wasm_allocated") >>> 0;
  }

  get _guest() {
    return this.#guest;
  }
}

/** The instance to use: the one given, or the one last loaded. */
export function guestOf(llguidance = current) {
  if (!llguidance) throw new LoadError("no module is loaded: `await Llguidance.load()` comes first");
  return llguidance._guest;
}

async function moduleFrom(source) {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return await WebAssembly.compile(source);
    if (typeof Response !== "undefined" && source instanceof Response) return await moduleOf(source);
    const url = typeof source === "string" ? new URL(source, typeof document === "undefined" ? import.meta.url : document.baseURI) : source;
    if (url.protocol === "file:" && globalThis.process?.versions?.node) return await WebAssembly.compile(await readFile(url));
    return await moduleOf(await fetch(url));
  } catch (cause) {
    throw new LoadError(`the module cannot be loaded from ${describe(source)}: ${cause.message}`, { cause });
  }
}

async function moduleOf(response) {
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  // NB: streaming needs the media type, which a plain file server may not send
  if (response.headers.get("content-type")?.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

// NB: by a name that a bundler for browsers cannot see: it would look for a file of that name
async function readFile(url) {
  const name = ["node", "fs/promises"].join(":");
  const fs = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return fs.readFile(url);
}

function describe(source) {
  if (typeof source === "string" || source instanceof URL) return String(source);
  if (typeof Response !== "undefined" && source instanceof Response) return source.url || "a Response";
  return source?.constructor?.name ?? String(source);
}
