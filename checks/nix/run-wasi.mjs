// Runs a wasip1 command in Node: node run-wasi.mjs MODULE.wasm
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1" });
const { instance } = await WebAssembly.instantiate(
  await readFile(process.argv[2]),
  wasi.getImportObject(),
);
process.exitCode = wasi.start(instance);
