"""Measures the index of clawft-vectors on one core: natively, compiled ahead of time for Wasmtime with
SIMD and without, and beside it usearch on the same vectors, or what of usearch and hnswlib another Python has.

A rate is of batches of 20 queries, each the fastest of seven turns. All builds of the index must make the
same file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EPILOG = """examples:
  nix run .#bench-vectors
  nix run .#bench-vectors -- --data clustered --breadth 16 --breadth 64 --json
  python3 -m venv venv && venv/bin/pip install numpy usearch hnswlib   # which needs a C++ compiler
  nix run .#bench-vectors -- --reference venv/bin/python

exit codes: 0 measured, 1 a program failed or files differ, 2 wrong use"""

# What searches are compared at
RECALL = 0.95

REFERENCE = """
import json, sys, time
import numpy

links, construction, *breadths = map(int, sys.argv[1:])
words = numpy.frombuffer(sys.stdin.buffer.read(), "<u4")
vectors, queries, dimensions, count = map(int, words[:4])
floats = words[4 : 4 + (vectors + queries) * dimensions].view("<f4").reshape(-1, dimensions)
truth = words[4 + floats.size :].reshape(queries, count)
stored, asked = floats[:vectors], floats[vectors:]


def measured(add, search, memory):
    begin = time.perf_counter()
    add()
    result = {"build_seconds": round(time.perf_counter() - begin, 2), "memory": memory(), "searches": []}
    for breadth in breadths:
        hits, seconds = 0, 0
        for start in range(0, queries, 20):
            batch, times = asked[start : start + 20], []
            for _ in range(7):
                begin = time.perf_counter()
                found = search(batch, breadth)
                times.append(time.perf_counter() - begin)
            seconds += min(times)
            near = truth[start : start + 20]
            hits += sum(len(set(one) & set(other)) for one, other in zip(found.tolist(), near.tolist()))
        rate = {"recall": round(hits / truth.size, 4), "queries_per_second": round(queries / seconds)}
        result["searches"].append({"breadth": breadth} | rate)
    return result


def hnswlib():
    import hnswlib

    index = hnswlib.Index("cosine", dimensions)
    index.init_index(vectors, M=links, ef_construction=construction)

    def search(batch, breadth):
        index.set_ef(max(breadth, count))
        return index.knn_query(batch, count, num_threads=1)[0]

    return measured(lambda: index.add_items(stored, num_threads=1), search, index.index_file_size)


def usearch(kind):
    import usearch.index

    index = usearch.index.Index(
        ndim=dimensions, metric="cos", dtype=kind, connectivity=links, expansion_add=construction
    )

    def search(batch, breadth):
        index.expansion_search = breadth
        return index.search(batch, count, threads=1).keys

    return measured(lambda: index.add(numpy.arange(vectors), stored, threads=1), search, lambda: index.memory_usage)


found = {}
for name, measure in {
    "hnswlib": hnswlib,
    "usearch f32": lambda: usearch("f32"),
    "usearch i8": lambda: usearch("i8"),
}.items():
    try:
        found[name] = measure()
    except ImportError:
        pass
print(json.dumps(found))
"""


def output(command, source):
    with open(source, "rb") as file:
        return json.loads(subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(
        prog="bench-vectors",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", action="append", choices=["clustered", "uniform"], help="[default: both]")
    parser.add_argument("--vectors", metavar="N", type=int, default=10_000, help="[default: %(default)s]")
    parser.add_argument("--queries", metavar="N", type=int, default=1000, help="[default: %(default)s]")
    parser.add_argument("--dimensions", metavar="N", type=int, default=512, help="[default: %(default)s]")
    parser.add_argument("--count", metavar="N", type=int, default=10, help="neighbours [default: %(default)s]")
    parser.add_argument("--links", metavar="N", type=int, default=16, help="the paper's M [default: %(default)s]")
    parser.add_argument("--construction", metavar="N", type=int, default=100, help="efConstruction [default: %(default)s]")
    parser.add_argument("--breadth", metavar="N", action="append", type=int, help="ef [default: 16, 32, 64 and 128]")
    parser.add_argument(
        "--reference", metavar="PYTHON", default=sys.executable, help="one with numpy, and usearch or hnswlib or both"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    native = os.environ["NATIVE"]
    arguments = [str(number) for number in (options.links, options.construction, *(options.breadth or [16, 32, 64, 128]))]

    results = {}
    with tempfile.TemporaryDirectory(prefix="bench-vectors-") as folder:
        programs = {"native": [native]}
        for name in ("SIMD", "SCALAR"):
            code = Path(folder) / f"{name}.cwasm"
            subprocess.run(["wasmtime", "compile", "-C", "cache=n", os.environ[name], "-o", code], check=True)
            programs[f"WASM, {name}" if name == "SIMD" else "WASM"] = ["wasmtime", "run", "--allow-precompiled", str(code)]
        for kind in options.data or ["clustered", "uniform"]:
            source = Path(folder) / kind
            sizes = [str(size) for size in (options.vectors, options.queries, options.dimensions, options.count)]
            with open(source, "wb") as file:
                subprocess.run([native, "data", kind, *sizes], stdout=file, check=True)
            found = {
                name: output([*command, "measure", "cosine", *arguments], source) for name, command in programs.items()
            }
            if len({result["checksum"] for result in found.values()}) > 1:
                raise SystemExit("bench-vectors: the builds make different files")
            found |= output([options.reference, "-c", REFERENCE, *arguments], source)
            results[kind] = found

    if options.json:
        print(json.dumps(results, indent=2))
        return
    for kind, found in results.items():
        print(f"\n{kind}: {options.vectors} x {options.dimensions}, {options.count} nearest")
        print(f"{'':14}{'build':>8}{'memory':>10}{'breadth':>9}{'recall':>8}{'queries/s':>11}")
        for name, result in found.items():
            if "scans_per_second" in result:
                scans = result["scans_per_second"]
                print(f"{name + ', all floats':41}{1:8.4f}{scans:11}")
            start = f"{name:14}{result['build_seconds']:6.1f} s{result['memory'] / 1e6:7.2f} MB"
            for search in result["searches"]:
                print(f"{start:32}{search['breadth']:9}{search['recall']:8.4f}{search['queries_per_second']:11}")
                start = ""
        fastest = {
            name: max((search["queries_per_second"] for search in result["searches"] if search["recall"] >= RECALL), default=0)
            for name, result in found.items()
        }
        other = max((name for name in found if name not in programs), key=fastest.get, default=None)
        if other and fastest[other]:
            ratios = "; ".join(f"{name} {fastest[name] / fastest[other]:.2f}" for name in programs)
            print(f"queries/s at a recall of {RECALL} or more, as times {other}: {ratios}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bench-vectors: {error}")
