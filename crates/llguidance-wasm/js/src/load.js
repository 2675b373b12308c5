// Where the module comes from.

import { shown, uint } from "./arguments.js";
import { LlguidanceError, LoadError } from "./errors.js";
import { Guest } from "./guest.js";

/** The instance that is used where none is named: the last one loaded, or what took its place. */
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
  }

  static async load(source, options) {
    const { memoryLimit } = options ?? {};
    if (memoryLimit !== undefined) uint(memoryLimit, "memoryLimit");
    const module = await moduleFrom(source ?? (await byDefault()));
    return (current = new Llguidance(new Guest(module, memoryLimit)));
  }

  /** Another instance of the same module, with no tokenizer in it. */
  again() {
    const another = new Llguidance(this.#guest.again());
    if (current === this && this.lost) current = another;
    return another;
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
  if (llguidance === undefined) throw new LoadError("no module is loaded: `await Llguidance.load()` comes first");
  if (llguidance?.constructor?.kind !== Llguidance.kind) throw new LlguidanceError(`llguidance is an instance of Llguidance, and not ${shown(llguidance)}`);
  return llguidance._guest;
}

async function moduleFrom(source) {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return await WebAssembly.compile(source);
    if (typeof Response !== "undefined" && source instanceof Response) return await moduleOf(source);
    const place = placeOf(source);
    if (inNode && (typeof place === "string" || place.protocol === "file:")) return await WebAssembly.compile(await readFile(place));
    return await moduleOf(await fetch(place));
  } catch (cause) {
    throw new LoadError(`the module cannot be loaded from ${describe(source)}: ${cause.message}`, { cause });
  }
}

const inNode = globalThis.process?.versions?.node !== undefined;

/** A text as a URL, against that of the page or the worker; without either, one that is no URL is a file's path. */
function placeOf(source) {
  if (typeof source !== "string") return source;
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  // NB: one letter before a colon is a drive
  return base === undefined && !/^[a-z][a-z\d+.-]+:/i.test(source) ? source : new URL(source, base);
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
async function readFile(file) {
  const name = ["node", "fs/promises"].join(":");
  const fs = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return fs.readFile(file);
}

function describe(source) {
  if (typeof source === "string" || source instanceof URL) return String(source);
  if (typeof Response !== "undefined" && source instanceof Response) return source.url || "a Response";
  return source?.constructor?.name ?? String(source);
}
