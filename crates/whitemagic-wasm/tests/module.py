"""Calls the module as a host in Python does: by its dialogues, with five numbers, and where memory ends.

    python3 module.py whitemagic_core.wasm DIALOGUES
"""

import json
import pathlib
import random
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


ENGINE = Engine()
module = Module.from_file(ENGINE, sys.argv[1])
assert module.imports == [], [each.name for each in module.imports]
lines = sum(follow(Core(module), path) for path in sorted(pathlib.Path(sys.argv[2]).glob("*.txt")))
five_numbers(Core(module))
print(f"{lines} lines of dialogues, 200 queries of five numbers, {end_of_memory(Core(module))} documents in 8 MiB")
print(f"{any_limit()} calls under narrow limits of memory")
