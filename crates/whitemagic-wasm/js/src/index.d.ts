/** What was wrong with a call, or with the module. A call that throws has changed nothing. */
export class WhiteMagicError extends Error {
  readonly name: "WhiteMagicError";
}

/** Loads the module: the file beside the script, or what is given. */
export default function init(source?: string | URL | BufferSource | Response | WebAssembly.Module): Promise<void>;

export interface Point {
  /** Logic −1 to emotion 1 */
  x: number;
  /** Micro −1 to macro 1 */
  y: number;
  /** Past −1 to now 1 */
  z: number;
  /** Weight, 0 to 2.5 */
  w: number;
  /** Vitality, 0 to 1 */
  v: number;
}

export interface PlacedPoint extends Point {
  id: string;
}

export interface Neighbour {
  id: string;
  /** The square of the Euclidean distance */
  distance_squared: number;
}

/** The `k` points nearest to a place, the nearest first; of equally far ones the one that was added first. */
export function spatial_query_5d(x: number, y: number, z: number, w: number, v: number, k: number): Neighbour[];
/** Adds points, all or none, and says how many. An id that there is already is an error. */
export function spatial_add(points: PlacedPoint[]): number;
/** Moves a point, and says whether there was one with this id. */
export function spatial_update(point: PlacedPoint): boolean;
/** Deletes a point, and says whether there was one with this id. */
export function spatial_delete(point: { id: string }): boolean;
export function spatial_clear(): null;
export function spatial_nearest(query: { points: Point[]; k: number }): Neighbour[][];
export function spatial_within(query: Point & { radius_squared: number }): Neighbour[];
/** How many others each point has within a radius. */
export function spatial_density(query: { radius_squared: number }): { id: string; neighbours: number }[];

/** 128 hashes of each set of keywords; null of an empty one. */
export function minhash_signatures(sets: string[][]): ({ values: number[] } | null)[];
/** The pairs of sets whose estimated similarity reaches the threshold, by their positions. */
export function minhash_find_duplicates(query: {
  keywords: string[][];
  threshold: number;
  max_results: number;
}): { idx_a: number; idx_b: number; estimated_jaccard: number }[];

export interface Memory {
  id: string;
  content: string;
  /** From 0 to 1 */
  importance?: number;
  access_count?: number;
  age_days?: number;
  /** From 0, the centre, to 1 */
  galactic_distance?: number;
  garden?: string;
  tags?: string[];
}

/** The places of memories. */
export function holographic_encode(memories: Memory[]): PlacedPoint[];

export interface Query {
  query: string;
  limit: number;
}

export interface Hit {
  id: string;
  score: number;
}

/** Adds documents, or replaces those with the same ids, and says how many are new. */
export function search_add(documents: { id: string; title: string; content: string }[]): number;
export function search_remove(document: { id: string }): boolean;
export function search_clear(): null;
/** The documents with any word of the query, the best first. */
export function search_query(query: Query): Hit[];
/** The documents with all words of the query. */
export function search_all(query: Query): Hit[];
/** The documents with the query's words in a row, where the last may be the begin of a longer one. */
export function search_phrase(query: Query): Hit[];
/** The documents with words that are at most `max_edits` edits from those of the query. */
export function search_fuzzy(query: Query & { max_edits: number }): Hit[];
export function search_stats(): { doc_count: number; vocab_size: number; avg_doc_len: number };

/** Whether a tool may be called; if not, for how long, where null is for good. */
export function rate_check(call: { tool: string; now_ms: number }): {
  allowed: boolean;
  retry_after_ms: number | null;
  denied_by: "tool" | "global" | null;
};
/** Sets the limits in a minute, and begins to count anew. */
export function rate_limits(limits: { global: number; per_tool: number; burst: number }): null;
/** Gives a tool a limit of its own, or takes it back; 0 forbids the tool. */
export function rate_override(override: { tool: string; per_minute: number | null }): null;
export function rate_stats(at: { now_ms: number }): { global: number; tools: { tool: string; rate: number }[] };

/** Publishes an event, and gives its number: the first is 1. More than 65,536 bytes of data are an error. */
export function ring_publish(event: {
  /** A whole number up to 2^53 − 1 */
  event_type: number;
  source: string;
  confidence: number;
  data: string;
  /** Decimal digits, since JavaScript's numbers are not exact above 2^53 */
  now_ns: number | string;
}): number;
/** Registers a consumer of what is published from now on; null if there are 32. */
export function ring_register(): number | null;
/** Ends a consumer, and says whether there was one; its id is free for another. */
export function ring_unregister(consumer: { id: number }): boolean;
/** The next events of a consumer, and how many before them gave way to newer ones since it last polled. */
export function ring_poll(consumer: { id: number; max: number }): {
  lost: number;
  events: {
    seq: number;
    event_type: number;
    /** FNV-1a of 64 bits of the source, in decimal digits */
    source_id: string;
    /** Decimal digits */
    timestamp_ns: string;
    confidence: number;
    data: string;
  }[];
};
export function ring_stats(): {
  total_published: number;
  total_consumed: number;
  total_overwritten: number;
  total_lost: number;
  active_consumers: number;
  held_events: number;
  held_bytes: number;
};
export function ring_reset(): null;

export interface Harmony {
  balance: number;
  throughput: number;
  latency: number;
  error_rate: number;
  dharma: number;
  karma_debt: number;
  energy: number;
}

export interface Resonance {
  /** Sattvic 0, rajasic 1, tamasic 2 */
  guna: number;
  /** Wood 0, fire 1, earth 2, metal 3, water 4 */
  wu_xing_phase: number;
  /** From 1 to 28; 0 for none */
  current_gana: number;
  predecessor_gana: number;
  successor_gana: number;
  /** East 0, south 1, west 2, north 3 */
  quadrant: number;
}

/** T, or null where another process wrote what JavaScript has no number for. */
type Foreign<T> = { [K in keyof T]: T[K] | null };

export interface Slot {
  slot: number;
  /** Closed 0, open 1, half open 2 */
  state: number | null;
  failures: number | null;
  counter: number | null;
}

export interface Board extends Foreign<Harmony>, Foreign<Resonance> {
  /** How often harmony or resonance was written */
  tick: number | null;
  /** Decimal digits */
  last_update_ns: string;
  active_engines: number | null;
  /** Those of which not all is 0 */
  slots: Slot[];
}

export function board_read(): Board;
/** Gives the new tick, as `board_write_resonance` does. */
export function board_write_harmony(harmony: Harmony & { now_ns: number | string }): number | null;
export function board_write_resonance(resonance: Resonance & { now_ns: number | string }): number | null;
export function board_write_breaker(breaker: { slot: number; state: number; failures: number }): null;
export function board_increment_counter(counter: { slot: number }): number | null;
/** A bit for each of 28 engines. */
export function board_set_engines(engines: { mask: number }): null;
export function board_reset(): null;
/** Where the board lies in the module's memory. */
export function board_address(): number;
/** A copy of the board's 4,096 bytes, as WhiteMagic's processes map them. */
export function board_save(): Uint8Array;
/** Takes the bytes of a board over; those that are none throw, and the board stays as it was. */
export function board_load(bytes: Uint8Array): Board;
export function version(): string;
