"""WhiteMagic's core, as methods of a class: whitemagic_core.wasm in an instance of its own, run by wasmtime."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Iterable, TypedDict

from wasmtime import Engine, Instance, Module, Store, Trap

__all__ = ["Core", "WhiteMagicError"]

BOARD_BYTES = 4096


class WhiteMagicError(ValueError):
    """What was wrong with a call. It has changed nothing, unless it ended the module."""


class Point(TypedDict):
    """A place: logic −1 to emotion 1, micro −1 to macro 1, past −1 to now 1, weight 0 to 2.5, vitality 0 to 1."""

    x: float
    y: float
    z: float
    w: float
    v: float


class PlacedPoint(Point):
    id: str


class Neighbour(TypedDict):
    id: str
    distance_squared: float


class Document(TypedDict):
    id: str
    title: str
    content: str


class Hit(TypedDict):
    id: str
    score: float


@cache
def _module() -> tuple[Engine, Module]:
    engine = Engine()
    return engine, Module(engine, files(__package__).joinpath("whitemagic_core.wasm").read_bytes())


class Core:
    """A spatial index, a search index, a rate limiter, an event ring and a state board.

    For one thread at a time. What fails raises WhiteMagicError; `memory_limit` bounds what is allocated, in bytes.
    """

    def __init__(self, memory_limit: int | None = None) -> None:
        engine, module = _module()
        self._store = Store(engine)
        self._exports = Instance(self._store, module, []).exports(self._store)
        self._memory = self._exports["memory"]
        self._ended = False
        if memory_limit is not None:
            if memory_limit < 0:
                raise WhiteMagicError("a limit of memory is a number of bytes")
            # NB: WebAssembly would take 2 ** 32 as 0
            self._export("wm_set_memory_limit", min(memory_limit, 2**31 - 1))

    def _export(self, name: str, *numbers: float) -> Any:
        if self._ended:
            raise WhiteMagicError("the module has ended: make another Core")
        try:
            return self._exports[name](self._store, *numbers)
        except Trap as trap:
            # Nobody knows what its memory has now.
            self._ended = True
            raise WhiteMagicError(f"{name} ended the module: make another Core ({trap})") from trap

    def _answer(self, name: str, *numbers: float) -> Any:
        length = self._export(name, *numbers)
        start = self._export("wm_result") & 0xFFFFFFFF
        text = self._memory.read(self._store, start, start + abs(length)).decode()
        if length < 0:
            raise WhiteMagicError(text)
        return json.loads(text)

    def _call(self, name: str, argument: Any) -> Any:
        text = json.dumps(argument, ensure_ascii=False, separators=(",", ":"))
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise WhiteMagicError(f"a text that is no Unicode: {error}") from error
        address = self._export("wm_alloc", len(data)) & 0xFFFFFFFF
        if address == 0:
            raise WhiteMagicError("not enough memory for this argument")
        self._memory.write(self._store, data, address)
        try:
            return self._answer(name, address, len(data))
        finally:
            if not self._ended:
                self._export("wm_free", address, len(data))

    # Places

    def spatial_add(self, points: Iterable[PlacedPoint]) -> int:
        """Adds points, all or none, and says how many. An id that there is already is an error."""
        return self._call("spatial_add", list(points))

    def spatial_update(self, point: PlacedPoint) -> bool:
        """Moves a point, and says whether there was one with this id."""
        return self._call("spatial_update", point)

    def spatial_delete(self, id: str) -> bool:
        """Deletes a point, and says whether there was one with this id."""
        return self._call("spatial_delete", {"id": id})

    def spatial_clear(self) -> None:
        self._answer("spatial_clear")

    def spatial_query_5d(self, x: float, y: float, z: float, w: float, v: float, k: int) -> list[Neighbour]:
        """The `k` points nearest to a place, the nearest first; of equally far ones the one that was added first."""
        if k < 0:
            raise WhiteMagicError("k is not a whole number from 0 on")
        return self._answer("spatial_query_5d", *map(float, (x, y, z, w, v)), min(k, 2**31 - 1))

    def spatial_nearest(self, points: Iterable[Point], k: int) -> list[list[Neighbour]]:
        """For each place what `spatial_query_5d` finds."""
        return self._call("spatial_nearest", {"points": list(points), "k": k})

    def spatial_within(self, point: Point, radius_squared: float) -> list[Neighbour]:
        """The points within a radius, the nearest first."""
        return self._call("spatial_within", {**point, "radius_squared": radius_squared})

    def spatial_density(self, radius_squared: float) -> list[dict[str, Any]]:
        """How many others each point has within a radius: `id` and `neighbours`."""
        return self._call("spatial_density", {"radius_squared": radius_squared})

    def holographic_encode(self, memories: Iterable[dict[str, Any]]) -> list[PlacedPoint]:
        """The places of memories: `id`, `content`, and if they are known `importance`, `access_count`, `age_days`,
        `galactic_distance`, `garden` and `tags`."""
        return self._call("holographic_encode", list(memories))

    # Near-duplicates

    def minhash_signatures(self, sets: Iterable[Iterable[str]]) -> list[dict[str, list[int]] | None]:
        """128 hashes of each set of keywords, as `values`; None of an empty one."""
        return self._call("minhash_signatures", [list(words) for words in sets])

    def minhash_find_duplicates(
        self, sets: Iterable[Iterable[str]], threshold: float, max_results: int
    ) -> list[dict[str, Any]]:
        """The pairs of sets whose estimated similarity reaches the threshold: `idx_a`, `idx_b`,
        `estimated_jaccard`."""
        keywords = [list(words) for words in sets]
        argument = {"keywords": keywords, "threshold": threshold, "max_results": max_results}
        return self._call("minhash_find_duplicates", argument)

    # Full text

    def search_add(self, documents: Iterable[Document]) -> int:
        """Adds documents, or replaces those with the same ids, and says how many are new."""
        return self._call("search_add", list(documents))

    def search_remove(self, id: str) -> bool:
        """Removes a document, and says whether there was one with this id."""
        return self._call("search_remove", {"id": id})

    def search_clear(self) -> None:
        self._answer("search_clear")

    def search_query(self, query: str, limit: int) -> list[Hit]:
        """The documents with any word of the query, the best first."""
        return self._call("search_query", {"query": query, "limit": limit})

    def search_all(self, query: str, limit: int) -> list[Hit]:
        """The documents with all words of the query."""
        return self._call("search_all", {"query": query, "limit": limit})

    def search_phrase(self, query: str, limit: int) -> list[Hit]:
        """The documents with the query's words in a row, where the last may be the begin of a longer one."""
        return self._call("search_phrase", {"query": query, "limit": limit})

    def search_fuzzy(self, query: str, limit: int, max_edits: int) -> list[Hit]:
        """The documents with words that are at most `max_edits` edits from those of the query."""
        return self._call("search_fuzzy", {"query": query, "limit": limit, "max_edits": max_edits})

    def search_stats(self) -> dict[str, float]:
        """`doc_count`, `vocab_size`, `avg_doc_len`."""
        return self._answer("search_stats")

    # Rates. Time is the caller's: the module has no clock.

    def rate_check(self, tool: str, now_ms: int) -> dict[str, Any]:
        """Whether a tool may be called: `allowed`, `retry_after_ms`, where None is for good, and `denied_by`."""
        return self._call("rate_check", {"tool": tool, "now_ms": now_ms})

    def rate_limits(self, overall: int, per_tool: int, burst: int) -> None:
        """Sets the limits in a minute, of all tools and of each, and begins to count anew."""
        self._call("rate_limits", {"global": overall, "per_tool": per_tool, "burst": burst})

    def rate_override(self, tool: str, per_minute: int | None) -> None:
        """Gives a tool a limit of its own, or takes it back; 0 forbids the tool."""
        self._call("rate_override", {"tool": tool, "per_minute": per_minute})

    def rate_stats(self, now_ms: int) -> dict[str, Any]:
        """`global`, and of each of `tools` its `tool` and `rate`."""
        return self._call("rate_stats", {"now_ms": now_ms})

    # Events

    def ring_publish(self, event_type: int, source: str, confidence: float, data: str, now_ns: int) -> int:
        """Publishes an event, and gives its number: the first is 1. More than 65,536 bytes of data are an error."""
        event = {"event_type": event_type, "source": source, "confidence": confidence, "data": data}
        return self._call("ring_publish", {**event, "now_ns": str(now_ns)})

    def ring_register(self) -> int | None:
        """Registers a consumer of what is published from now on; None if there are 32."""
        return self._answer("ring_register")

    def ring_unregister(self, id: int) -> bool:
        """Ends a consumer, and says whether there was one; its number is free for another."""
        return self._call("ring_unregister", {"id": id})

    def ring_poll(self, id: int, max: int) -> dict[str, Any]:
        """The next `events` of a consumer, and how many before them were `lost` since it last polled."""
        polled = self._call("ring_poll", {"id": id, "max": max})
        for event in polled["events"]:
            for name in ("source_id", "timestamp_ns"):
                event[name] = int(event[name])
        return polled

    def ring_stats(self) -> dict[str, int]:
        return self._answer("ring_stats")

    def ring_reset(self) -> None:
        self._answer("ring_reset")

    # The state board

    def board_read(self) -> dict[str, Any]:
        """What the board says; None where another process wrote what JSON has no number for."""
        board = self._answer("board_read")
        board["last_update_ns"] = int(board["last_update_ns"])
        return board

    def board_write_harmony(
        self,
        *,
        balance: float,
        throughput: float,
        latency: float,
        error_rate: float,
        dharma: float,
        karma_debt: float,
        energy: float,
        now_ns: int,
    ) -> int | None:
        """Sets the harmony vector, and gives the new tick."""
        harmony = {"balance": balance, "throughput": throughput, "latency": latency, "error_rate": error_rate}
        harmony |= {"dharma": dharma, "karma_debt": karma_debt, "energy": energy}
        return self._call("board_write_harmony", {**harmony, "now_ns": str(now_ns)})

    def board_write_resonance(
        self,
        *,
        guna: int,
        wu_xing_phase: int,
        current_gana: int,
        predecessor_gana: int,
        successor_gana: int,
        quadrant: int,
        now_ns: int,
    ) -> int | None:
        """Sets the resonance, and gives the new tick."""
        resonance = {"guna": guna, "wu_xing_phase": wu_xing_phase, "current_gana": current_gana}
        resonance |= {"predecessor_gana": predecessor_gana, "successor_gana": successor_gana, "quadrant": quadrant}
        return self._call("board_write_resonance", {**resonance, "now_ns": str(now_ns)})

    def board_write_breaker(self, slot: int, state: int, failures: int) -> None:
        """Sets one of 64 breakers: closed 0, open 1, half open 2."""
        self._call("board_write_breaker", {"slot": slot, "state": state, "failures": failures})

    def board_increment_counter(self, slot: int) -> int | None:
        """Counts in one of 64 slots, and gives the count."""
        return self._call("board_increment_counter", {"slot": slot})

    def board_set_engines(self, mask: int) -> None:
        """A bit for each of 28 engines."""
        self._call("board_set_engines", {"mask": mask})

    def board_reset(self) -> None:
        self._answer("board_reset")

    def board_save(self) -> bytes:
        """The board's 4,096 bytes, as the file that WhiteMagic's processes map has them."""
        address = self._board()
        return bytes(self._memory.read(self._store, address, address + BOARD_BYTES))

    def board_load(self, board: bytes) -> dict[str, Any]:
        """Takes a board from such bytes, and gives what `board_read` says. What is no board changes nothing."""
        if len(board) != BOARD_BYTES:
            raise WhiteMagicError(f"a state board has {BOARD_BYTES} bytes")
        before = self.board_save()
        self._memory.write(self._store, board, self._board())
        try:
            return self.board_read()
        except WhiteMagicError:
            self._memory.write(self._store, before, self._board())
            raise

    def _board(self) -> int:
        address = self._export("board_address") & 0xFFFFFFFF
        if address == 0:
            raise WhiteMagicError("not enough memory for the board")
        return address

    def version(self) -> str:
        return self._answer("wm_version")
