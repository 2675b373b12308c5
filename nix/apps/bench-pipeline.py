"""Measures the executor for WASM, in one run: its start over an empty program's, its memory and size,
and how long pipelines take beside the native program, with and without the start of both.

Everything is compiled ahead of time for Wasmtime. Programs run in turns, and figures are medians.
The native program gets arrays as base64 too; beside an array stands what passes its bytes without a
copy: native Python that reads them into one buffer, gives a view of that to the node, and writes the
view that it returns.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from turns import in_turns

EPILOG = """examples:
  nix run .#bench-pipeline
  nix run .#bench-pipeline -- --runs 51 --json

exit codes: 0 measured, 1 a program failed, 2 wrong use"""

EMPTY = '(module (memory (export "memory") 1) (func (export "_start")))'

# What a snapshot is mapped as, rather than copied
WASMTIME = ["-C", "cache=n", "-O", "memory-guaranteed-dense-image-size=67108864"]


def manifest(node_type, params, items=None):
    nodes = [{"id": "n", "node_type": node_type, "params": params}]
    value = {"version": "v1", "metadata": {"name": "bench"}, "nodes": nodes, "connections": []}
    return json.dumps({"manifest": value, "input_data": items} if items else value).encode()


FIBONACCI = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef process(item):\n    return fib(item)\n"
WORDS = """
import collections, re
def process(item):
    words = re.findall(r"[a-z]+", item * 2000)
    return sorted(collections.Counter(words).items())
"""
LENGTH = 10_000_000
BARE = [sys.executable, "-I", "-S", "-c"]
ZERO_COPY = f"""
import sys
buffer = bytearray({LENGTH})
if sys.stdin.buffer.readinto(buffer) != len(buffer): raise SystemExit("too short")
process = lambda item: item
if sys.stdout.buffer.write(process(memoryview(buffer))) != len(buffer): raise SystemExit("too short")
"""
STARTS = {
    "no-op": manifest("PassThrough", {}),
    "one Python node": manifest("Python", {"expression": "1"}),
}


def pipelines():
    """Each with the start that is part of it, and other programs that do the same, with their input."""
    words = ["the quick brown fox jumps over the lazy dog "] * 50
    numbers = [list(range(1000))] * 2000
    elements = bytes(range(250)) * (LENGTH // 250)
    array = {
        "__numpy__": True,
        "array": {
            "meta": {"shape": [LENGTH], "dtype": "uint8"},
            "data": base64.b64encode(elements).decode(),
        },
    }
    raw = {"zero-copy": ([*BARE, ZERO_COPY], elements)}
    return {
        "Python: calls": ("one Python node", manifest("Python", {"code": FIBONACCI}, [30]), {}),
        "Python: text": ("one Python node", manifest("Python", {"code": WORDS}, words), {}),
        "Rust: 2,000,000 numbers": ("no-op", manifest("MultiplyNode", {"factor": 3}, numbers), {}),
        "Rust: an array of 10 MB": ("no-op", manifest("PassThrough", {}, [array]), raw),
        "Python: an array of 10 MB": ("one Python node", manifest("Python", {"expression": "item"}, [array]), raw),
    }


def compiled(module, folder):
    code = str(folder / f"{Path(module).stem}.cwasm")
    subprocess.run(["wasmtime", "compile", *WASMTIME, module, "-o", code], check=True)
    return ["wasmtime", "run", *WASMTIME, "--allow-precompiled", code]


def main():
    parser = argparse.ArgumentParser(
        prog="bench-pipeline",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", metavar="N", type=int, default=21, help="runs of each start; a fifth of each pipeline")
    parser.add_argument("--cpu", action="store_true", help="time of the CPU, for a machine that is busy")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    module, native = os.environ["MODULE"], [os.environ["NATIVE"]]

    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as folder:
        empty = Path(folder) / "empty.wat"
        empty.write_text(EMPTY)
        guest = compiled(module, Path(folder))
        programs = {"empty": (compiled(str(empty), Path(folder)), b"")}
        for name, text in STARTS.items():
            programs |= {f"wasm {name}": (guest, text), f"native {name}": (native, text)}
        programs["zero-copy"] = ([*BARE, "pass"], b"")
        starts = in_turns(programs, arguments.runs, arguments.cpu)
        base = starts["empty"][0]
        found = {
            "empty_ms": round(base * 1000, 2),
            "bytes": os.path.getsize(module),
            "starts": {},
            "pipelines": {},
        }
        for name in STARTS:
            seconds, memory = starts[f"wasm {name}"]
            found["starts"][name] = {
                "over_empty_ms": round((seconds - base) * 1000, 2),
                "peak_mib": round(memory / 2**20, 1),
                "native_ms": round(starts[f"native {name}"][0] * 1000, 2),
            }
        # NB: only now, because a child's peak of memory is at least what this process has when it starts it
        for name, (start, text, others) in pipelines().items():
            programs = {"wasm": (guest, text), "native": (native, text)} | others
            results = in_turns(programs, max(arguments.runs // 5, 3), arguments.cpu)
            begun = {"wasm": starts[f"wasm {start}"][0], "native": starts[f"native {start}"][0]}
            begun["zero-copy"] = starts["zero-copy"][0]
            whole = {program: seconds for program, (seconds, _) in results.items()}
            work = {program: seconds - begun[program] for program, seconds in whole.items()}
            found["pipelines"][name] = {"wasm_ms": round(whole["wasm"] * 1000, 1)} | {
                other: {
                    "ms": round(whole[other] * 1000, 1),
                    "ratio": round(whole["wasm"] / whole[other], 2),
                    "ratio_after_start": round(work["wasm"] / work[other], 2),
                }
                for other in whole
                if other != "wasm"
            }
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print(f"module: {found['bytes']:,} bytes")
    print(f"an empty program: {found['empty_ms']} ms")
    for name, start in found["starts"].items():
        print(
            f"{name}: {start['over_empty_ms']} ms more, {start['peak_mib']} MiB at its peak;"
            f" natively {start['native_ms']} ms in all"
        )
    for name, both in found["pipelines"].items():
        print(f"{name}: {both.pop('wasm_ms')} ms")
        for other, than in both.items():
            print(f"  {than['ratio']} times {other}, {than['ms']} ms; {than['ratio_after_start']} times after the start")


if __name__ == "__main__":
    main()
