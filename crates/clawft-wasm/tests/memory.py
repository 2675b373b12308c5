"""Fills the component's memory in every way that a caller has, but for an argument that is itself larger than what
is free: each ends in an error, and the next call works.
Vectors are as many as they are to be, and searching them is measured.

    python3 memory.py clawft.wasm [CASE…]
"""

import json
import os
import random
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "hosts"))

from host import Host, failed  # noqa: E402
from wasmtime.component import Record  # noqa: E402

VECTORS = "clawft:agent/vectors@0.1.0"

# How many vectors of how many numbers the component is to hold, each with a text
COUNT, DIMENSIONS = 10_000, 512
TEXT = "a text that has about forty characters"


def record(**fields):
    """A record of the component model."""
    value = Record()
    for name, field in fields.items():
        setattr(value, name, field)
    return value


def vector(numbers):
    """A vector near one of a hundred."""
    centre = random.Random(numbers.randrange(100))
    return [centre.uniform(-1, 1) + numbers.uniform(-0.5, 0.5) for _ in range(DIMENSIONS)]


def entries(count, numbers):
    """What is added."""
    return [record(id=None, text=TEXT, metadata=None, vector=vector(numbers)) for _ in range(count)]


def works(host):
    """The next call works."""
    capabilities = host.call("capabilities")
    assert isinstance(capabilities, str), capabilities.message
    assert json.loads(capabilities)["status"] == "ready"


def seconds(host, collection, queries):
    """What a search takes of a processor, which others may have meanwhile: of batches of 20, the fastest of
    seven turns."""
    spent = 0
    for start in range(0, len(queries), 20):
        turns = []
        for _ in range(7):
            begin = time.process_time()
            for asked in queries[start : start + 20]:
                found = host.call("search", collection, asked, 10, interface=VECTORS)
                assert not failed(found) and len(found) == 10, found
            turns.append(time.process_time() - begin)
        spent += min(turns)
    return spent / len(queries)


def vectors(size):
    """A case in which vectors are added, so many at once, until there is no place for more."""

    def case(host, home, module):
        numbers = random.Random(size)
        added, last = 0, None
        while True:
            batch = entries(size, numbers)
            result = host.call("add", "full", batch, interface=VECTORS)
            if failed(result):
                print(f"  {added} vectors of {DIMENSIONS} numbers; then {result.kind}: {result.message}")
                assert result.kind == "memory", result.kind
                break
            last = batch[-1].vector, result[-1]
            added += len(batch)
            if added % 1_000 == 0:
                print(f"  {added} vectors", flush=True)
            assert added < 10 * COUNT, "there is no end to it"
        assert added >= COUNT, f"{COUNT} are to fit"
        large = host.call("add", "other", entries(1_000, numbers), interface=VECTORS)
        print(f"  1,000 more at once: {large.message}")
        # What is there is there for the next, too, which reads it within the same memory.
        for reader in [host, Host(module, [home], {"HOME": home})]:
            assert reader.call("count", "full", interface=VECTORS) == added
            found = reader.call("search", "full", last[0], 1, interface=VECTORS)
            assert not failed(found), found.message
            assert found[0].id == last[1] and found[0].text == TEXT, found[0].id
        asked = [vector(numbers) for _ in range(200)]
        assert not failed(host.call("add", "few", entries(10, numbers), interface=VECTORS))
        call = seconds(host, "few", asked)
        search = seconds(host, "full", asked)
        print(f"  a search takes {1e6 * search:.0f} µs, and {1e6 * call:.0f} among ten", end=": ")
        print(f"{1 / max(search - call, 1e-6):.0f} a second without the call")

    case.__name__ = f"vectors-{size}"
    case.__doc__ = f"Vectors with texts are added, {size} at once, until there is no place for more."
    return case


def shared(host, home, module):
    """Two components add to one collection, delete in it, and take all changes in, in turns."""
    both = [host, Host(module, [home], {"HOME": home})]
    numbers, there = random.Random(0), set()
    for turn in range(400):
        one, other = both[turn % 2], both[turn % 3 % 2]
        result = one.call("add", "shared", entries(1, numbers), interface=VECTORS)
        assert not failed(result) and not there & set(result), result
        there |= set(result)
        if turn % 3 == 1:
            assert other.call("delete", "shared", result[0], interface=VECTORS) is True
            there -= set(result)
    for one in [*both, Host(module, [home], {"HOME": home})]:
        found = one.call("search", "shared", vector(numbers), 1_000, interface=VECTORS)
        assert {match.id for match in found} == there
    print(f"  {len(there)} are there")


def message(host, _home, _module):
    """A message of every size up to the whole memory."""
    for size in [1 << 20, 2 << 20, 4 << 20, 8 << 20]:
        result = host.call("start", "cli:long", "x" * size)
        print(f"  {size >> 20} MiB: {result.message if failed(result) else 'taken'}")
        if not failed(result):
            result.drop(host.store)
        works(host)


def session(host, home, _module):
    """A conversation longer than the memory."""
    folder = os.path.join(home, ".clawft", "workspace", "sessions")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "cli%3Along.jsonl"), "w", encoding="utf-8") as file:
        file.write('{"_type":"metadata"}\n')
        for index in range(4_000):
            role = "assistant" if index % 2 else "user"
            file.write(json.dumps({"role": role, "content": "word " * 2_000}) + "\n")
    result = host.call("start", "cli:long", "Hello")
    print(f"  {result.message if failed(result) else 'taken'}")
    if not failed(result):
        after = host.call("[method]turn.next", result)
        print(f"  then {after.message if failed(after) else after}")
        result.drop(host.store)


def configuration(host, home, _module):
    """A configuration longer than the memory."""
    path = os.path.join(home, "large.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"x": "' + "x" * (20 << 20) + '"}')
    result = host.call("init", path)
    assert failed(result), "a configuration of 20 MiB is taken"
    print(f"  {result.message}")


def told(result):
    """What a call says that may fail for want of memory, and for nothing else."""
    if failed(result):
        assert result.kind == "memory", (result.kind, result.message)
        return result.message
    return "done"


def query(host, _home, _module):
    """A text of every size up to the whole memory is looked for."""
    texts = [record(id=None, text="a text", metadata=None, vector=None)]
    assert not failed(host.call("add", "texts", texts, interface=VECTORS))
    for size in [1 << 20, 2 << 20, 4 << 20, 8 << 20]:
        result = host.call("search", "texts", "x" * size, 10, interface=VECTORS)
        print(f"  {size >> 20} MiB: {told(result)}")
        works(host)


def metadata(host, _home, _module):
    """Entries are found whose metadata has a million numbers."""
    known = json.dumps({"numbers": [0] * 10_000}, separators=(",", ":"))
    added = 0
    for _ in range(14):
        batch = [record(id=None, text="a text", metadata=known, vector=None)] * 5
        result = host.call("add", "known", batch, interface=VECTORS)
        told(result)
        added += 0 if failed(result) else len(batch)
        works(host)
    assert added >= 50, added
    found = host.call("search", "known", "a text", 100, interface=VECTORS)
    print(f"  {added} entries: {told(found)}")
    assert failed(found) or [match.metadata for match in found] == [known] * added


def values(host, home, _module):
    """Many values in few bytes, in metadata and in a collection's file."""
    many = json.dumps({"many": [{"a": 0}] * 28_000}, separators=(",", ":"))
    batch = [record(id=None, text="a text", metadata=many, vector=None)]
    result = host.call("add", "many", batch, interface=VECTORS)
    print(f"  {len(many) >> 10} KiB: {result.message if failed(result) else 'added'}")
    works(host)
    folder = os.path.join(home, ".clawft", "workspace", "vectors")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "file.0000000001.jsonl"), "w", encoding="utf-8") as file:
        header = {"_type": "vectors", "dimensions": 256, "metric": "cosine", "embedding": "words-1", "indexed": 1}
        line = {"id": 1, "text": "a text", "metadata": {"many": [{"a": 0}] * 100_000}}
        file.writelines(json.dumps(value, separators=(",", ":")) + "\n" for value in [header, line])
    result = host.call("search", "file", "a text", 1, interface=VECTORS)
    print(f"  a file: {result.message if failed(result) else 'read'}")


CASES = [*map(vectors, [1, 20, 100]), shared, message, query, metadata, values, session, configuration]


def main(module, *names):
    for case in CASES:
        if names and case.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as home:
            os.makedirs(os.path.join(home, ".clawft"))
            with open(os.path.join(home, ".clawft", "config.json"), "w", encoding="utf-8") as file:
                json.dump(
                    {
                        "agents": {"defaults": {"workspace": "~/.clawft/workspace", "model": "openai/x"}},
                        "providers": {"openai": {"api_key": "none", "api_base": "http://127.0.0.1:9/v1"}},
                    },
                    file,
                )
            print(f"{case.__name__}: {case.__doc__}")
            host = Host(module, [home], {"HOME": home})
            works(host)
            case(host, home, module)
            works(host)


if __name__ == "__main__":
    main(*sys.argv[1:])
