// What callers pass, checked where it comes in. WebAssembly would take any number: NaN as 0, and others
// without what lies beyond 32 bits.

import { LlguidanceError } from "./errors.js";

const MOST = 0xffffffff;

/** A whole number from 0 to `most`, as it was given or out of a bigint. */
export function uint(value, what, most = MOST) {
  if (typeof value === "bigint" ? value >= 0n && value <= most : Number.isSafeInteger(value) && value >= 0 && value <= most) {
    return Number(value);
  }
  throw new LlguidanceError(`${what} is a whole number from 0 to ${most}, and not ${shown(value)}`);
}

/** The id of a token. Whether there is such a token is the module's to say. */
export function tokenId(token) {
  return typeof token === "number" && token >>> 0 === token ? token : uint(token, "the id of a token");
}

/** A copy of a list of ids. */
export function tokenIds(tokens) {
  return Uint32Array.from(list(tokens, "tokens"), tokenId);
}

/** What can be gone through; a text can, but is no list. */
export function list(value, what) {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value || typeof value.length === "number")) {
    throw new LlguidanceError(`${what} are a list, and not ${shown(value)}`);
  }
  try {
    if (ArrayBuffer.isView(value)) value.values();
  } catch {
    throw new LlguidanceError(`${what} were in memory that has grown since, or in a buffer that was transferred`);
  }
  return value;
}

/** The bytes of a buffer, or of a view of one; undefined if it is neither. */
export function bytesIn(source) {
  if (!ArrayBuffer.isView(source) && !(source instanceof ArrayBuffer)) return undefined;
  const { buffer = source, byteOffset = 0, byteLength } = source;
  // NB: there can be no view of a buffer that was transferred
  return byteLength === 0 ? new Uint8Array() : new Uint8Array(buffer, byteOffset, byteLength);
}

/** A value in a message. */
export function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  return typeof value === "bigint" ? `${value}n` : typeof value === "function" ? "a function" : String(value);
}
