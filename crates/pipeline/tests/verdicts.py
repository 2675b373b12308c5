"""Writes verdicts.json: what the validator `jsonschema` says, by our schema, of many manifests.

    python3 verdicts.py > verdicts.json
"""

import copy
import json
from pathlib import Path

import jsonschema

TESTS = Path(__file__).parent
SCHEMA = json.loads((TESTS / "../schema/manifest.v1.json").read_text())
jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Everything that there is in version 1
MANIFEST = {
    "version": "v1",
    "metadata": {
        "name": "full",
        "description": "d",
        "created_at": "2025-10-22T12:00:00Z",
        "author": "a",
        "version": "1",
        "license": "MIT",
    },
    "nodes": [
        {
            "id": "a",
            "node_type": "T",
            "params": {"x": 1},
            "is_streaming": True,
            "capabilities": {
                "gpu": {"type": "any", "min_memory_gb": 1.5, "required": False},
                "cpu": {"cores": 2, "arch": "arm"},
                "memory_gb": 0,
            },
            "host": "h:1",
            "runtime_hint": "auto",
            "execution": {"placement": "wasi", "reason": "r", "fallback": "b"},
        },
        {"id": "b", "node_type": "U"},
    ],
    "connections": [{"from": "a", "to": "b"}],
    "runtime": {"target": "wasm32-wasi", "min_version": "1", "features": ["python"]},
}

WORDS = "v1 any arm cuda auto cpython local prefer_host python rust-only wasm32-wasip1".split()
TEXTS = ["", " ", "a b", "a-b_1", "ä", ":1", "h:", "h:1", "h:x1", "h::1", "a\nb"]
LONG = ["ä" * length for length in (255, 256)]
OTHERS = [None, True, False, 0, -1, 1, 1.0, 1.5, 1e300, [], {}, [1], ["python", "x"], {"x": 1}]
OBJECTS = [{"type": "any"}, {"target": "wasm32-wasi"}, {"name": "n"}, [{"id": "a", "node_type": "T"}]]
VALUES = WORDS + TEXTS + LONG + OTHERS + OBJECTS
NAMES = ["edges", "runtime_target", "wasm_binary", "something"]


def places(value, here=()):
    yield here
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*here, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from places(element, (*here, index))


def pointer(place):
    return "".join(f"/{step}" for step in place)


def parent(manifest, place):
    for step in place[:-1]:
        manifest = manifest[step]
    return manifest


def replaced(place, value):
    if not place:
        return value
    manifest = copy.deepcopy(MANIFEST)
    parent(manifest, place)[place[-1]] = value
    return manifest


def removed(place):
    manifest = copy.deepcopy(MANIFEST)
    del parent(manifest, place)[place[-1]]
    return manifest


def renamed(place, name, value):
    manifest = removed(place)
    parent(manifest, place)[name] = value
    return manifest


def verdict(manifest):
    return "1" if VALIDATOR.is_valid(manifest) else "0"


def manifest_of(case):
    request = case.get("request")
    return request.get("manifest", request) if isinstance(request, dict) else request


def nodes(count):
    return [{"id": f"n{index}", "node_type": "Echo"} for index in range(count)]


def of(place):
    """The verdicts on one place: with each value; without it; under each name with each value."""
    found = {"replaced": "".join(verdict(replaced(place, value)) for value in VALUES)}
    if place and isinstance(place[-1], str):
        found["removed"] = verdict(removed(place))
        for name in NAMES:
            found[name] = "".join(verdict(renamed(place, name, value)) for value in VALUES)
    return found


def main():
    cases = {
        path.stem: verdict(manifest_of(json.loads(path.read_text())))
        for path in sorted((TESTS / "cases").glob("*.json"))
    }
    counts = {str(count): verdict({**MANIFEST, "nodes": nodes(count)}) for count in (1, 1000, 1001)}
    document = {
        "schema": SCHEMA,
        "manifest": MANIFEST,
        "values": VALUES,
        "names": NAMES,
        "places": {pointer(place): of(place) for place in places(MANIFEST)},
        "nodes": counts,
        "cases": cases,
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
    print("{\n" + ",\n".join(lines) + "\n}")


main()
