// One instance of the module: its memory, its calls, and how it ends.
//
// Layouts are those of llguidance.h on wasm32: pointers and size_t have four bytes.

import { shown } from "./arguments.js";
import { DisposedError, InstanceLostError, LlguidanceError, LoadError, OutOfMemoryError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes that messages are truncated to: llguidance writes them into a buffer of the caller's. */
const MESSAGE_SIZE = 16384;

/** The most that a size_t says. */
const MOST = 0xffffffff;

/** Alignment of everything that is put into memory: that of the strictest field, a uint64_t. */
const ALIGN = 8;

export class Guest {
  #module;
  #memoryLimit;

  /**
   * @param {WebAssembly.Module} module
   * @param {number | undefined} memoryLimit bytes that may be allocated at once
   */
  constructor(module, memoryLimit) {
    let exports;
    try {
      ({ exports } = new WebAssembly.Instance(module));
    } catch (cause) {
      throw new LoadError(`the module cannot be instantiated: ${cause.message}`, { cause });
    }
    if (typeof exports.llg_get_version !== "function" || typeof exports.llg_wasm_alloc !== "function") {
      throw new LoadError("the module is not llguidance.wasm: it lacks llg_get_version or llg_wasm_alloc");
    }
    this.exports = exports;
    this.#module = module;
    this.memory = exports.memory;
    /** @type {InstanceLostError | undefined} why nothing can be called any more */
    this.lost = undefined;
    /** @type {unknown} what a callback threw while the module was on the stack */
    this.thrown = undefined;
    this.limit(memoryLimit);
  }

  get memoryLimit() {
    return this.#memoryLimit;
  }

  /** Sets the bytes that may be allocated at once. */
  limit(memoryLimit) {
    this.#memoryLimit = memoryLimit;
    if (memoryLimit !== undefined) this.call("llg_wasm_set_memory_limit", memoryLimit);
  }

  /** A fresh instance of the same module, with the same limit. */
  again() {
    return new Guest(this.#module, this.#memoryLimit);
  }

  /** The same without a limit. */
  unlimited() {
    return new Guest(this.#module);
  }

  get version() {
    return this.string(this.call("llg_get_version"));
  }

  /** Calls an export; a trap ends the instance. */
  call(name, ...values) {
    if (this.lost) throw this.lostAgain();
    let result;
    try {
      result = this.exports[name](...values);
    } catch (cause) {
      throw this.end(name, cause);
    }
    if (this.thrown !== undefined) {
      const { thrown } = this;
      this.thrown = undefined;
      throw thrown;
    }
    return result;
  }

  /** Marks the instance as lost, with the reason that it left. */
  end(name, cause) {
    const message = this.reason() ?? `${cause.message ?? cause} in ${name}`;
    const Kind = message.startsWith("out of memory") ? OutOfMemoryError : InstanceLostError;
    this.lost = new Kind(
      `the instance of llguidance is lost, with all tokenizers and matchers that were made with it: ${message}`,
      { cause },
    );
    return this.lost;
  }

  /** The same reason with the stack of the call that came too late. */
  lostAgain() {
    return new this.lost.constructor(this.lost.message, { cause: this.lost });
  }

  /** The message of the panic, or of the allocation, that ended the instance. */
  reason() {
    try {
      const at = this.exports.llg_wasm_panic_message();
      return at === 0 ? undefined : this.string(at);
    } catch {
      return undefined;
    }
  }

  /** The bytes of memory from `at`; good until the next call into the module. */
  bytes(at, length) {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  words(at, length) {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  view() {
    return new DataView(this.memory.buffer);
  }

  /** The NUL-terminated string at `at`. */
  string(at) {
    const bytes = new Uint8Array(this.memory.buffer, at);
    return decoder.decode(bytes.subarray(0, bytes.indexOf(0)));
  }

  /** Memory of `size` bytes; an empty block has an address too. */
  allocate(size) {
    // NB: the module would take NaN for 0, and cut off what is beyond 32 bits
    if (!(Number.isSafeInteger(size) && size >= 0 && size <= MOST)) throw new LlguidanceError(`no memory has ${shown(size)} bytes`);
    const at = this.call("llg_wasm_alloc", Math.max(size, 1), ALIGN) >>> 0;
    if (at === 0) throw this.end("llg_wasm_alloc", new Error(`out of memory: ${size} bytes were asked for`));
    return at;
  }

  free(at, size) {
    if (!this.lost) this.call("llg_wasm_free", at, Math.max(size, 1), ALIGN);
  }

  /** Calls `use` with a scope whose memory is freed when it returns or throws. */
  within(use) {
    const blocks = [];
    const take = (size) => {
      const at = this.allocate(size);
      blocks.push([at, size]);
      return at;
    };
    const scope = {
      take,
      bytes: (bytes) => {
        const at = take(bytes.length);
        this.bytes(at, bytes.length).set(bytes);
        return at;
      },
      words: (words) => {
        const at = take(words.length * 4);
        this.words(at, words.length).set(words);
        return at;
      },
      /** A C string. A NUL would end it in silence, and half a character would become another one. */
      string: (text, what) => {
        if (!text.isWellFormed()) throw new LlguidanceError(`${what} has half of a surrogate pair, which is no character`);
        if (text.includes("\0")) throw new LlguidanceError(`${what} contains a NUL character`);
        return scope.bytes(encoder.encode(`${text}\0`));
      },
    };
    try {
      return use(scope);
    } finally {
      for (const [at, size] of blocks) this.free(at, size);
    }
  }

  /** Calls `use(address, size)` with a buffer for a message; returns the result and the message. */
  withMessage(use) {
    return this.within((scope) => {
      const at = scope.take(MESSAGE_SIZE);
      this.bytes(at, 1)[0] = 0;
      const result = use(at, MESSAGE_SIZE, scope);
      return [result, this.string(at)];
    });
  }

  /** Puts a JavaScript function into the module's table; returns its index, which C calls a function pointer. */
  callback(parameters, result, run) {
    const table = this.exports.__indirect_function_table;
    const wrapped = wasmFunction(parameters, result, (...values) => {
      try {
        return run(...values);
      } catch (error) {
        this.thrown = error;
        return 0;
      }
    });
    const index = table.grow(1);
    table.set(index, wrapped);
    return index;
  }
}

/**
 * A function with a WebAssembly type, which a table needs: a module of 40 bytes that imports the
 * function and exports it again. `WebAssembly.Function` would do, where it existed.
 */
function wasmFunction(parameters, result, run) {
  const I32 = 0x7f;
  const types = [0x60, parameters, ...Array(parameters).fill(I32), ...(result ? [1, I32] : [0])];
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const module = new WebAssembly.Module(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [1, ...types]),
      // import "e" "f", a function of type 0
      ...section(2, [1, 1, 0x65, 1, 0x66, 0, 0]),
      // export "f", function 0
      ...section(7, [1, 1, 0x66, 0, 0]),
    ]),
  );
  return new WebAssembly.Instance(module, { e: { f: run } }).exports.f;
}

const registry = new FinalizationRegistry(({ guest, free, address, release }) => {
  if (!guest.lost) guest.call(free, address);
  release?.();
});

/** An object in the module's memory, freed by `dispose`, by `using`, or after it was collected. */
export class Handle {
  #guest;
  #address;
  #free;
  #release;

  /** `release` frees what belongs to the object besides; it must not refer to the object. */
  constructor(guest, address, free, release) {
    this.#guest = guest;
    this.#address = address;
    this.#free = free;
    this.#release = release;
    registry.register(this, { guest, free, address, release }, this);
  }

  /** The instance that the object lives in. */
  get _guest() {
    return this.#guest;
  }

  /** Its address, while it has one. */
  get _address() {
    if (this.#address === 0) throw new DisposedError(`this ${this.constructor.kind} was disposed of and cannot be used`);
    if (this.#guest.lost) throw this.#guest.lostAgain();
    return this.#address;
  }

  get disposed() {
    return this.#address === 0;
  }

  /** Frees its memory. A second time does nothing. */
  dispose() {
    const address = this.#address;
    if (address === 0) return;
    this.#address = 0;
    registry.unregister(this);
    if (this.#guest.lost) return;
    this.#guest.call(this.#free, address);
    this.#release?.();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }
}
