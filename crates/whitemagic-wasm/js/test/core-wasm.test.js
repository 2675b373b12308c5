// What the package promises, on the module.
import assert from "node:assert/strict";
import { test } from "node:test";

import init, * as core from "@whitemagic/core-wasm";

const { WhiteMagicError } = core;

test("nothing works before the module is loaded", () => {
  assert.throws(() => core.spatial_query_5d(0, 0, 0, 0, 0, 1), /`await init\(\)` comes first/);
});

test("the nearest points", async () => {
  await init();
  assert.equal(core.spatial_add([{ id: "a", x: 0, y: 0, z: 1, w: 0.5, v: 1 }]), 1);
  assert.equal(core.spatial_add([{ id: "é\"\n", x: 0.1, y: 0, z: 1, w: 0.5, v: 1 }]), 1);
  assert.deepEqual(core.spatial_query_5d(0, 0, 0, 0.5, 1, 1), [{ id: "a", distance_squared: 1 }]);
  assert.deepEqual(core.spatial_query_5d(0.1, 0, 1, 0.5, 1, 2 ** 40), [
    { id: "é\"\n", distance_squared: 0 },
    { id: "a", distance_squared: 0.1 * 0.1 },
  ]);
  for (const k of [-1, 0.5, NaN, "1"]) assert.throws(() => core.spatial_query_5d(0, 0, 0, 0, 0, k), WhiteMagicError);
  assert.throws(() => core.spatial_query_5d(0, 0, 0, NaN, 0, 1), /coordinate w is not a finite number/);
  assert.equal(core.spatial_delete({ id: "a" }), true);
  assert.equal(core.spatial_clear(), null);
  assert.deepEqual(core.spatial_query_5d(0, 0, 0, 0, 0, 9), []);
});

test("many points, compared with all distances", async () => {
  await init();
  const points = Array.from({ length: 20000 }, (_, at) => ({ id: String(at), x: Math.sin(at), y: Math.cos(at * 3), z: Math.sin(at * at), w: 0, v: 0 }));
  assert.equal(core.spatial_add(points), points.length);
  const expected = points.map(({ id, x, y, z }) => [x * x + y * y + z * z, id]).sort(([a], [b]) => a - b);
  assert.deepEqual(core.spatial_query_5d(0, 0, 0, 0, 0, 50).map(({ id }) => id), expected.slice(0, 50).map(([, id]) => id));
  core.spatial_clear();
});

test("near-duplicates", async () => {
  await init();
  const keywords = [["a", "b"], [], ["b", "a"], []];
  assert.deepEqual(core.minhash_find_duplicates({ keywords, threshold: 0.8, max_results: 5 }), [{ idx_a: 0, idx_b: 2, estimated_jaccard: 1 }]);
  const [one, empty] = core.minhash_signatures(keywords);
  assert.equal(one.values.length, 128);
  assert(one.values.every(Number.isSafeInteger));
  assert.equal(empty, null);
});

test("search", async () => {
  await init();
  assert.equal(core.search_add([{ id: "tides", title: "Tides", content: "The moon pulls the sea." }, { id: "x", title: "", content: "sea" }]), 2);
  assert.equal(core.search_phrase({ query: "moon pu", limit: 5 })[0].id, "tides");
  assert.deepEqual(core.search_all({ query: "sea moon", limit: 5 }).map(({ id }) => id), ["tides"]);
  assert.deepEqual(core.search_fuzzy({ query: "tidez", limit: 5, max_edits: 1 }).map(({ id }) => id), ["tides"]);
  assert.equal(core.search_stats().doc_count, 2);
  assert.throws(() => core.search_query({ limit: 1 }), /query is not a string/);
  assert.throws(() => core.search_query(), WhiteMagicError);
  core.search_clear();
});

test("rate limits", async () => {
  await init();
  core.rate_limits({ global: 10, per_tool: 1, burst: 0 });
  assert.equal(core.rate_check({ tool: "a", now_ms: 0 }).allowed, true);
  assert.deepEqual(core.rate_check({ tool: "a", now_ms: 0 }), { allowed: false, retry_after_ms: 60001, denied_by: "tool" });
});

test("a source that is no module", async () => {
  await assert.rejects(init(new Uint8Array([1, 2, 3])), WhiteMagicError);
  await init();
  assert.match(core.version(), /^\d+\.\d+\.\d+$/);
});
