"""Fills the component's memory in every way that a caller has: each ends in an error, and the next call works.

    python3 memory.py clawft.wasm
"""

import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "hosts"))

from host import Host, failed  # noqa: E402
from wasmtime.component import Record  # noqa: E402

VECTORS = "clawft:agent/vectors@0.1.0"


def record(**fields):
    """A record of the component model."""
    value = Record()
    for name, field in fields.items():
        setattr(value, name, field)
    return value


def entries(count, dimensions):
    """Random vectors, the same each time."""
    numbers = random.Random(count)
    return [
        record(
            id=None,
            text="",
            metadata=None,
            vector=[numbers.uniform(-1, 1) for _ in range(dimensions)],
        )
        for _ in range(count)
    ]


def works(host):
    """The next call works."""
    capabilities = host.call("capabilities")
    assert isinstance(capabilities, str), capabilities.message
    assert json.loads(capabilities)["status"] == "ready"


def vectors(host, _home):
    """Vectors are added until there is no place for more."""
    added = 0
    while True:
        batch = entries(100, 512)
        result = host.call("add", "full", batch, interface=VECTORS)
        if failed(result):
            print(f"  {added} vectors of 512 numbers; then {result.kind}: {result.message}")
            assert result.kind == "memory", result.kind
            break
        added += len(batch)
        if added % 1_000 == 0:
            print(f"  {added} vectors", flush=True)
        assert added < 100_000, "there is no end to it"
    large = host.call("add", "other", entries(1_000, 512), interface=VECTORS)
    print(f"  1,000 more at once: {large.message}")
    found = host.call("search", "full", entries(1, 512)[0].vector, 1, interface=VECTORS)
    print(f"  a search then gives {found if not failed(found) else found.message}")


def message(host, _home):
    """A message of every size up to the whole memory."""
    for size in [1 << 20, 2 << 20, 4 << 20, 8 << 20]:
        result = host.call("start", "cli:long", "x" * size)
        print(f"  {size >> 20} MiB: {result.message if failed(result) else 'taken'}")
        if not failed(result):
            result.drop(host.store)
        works(host)


def session(host, home):
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


def configuration(host, home):
    """A configuration longer than the memory."""
    path = os.path.join(home, "large.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"x": "' + "x" * (20 << 20) + '"}')
    result = host.call("init", path)
    assert failed(result), "a configuration of 20 MiB is taken"
    print(f"  {result.message}")


def main(module):
    for case in [vectors, message, session, configuration]:
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
            case(host, home)
            works(host)


if __name__ == "__main__":
    main(*sys.argv[1:])
