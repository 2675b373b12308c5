"""Calls the module as a host in Python does: by its dialogues, with five numbers, with the board's bytes, and
where memory ends.

    python3 module.py whitemagic_core.wasm DIALOGUES
"""

import json
import pathlib
import random
import struct
import sys

from wasmtime import Engine, Instance, Module, Store


class Core:
    """An instance, as the documentation of the crate has it."""

    def __init__(self, module):
        self.store = Store(ENGINE)
        self.exports = Instance(self.store, module, []).exports(self.store)

    def text(self, length):
        start = self.exports["wm_result"](self.store)
        text = self.exports["memory"].read(self.store, start, start + abs(length)).decode()
        if length < 0:
            raise ValueError(text)
        return text

    def call(self, name, *numbers):
        return self.text(self.exports[name](self.store, *numbers))

    def tell(self, name, text):
        data = text.encode()
        address = self.exports["wm_alloc"](self.store, len(data))
        if address == 0:
            raise ValueError("no memory for the argument")
        self.exports["memory"].write(self.store, data, address)
        try:
            return self.call(name, address, len(data))
        finally:
            self.exports["wm_free"](self.store, address, len(data))


def follow(core, dialogue):
    """Each line of a dialogue: a function, its argument, and the answer or, after `! `, the message."""
    for number, line in enumerate(dialogue.read_text().splitlines(), 1):
        name, argument, expected = (part.strip() for part in line.split(" | ", 2))
        try:
            answer = core.tell(name, argument) if argument else core.call(name)
        except ValueError as error:
            answer = f"! {error}"
        assert answer == expected, f"{dialogue.name}:{number}: {name} is {answer}, not {expected}"
    return number


def five_numbers(core):
    """The nearest points are those that comparing with each gives, to the last bit of their distances."""
    numbers = random.Random(7)
    points = [[numbers.uniform(-1, 1) for _ in range(5)] for _ in range(3000)]
    placed = [{"id": str(at), **dict(zip("xyzwv", point))} for at, point in enumerate(points)]
    assert core.tell("spatial_add", json.dumps(placed)) == "3000"
    for _ in range(200):
        query = [numbers.uniform(-1.2, 1.2) for _ in range(5)]
        far = []
        for at, point in enumerate(points):
            distance = 0.0
            for a, b in zip(query, point):
                distance += (a - b) * (a - b)
            far.append((distance, at))
        expected = [{"id": str(at), "distance_squared": distance} for distance, at in sorted(far)[:7]]
        assert json.loads(core.call("spatial_query_5d", *query, 7)) == expected
    core.call("spatial_clear")


def end_of_memory(core):
    """Whatever is asked within a limit ends in an answer or a message, and the next call works."""
    limit = core.exports["wm_allocated"](core.store) + (8 << 20)
    core.exports["wm_set_memory_limit"](core.store, limit)
    added, refused = 0, 0
    while refused < 5:
        document = [{"id": str(added), "title": "", "content": " ".join(f"w{added}x{word}" for word in range(200))}]
        try:
            core.tell("search_add", json.dumps(document))
            added += 1
        except ValueError as error:
            assert "memory" in str(error), error
            refused += 1
    assert added > 20, added
    assert json.loads(core.call("search_stats"))["doc_count"] == added
    found = core.tell("search_query", json.dumps({"query": f"w{added - 1}x0", "limit": 3}))
    assert [hit["id"] for hit in json.loads(found)] == [str(added - 1)], found
    core.call("search_clear")
    assert core.tell("search_add", '[{"id":"a","title":"","content":"free"}]') == "1"
    # what does not lie in memory
    for address, length in [(-1, 1), (1 << 30, 5), (16, -1)]:
        try:
            core.call("spatial_add", address, length)
        except ValueError as error:
            assert str(error) == "the argument is not in memory", error
        else:
            raise AssertionError((address, length))
    return added


def dense():
    """Arguments that take much memory for their length, by function."""
    letters = [chr(letter) for letter in range(0x61, 0x7B)] + list("0123456789")
    pairs = [a + b for a in letters for b in letters]
    points = [{"id": f"{at}", "x": 0, "y": 0, "z": 0, "w": 0, "v": at} for at in range(500)]
    yield "spatial_add", points
    yield "spatial_add", [{"": 0}] * 3000
    yield "spatial_add", [[[]]] * 5000
    yield "spatial_nearest", {"points": points, "k": 7}
    yield "search_add", [{"id": "a", "title": "", "content": " ".join(pairs)}]
    yield "search_add", [{"id": pair, "title": "", "content": pair} for pair in pairs]
    yield "minhash_signatures", [["a"]] * 300
    yield "minhash_find_duplicates", {"keywords": [["a"]] * 300, "threshold": 0, "max_results": 1 << 40}
    yield "holographic_encode", [{"id": "", "content": "", "tags": ["a"] * 50}] * 100
    yield "ring_publish", {"event_type": 1, "source": "s", "confidence": 1, "data": "a" * 60_000, "now_ns": 0}


def any_limit():
    """Under any limit of memory a call ends in an answer or a message that says why, and never in a trap."""
    calls = 0
    for name, argument in dense():
        text = json.dumps(argument, separators=(",", ":"))
        limit, answered = 32 << 10, False
        while not answered:
            core = Core(module)
            core.exports["wm_set_memory_limit"](core.store, limit)
            try:
                core.tell(name, text)
                answered = True
            except ValueError as error:
                answered = "memory" not in str(error)
            calls += 1
            limit += limit // 16
    return calls


def shared_board(core):
    """What is set lies where WhiteMagic's own Python looks for it, and what it writes there is read."""
    address, memory = core.exports["board_address"](core.store), core.exports["memory"]
    harmony = [0.1, -0.25, 1e300, 0.0, 5e-324, 1.0, 2 / 3]
    names = ["balance", "throughput", "latency", "error_rate", "dharma", "karma_debt", "energy"]
    core.tell("board_write_harmony", json.dumps({**dict(zip(names, harmony)), "now_ns": str(2**64 - 1)}))
    resonance = {"guna": 2, "wu_xing_phase": 4, "current_gana": 28, "predecessor_gana": 27, "successor_gana": 1, "quadrant": 3}
    core.tell("board_write_resonance", json.dumps({**resonance, "now_ns": 2**53 + 1}))
    core.tell("board_set_engines", json.dumps({"mask": 2**27 + 1}))
    for slot in range(64):
        core.tell("board_write_breaker", json.dumps({"slot": slot, "state": slot % 3, "failures": slot * slot}))
        for _ in range(slot % 5):
            core.tell("board_increment_counter", json.dumps({"slot": slot}))
    board = bytearray(memory.read(core.store, address, address + 4096))
    assert struct.unpack_from("<3Q", board, 0) == (0x574D424F41524400, 1, 2)
    assert list(struct.unpack_from("<7d", board, 64)) == harmony
    assert list(struct.unpack_from("<6Q", board, 128)) == list(resonance.values())
    assert struct.unpack_from("<2Q", board, 176) == (2**27 + 1, 2**53 + 1)
    assert list(struct.unpack_from("<128Q", board, 256)) == [n for slot in range(64) for n in (slot % 3, slot * slot)]
    assert list(struct.unpack_from("<64Q", board, 1280)) == [slot % 5 for slot in range(64)]
    assert not any(board[24:64] + board[120:128] + board[192:256] + board[1792:])
    # as WhiteMagic's Python writes, which checks nothing
    struct.pack_into("<7d", board, 64, float("nan"), *harmony[1:])
    struct.pack_into("<Q", board, 16, 2**53)
    struct.pack_into("<2Q", board, 256, 1, 9)
    memory.write(core.store, bytes(board), address)
    read = json.loads(core.call("board_read"))
    assert (read["balance"], read["throughput"], read["tick"]) == (None, -0.25, None), read
    assert read["slots"][0] == {"slot": 0, "state": 1, "failures": 9, "counter": 0}, read
    memory.write(core.store, bytes(4096), address)
    for _ in range(2):
        try:
            core.call("board_read")
        except ValueError as error:
            assert "magic number" in str(error), error
        else:
            raise AssertionError("zeros were taken for a board")
    core.call("board_reset")
    assert core.exports["board_address"](core.store) == address


def ring_at_the_end(core):
    """An instance that publishes nothing takes nothing; where memory ends nothing is lost, and the rest is read."""
    core.call("ring_stats")
    before = core.exports["wm_allocated"](core.store)
    core.exports["wm_set_memory_limit"](core.store, before + (16 << 20))
    core.call("ring_register")
    assert core.exports["wm_allocated"](core.store) - before < 4096
    # the ring forgets from its 140th on
    for published in range(140):
        event = {"event_type": 1, "source": "s", "confidence": 1, "data": f"{published:060000}", "now_ns": 0}
        try:
            core.tell("ring_publish", json.dumps(event))
        except ValueError as error:
            assert "memory" in str(error), error
            break
    assert 20 < published < 139, published
    try:
        core.tell("ring_poll", json.dumps({"id": 0, "max": 1 << 40}))
    except ValueError as error:
        assert "memory" in str(error), error
    else:
        raise AssertionError("an answer beyond the limit")
    for expected in range(published):
        batch = json.loads(core.tell("ring_poll", json.dumps({"id": 0, "max": 1})))
        [event] = batch["events"]
        assert (batch["lost"], event["seq"], event["data"]) == (0, expected + 1, f"{expected:060000}"), expected
    core.call("ring_reset")
    assert core.exports["wm_allocated"](core.store) - before < 4096
    return published


ENGINE = Engine()
module = Module.from_file(ENGINE, sys.argv[1])
assert module.imports == [], [each.name for each in module.imports]
lines = sum(follow(Core(module), path) for path in sorted(pathlib.Path(sys.argv[2]).glob("*.txt")))
five_numbers(Core(module))
shared_board(Core(module))
documents, events = end_of_memory(Core(module)), ring_at_the_end(Core(module))
print(f"{lines} lines of dialogues, 200 queries of five numbers, {documents} documents in 8 MiB, {events} events in 16")
print(f"{any_limit()} calls under narrow limits of memory")
