// The types, by TypeScript's compiler where `typescript` is installed, and skipped elsewhere.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

// NB: no library has more than these, and declarations are checked too
const OPTIONS = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];

test("the types say what there is", { skip: existsSync(compiler) ? false : "typescript is not installed" }, () => {
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...OPTIONS, fileURLToPath(new URL("types.ts", import.meta.url))], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});
