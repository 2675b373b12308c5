// bench-whitemagic [--rounds N] [--packages FOLDER] [--json]
//
// @whitemagic/core-wasm in Node, beside what one would use without it: for the nearest points a comparison with
// each in JavaScript, for full text MiniSearch, for near-duplicates the Jaccard index of all pairs. In each round
// all take turns; a time is the median of all rounds. Ratios count; times are this machine's.
//
// --rounds N         rounds [default: 9]
// --packages FOLDER  where node_modules has MiniSearch; without it npm fetches it, with your configuration
// --json             print JSON
//
// exit codes: 0 measured, 1 a program failed or answers differ, 2 wrong use

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import init, * as core from "@whitemagic/core-wasm";

const MINISEARCH = "minisearch@7.2.0";
const AXES = ["x", "y", "z", "w", "v"];
const NEAREST = 10;

function fail(code, message) {
  console.error(`bench-whitemagic: ${message}`);
  process.exit(code);
}

const options = (() => {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: "boolean" },
        json: { type: "boolean" },
        packages: { type: "string" },
        rounds: { type: "string", default: "9" },
      },
    });
    if (!(Number(values.rounds) >= 1)) throw new Error(`--rounds ${values.rounds} is no number of rounds`);
    return values;
  } catch (error) {
    return fail(2, `${error.message}; see --help`);
  }
})();
if (options.help) {
  console.log(readFileSync(new URL(import.meta.url), "utf8").split("\n\n")[0].replaceAll(/^\/\/ ?/gm, ""));
  process.exit();
}

const fetched = options.packages ? undefined : mkdtempSync(join(tmpdir(), "bench-whitemagic-"));
if (fetched) {
  process.on("exit", () => rmSync(fetched, { recursive: true, force: true }));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", "--prefix", fetched, MINISEARCH], { stdio: ["ignore", 2, 2] });
}
const MiniSearch = createRequire(join(options.packages ?? fetched, "none.js"))("minisearch");

// The same numbers each time: xorshift32
let state = 2463534242;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

/** Medians of milliseconds, of functions that take turns. */
function measure(functions) {
  const times = Object.fromEntries(Object.keys(functions).map((name) => [name, []]));
  // NB: in the first round what is compiled late is compiled
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [name, run] of Object.entries(functions)) {
      const begin = performance.now();
      run();
      if (round > 0) times[name].push(performance.now() - begin);
    }
  }
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

const rows = [];
function row(what, unit, count, times) {
  const [[, ours], [other, theirs]] = Object.entries(times);
  rows.push({ what, unit, ours: (ours / count) * 1000, other, theirs: (theirs / count) * 1000, ratio: theirs / ours });
}

function same(what, one, other) {
  if (JSON.stringify(one) !== JSON.stringify(other)) fail(1, `${what}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`);
}

await init();

for (const size of [1000, 10_000, 100_000]) {
  const numbers = Float64Array.from({ length: 5 * size }, () => random() * 2 - 1);
  const scan = (query) => {
    const best = [];
    for (let at = 0; at < size; at++) {
      let distance = 0;
      for (let axis = 0; axis < 5; axis++) distance += (query[axis] - numbers[5 * at + axis]) ** 2;
      if (best.length < NEAREST || distance < best[NEAREST - 1][0]) {
        let place = best.length;
        while (place > 0 && best[place - 1][0] > distance) place--;
        best.splice(place, 0, [distance, at]);
        best.length = Math.min(best.length, NEAREST);
      }
    }
    return best.map(([, at]) => String(at));
  };
  const point = (at) => Object.fromEntries(AXES.map((axis, number) => [axis, numbers[5 * at + number]]));
  for (let at = 0; at < size; at += 10_000) {
    core.spatial_add(Array.from({ length: Math.min(10_000, size - at) }, (_, number) => ({ id: String(at + number), ...point(at + number) })));
  }
  const queries = Array.from({ length: 100 }, () => AXES.map(() => random() * 2 - 1));
  const ours = (query) => core.spatial_query_5d(...query, NEAREST).map(({ id }) => id);
  for (const query of queries) same("the nearest points", ours(query), scan(query));
  row(`${NEAREST} nearest of ${size.toLocaleString("en")} points`, "µs a query", queries.length, measure({ module: () => queries.map(ours), "a comparison with each": () => queries.map(scan) }));
  core.spatial_clear();
}

{
  // Words as often as in texts: the n-th has 1/n of the first's share
  const word = () => `w${Math.floor(Math.exp(random() * Math.log(20_000)))}x`;
  const text = (length) => Array.from({ length }, word).join(" ");
  const documents = Array.from({ length: 5000 }, (_, at) => ({ id: String(at), title: text(4), content: text(80) }));
  const other = () => {
    const index = new MiniSearch({ fields: ["title", "content"], searchOptions: { boost: { title: 2 } } });
    index.addAll(documents);
    return index;
  };
  const index = other();
  row("index 5,000 texts of 84 words", "µs a text", documents.length, measure({
    module: () => {
      core.search_clear();
      for (let at = 0; at < documents.length; at += 500) core.search_add(documents.slice(at, at + 500));
    },
    MiniSearch: other,
  }));
  const queries = Array.from({ length: 100 }, () => text(2));
  const found = (query) => core.search_query({ query, limit: 99_999 }).length;
  for (const query of queries) same("the texts found", found(query), index.search(query).length);
  row("10 best texts of 5,000 for two words", "µs a query", queries.length, measure({
    module: () => queries.map((query) => core.search_query({ query, limit: 10 })),
    MiniSearch: () => queries.map((query) => index.search(query).slice(0, 10)),
  }));
  core.search_clear();
}

{
  const sets = Array.from({ length: 2000 }, () => Array.from({ length: 12 }, () => `k${Math.floor(random() * 3000)}`));
  for (let at = 0; at < 100; at++) sets.push([...sets[at].slice(0, 11), "other"]);
  const pairs = () => {
    const hashed = sets.map((set) => new Set(set));
    const found = [];
    for (let a = 0; a < hashed.length; a++) {
      for (let b = a + 1; b < hashed.length; b++) {
        let both = 0;
        for (const key of hashed[a]) if (hashed[b].has(key)) both++;
        if (both / (hashed[a].size + hashed[b].size - both) >= 0.7) found.push([a, b]);
      }
    }
    return found;
  };
  const ours = () => core.minhash_find_duplicates({ keywords: sets, threshold: 0.7, max_results: 1000 });
  row("near-duplicates among 2,100 sets of 12 keywords", "µs a set", sets.length, measure({ module: ours, "the Jaccard index of all pairs": pairs }));
}

if (options.json) {
  console.log(JSON.stringify(rows));
} else {
  for (const { what, unit, ours, other, theirs, ratio } of rows) {
    console.log(`${what}: ${ours.toFixed(1)} ${unit}; ${other} ${theirs.toFixed(1)}: ${ratio.toFixed(2)} times as fast`);
  }
}
