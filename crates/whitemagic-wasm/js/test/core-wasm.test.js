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

test("a consumer that was lapped is told how many events it lost", async () => {
  await init();
  const quick = core.ring_register();
  const slow = core.ring_register();
  const event = { event_type: 3, source: "foobar", confidence: 1, data: "é", now_ns: "1732744517000000001" };
  for (let seq = 1; seq <= 65540; seq += 1) {
    assert.equal(core.ring_publish(event), seq);
    if (seq % 4096 === 0) assert.equal(core.ring_poll({ id: quick, max: 5000 }).events.length, 4096);
  }
  assert.equal(core.ring_poll({ id: quick, max: 5000 }).lost, 0);
  const batch = core.ring_poll({ id: slow, max: 1 });
  // FNV-1a's published hash of foobar
  const source_id = BigInt("0x85944171f73967e8").toString();
  const { now_ns: timestamp_ns, source, ...rest } = event;
  assert.deepEqual(batch, { lost: 4, events: [{ seq: 5, ...rest, source_id, timestamp_ns }] });
  assert.equal(core.ring_stats().total_lost, 4);
  assert.throws(() => core.ring_publish({ ...event, data: "x".repeat(65537) }), /data has 65537 bytes/);
  assert.throws(() => core.ring_publish({ ...event, event_type: 2 ** 53 }), /event_type is not/);
  assert.equal(core.ring_unregister({ id: slow }), true);
  assert.throws(() => core.ring_poll({ id: slow, max: 1 }), /there is no consumer 1/);
  core.ring_reset();
  assert.equal(core.ring_stats().held_bytes, 0);
});

test("a board's bytes go out and in", async () => {
  await init();
  const harmony = { balance: 0.1, throughput: -2, latency: 0, error_rate: 1, dharma: 0.5, karma_debt: 3, energy: 1e-9 };
  assert.equal(core.board_write_harmony({ ...harmony, now_ns: String(2n ** 60n) }), 1);
  assert.throws(() => core.board_write_harmony({ ...harmony, balance: NaN, now_ns: 1 }), /balance is not a number/);
  const saved = core.board_save();
  const view = new DataView(saved.buffer);
  assert.equal(view.getBigUint64(0, true), 0x574d424f41524400n);
  assert.deepEqual(Object.values(harmony), [0, 1, 2, 3, 4, 5, 6].map((at) => view.getFloat64(64 + 8 * at, true)));
  assert.equal(view.getBigUint64(184, true), 2n ** 60n);
  assert.equal(core.board_address() % 8, 0);

  core.board_reset();
  assert.equal(core.board_read().tick, 0);
  view.setBigUint64(1280 + 8 * 5, 7n, true);
  const board = core.board_load(saved);
  assert.deepEqual([board.energy, board.last_update_ns], [1e-9, "1152921504606846976"]);
  assert.deepEqual(board.slots, [{ slot: 5, state: 0, failures: 0, counter: 7 }]);
  assert.equal(core.board_increment_counter({ slot: 5 }), 8);
  for (const bytes of [new Uint8Array(4096), saved.slice(1), [...saved]]) {
    assert.throws(() => core.board_load(bytes), WhiteMagicError);
    assert.equal(core.board_read().slots[0].counter, 8);
  }
  core.board_reset();
});

test("a source that is no module", async () => {
  await assert.rejects(init(new Uint8Array([1, 2, 3])), WhiteMagicError);
  await init();
  assert.match(core.version(), /^\d+\.\d+\.\d+$/);
});
