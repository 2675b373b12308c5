"""Measures the executor for WASM, in one run: its start over an empty program's, its memory and size,
and how long pipelines take beside the native program.

Everything is compiled ahead of time for Wasmtime. Programs run in turns, and figures are medians.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

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
STARTS = {
    "no-op": manifest("PassThrough", {}),
    "one Python node": manifest("Python", {"expression": "1"}),
}
PIPELINES = {
    "Python: calls": manifest("Python", {"code": FIBONACCI}, [25]),
    "Python: text": manifest("Python", {"code": WORDS}, ["the quick brown fox jumps over the lazy dog "] * 5),
    "Rust: 200,000 numbers": manifest("MultiplyNode", {"factor": 3}, [list(range(1000))] * 200),
}


def timed(command, text):
    """Seconds, and the peak of resident memory in bytes, of one run."""
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench-pipeline: {' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss * 1024


def in_turns(programs, runs):
    """The medians of each program's seconds and memory."""
    results = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, (command, text) in programs.items():
            result = timed(command, text)
            # the first one reads files that no later one has to
            if turn:
                results[name].append(result)
    return {name: [statistics.median(column) for column in zip(*found)] for name, found in results.items()}


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
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    module, native = os.environ["MODULE"], [os.environ["NATIVE"]]

    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as folder:
        empty = Path(folder) / "empty.wat"
        empty.write_text(EMPTY)
        guest = compiled(module, Path(folder))
        programs = {"empty": (compiled(str(empty), Path(folder)), b"")}
        programs |= {name: (guest, text) for name, text in STARTS.items()}
        starts = in_turns(programs, arguments.runs)
        base = starts["empty"][0]
        found = {
            "empty_ms": round(base * 1000, 2),
            "bytes": os.path.getsize(module),
            "gzip": len(gzip.compress(Path(module).read_bytes(), 9, mtime=0)),
            "starts": {
                name: {"over_empty_ms": round((seconds - base) * 1000, 2), "peak_mib": round(memory / 2**20, 1)}
                for name, (seconds, memory) in starts.items()
                if name != "empty"
            },
            "pipelines": {},
        }
        for name, text in PIPELINES.items():
            both = in_turns({"wasm": (guest, text), "native": (native, text)}, max(arguments.runs // 5, 3))
            wasm, host = both["wasm"][0], both["native"][0]
            found["pipelines"][name] = {
                "wasm_ms": round(wasm * 1000, 1),
                "native_ms": round(host * 1000, 1),
                "ratio": round(wasm / host, 2),
            }
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print(f"module: {found['bytes']:,} bytes, {found['gzip']:,} after gzip -9")
    print(f"an empty program: {found['empty_ms']} ms")
    for name, start in found["starts"].items():
        print(f"{name}: {start['over_empty_ms']} ms more, {start['peak_mib']} MiB at its peak")
    for name, both in found["pipelines"].items():
        print(f"{name}: {both['wasm_ms']} ms, natively {both['native_ms']} ms, {both['ratio']} times that")


if __name__ == "__main__":
    main()
