// PROGRAM BROWSER [ARGUMENT…]
//
// Runs a file of tests of an npm package in a browser, Chromium or Firefox, in a page and in a worker, and opens
// the playground, if there is one. The exit code is 1 if a test fails. PROGRAM is what it is called, PACKAGE the
// unpacked package, TEST the file and PLAYGROUND the built page, all from the environment.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";

const { PROGRAM: program, PACKAGE: packageFolder, TEST: test, PLAYGROUND: playground } = process.env;
const [browser, ...more] = process.argv.slice(2);
const SECONDS = 300;

// By the beginning of the browser's name: without a window, without a sandbox, which a container does not
// allow, without requests of its own, and with a profile of its own
const ARGUMENTS = {
  chrom: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--user-data-dir=PROFILE",
  ],
  firefox: ["--headless", "--no-remote", "--profile", "PROFILE"],
};
const known = Object.keys(ARGUMENTS).find((name) => basename(browser ?? "").startsWith(name));
if (!known) {
  console.error(`usage: ${program} BROWSER [ARGUMENT…], where BROWSER is one of ${Object.keys(ARGUMENTS).join("…, ")}…`);
  process.exit(2);
}

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".css": "text/css" };

// node:test, as far as the tests use it
const TEST = `
const tests = [];
let path = [];
const after = [];
export const describe = (name, define) => { path.push(name); define(); path.pop(); };
export const test = (name, run) => tests.push([[...path, name].join(": "), run]);
export const afterEach = (run) => after.push(run);
export async function runAll() {
  const failures = [];
  for (const [name, run] of tests) {
    try { await run(); } catch (error) { failures.push(name + "\\n  " + (error.stack ?? error)); }
    for (const each of after) each();
  }
  return { count: tests.length, failures };
}`;

// node:assert/strict, as far as the tests use it
const ASSERT = `
const plain = (value) => JSON.stringify(value, (_, part) => typeof part === "bigint" ? String(part) + "n" : part === undefined ? "undefined" : ArrayBuffer.isView(part) ? [part.constructor.name, ...part] : part?.constructor === Object ? Object.fromEntries(Object.entries(part).sort()) : part);
const fail = (message) => { throw new Error(message); };
const ok = (value, message) => value || fail(message ?? "not true: " + value);
const equal = (a, b, message) => Object.is(a, b) || fail((message ?? "") + " " + plain(a) + " is not " + plain(b));
const deepEqual = (a, b, message) => equal(plain(a), plain(b), message);
const match = (text, pattern) => pattern.test(text) || fail(text + " does not match " + pattern);
const suits = (error, expected) => {
  if (expected === undefined) return;
  if (expected instanceof RegExp) return match(String(error), expected);
  if (typeof expected === "function" && (expected === Error || expected.prototype instanceof Error)) return ok(error instanceof expected, "threw " + error);
  if (typeof expected === "function") return ok(expected(error), "threw " + error);
  for (const [key, value] of Object.entries(expected)) value instanceof RegExp ? match(error[key], value) : equal(error[key], value);
};
const throws = (run, expected) => { try { run(); } catch (error) { return suits(error, expected); } fail("did not throw"); };
const rejects = async (promise, expected) => { try { await promise; } catch (error) { return suits(error, expected); } fail("did not reject"); };
export default Object.assign(ok, { ok, equal, deepEqual, match, throws, rejects });`;

const RUN = `
import { runAll } from "/node/test.js";
import "/test.js";
const { count, failures } = await runAll();
await fetch("/done", { method: "POST", body: JSON.stringify({ where: typeof document === "undefined" ? "worker" : "page", count, failures }) });`;
// What the playground comes to, or the time is over
const OPEN = playground
  ? `
const frame = document.body.appendChild(document.createElement("iframe"));
frame.src = "/playground/index.html#kind=regex&grammar=ab%2B&text=a";
const timer = setInterval(() => {
  const shown = (id) => frame.contentDocument.getElementById(id)?.textContent;
  if (shown("grammar-status") !== "It compiles." || shown("next") !== "b") return;
  clearInterval(timer);
  fetch("/done", { method: "POST", body: JSON.stringify({ where: "playground", count: 1, failures: [] }) });
}, 100);
`
  : "";
const PAGE = `<!doctype html><title>tests</title><body><script type="module">
addEventListener("error", (event) => fetch("/done", { method: "POST", body: JSON.stringify({ where: "page", count: 0, failures: [event.message] }) }));
const worker = new Worker("/run.js", { type: "module" });
worker.onerror = (event) => fetch("/done", { method: "POST", body: JSON.stringify({ where: "worker", count: 0, failures: [event.message ?? "the worker did not start"] }) });
await import("/run.js");
${OPEN}
</script>`;
// Page, worker and playground
const PLACES = playground ? 3 : 2;

const made = { "/": PAGE, "/run.js": RUN, "/node/test.js": TEST, "/node/assert.js": ASSERT };
// What the tests import, as addresses: an import map would not reach the worker
const { name, exports } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
const addresses = [
  ["node:test", "/node/test.js"],
  ["node:assert/strict", "/node/assert.js"],
  ...Object.entries(exports).map(([path, file]) => [join(name, path), join("/package", file.default ?? file)]),
];
const rewritten = (source) => addresses.reduce((text, [imported, address]) => text.replaceAll(`"${imported}"`, `"${address}"`), source);

const results = new Map();
let finished;
const done = new Promise((resolve) => (finished = resolve));
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  try {
    if (pathname === "/done") {
      let body = "";
      for await (const chunk of request) body += chunk;
      const result = JSON.parse(body);
      results.set(result.where, result);
      if (results.size === PLACES) finished();
      return response.end();
    }
    let content = made[pathname];
    if (pathname.startsWith("/package/")) content = await readFile(join(packageFolder, pathname.slice("/package/".length)));
    if (playground && pathname.startsWith("/playground/")) content = await readFile(join(playground, pathname.slice("/playground/".length)));
    if (pathname === "/test.js") content = rewritten(await readFile(test, "utf8"));
    if (content === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(pathname) || ".html"] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const profile = await mkdtemp(join(tmpdir(), "profile-"));
const address = `http://127.0.0.1:${server.address().port}/`;
const child = spawn(browser, [...ARGUMENTS[known].map((argument) => argument.replace("PROFILE", profile)), ...more, address], { stdio: ["ignore", "ignore", "pipe"] });
let said = "";
child.stderr.on("data", (chunk) => (said += chunk));
const ended = new Promise((resolve) => child.on("close", () => resolve("the browser ended")).on("error", (error) => resolve(error.message)));
const late = new Promise((resolve) => setTimeout(resolve, SECONDS * 1000, `no result within ${SECONDS} s`).unref());
const problem = await Promise.race([done, ended, late]);
child.kill();
await ended;
server.close();
await rm(profile, { recursive: true, force: true });

for (const { where, count, failures } of results.values()) {
  console.log(`${where}: ${count - failures.length} of ${count} passed`);
  for (const failure of failures) console.log(`✖ ${failure}`);
}
if (problem) console.log(`${problem}\n${said.slice(-2000)}`);
process.exitCode = problem || [...results.values()].some(({ count, failures }) => count === 0 || failures.length > 0) ? 1 : 0;
