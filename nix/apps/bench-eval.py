"""Measures how Nix's evaluation grows with the number of artifacts.

Copies this repository, adds artifacts to it as a contributor would (a crate, a package, a row of
the matrix, a budget, each copied from llguidance's), and evaluates every check of the result: the
first time, when Nix writes each derivation into the store, and again. Nothing is built, and the
store and the copies are temporary.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARTIFACT, PACKAGE = "llguidance", "llguidance-wasm"
TABLES = {"checks/matrix/matrix.toml": ARTIFACT, "budgets.toml": PACKAGE}

DERIVATIONS = 'checks: toString (map (name: "${name}=${checks.${name}.drvPath}") (builtins.attrNames checks))'

EPILOG = """examples:
  nix run .#bench-eval                        1, 10, 100 and 1,000 artifacts
  nix run .#bench-eval -- --artifacts 50 --json

exit codes: 0 measured, 1 an evaluation failed, 2 wrong use"""


def section(text, start, end):
    """The part of a file from the line that `start` matches to the one before `end`."""
    found = re.search(f"^{start}.*?(?=^{end}|\\Z)", text, re.DOTALL | re.MULTILINE)
    return found[0].rstrip() + "\n"


def enlarge(repository, count):
    """Adds `count` artifacts that are called as nothing else is."""

    def renamed(text, name):
        return text.replace(PACKAGE, f"{name}-wasm").replace(f"{ARTIFACT}.wasm", f"{name}.wasm")

    def append(path, part, rename):
        (repository / path).write_text(
            (repository / path).read_text() + "".join("\n" + rename(part, name) for name in names)
        )

    names = [f"synthetic-{number:04}" for number in range(1, count + 1)]
    for path, table in TABLES.items():
        row = section((repository / path).read_text(), rf"\[{table}[].]", rf"\[(?!{table}[].])")
        append(path, row, lambda row, name: renamed(row, name).replace(f"[{ARTIFACT}", f"[{name}"))
    append("Cargo.lock", section((repository / "Cargo.lock").read_text(), rf'\[\[package\]\]\nname = "{PACKAGE}"', r"\["), renamed)
    for source in [path for path in repository.rglob("*") if PACKAGE in str(path) and path.is_file()]:
        for name in names:
            target = repository / renamed(str(source.relative_to(repository)), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(renamed(source.read_text(), name))


def nix(*arguments, **options):
    command = ["nix", "--extra-experimental-features", "nix-command flakes", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def measure(repository, store, inputs, system):
    """Evaluates all checks: the derivation of each, and what that took."""
    overrides = [word for name, source in inputs.items() for word in ("--override-input", name, source)]
    with tempfile.TemporaryFile("w+") as log, tempfile.NamedTemporaryFile() as statistics:
        begin = time.monotonic()
        process = nix(
            *["eval", "--raw", "--store", store, "--no-write-lock-file", "--option", "eval-cache", "false"],
            *["--option", "allow-import-from-derivation", "false", *overrides],
            *["--apply", DERIVATIONS, f"path:{repository}#checks.{system}"],
            stderr=log,
            env=os.environ | {"NIX_SHOW_STATS": "1", "NIX_SHOW_STATS_PATH": statistics.name},
        )
        checks = dict(word.split("=") for word in process.stdout.read().split())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            sys.exit(f"bench-eval: the evaluation failed\n{log.read()}")
        return checks, {
            "seconds": round(seconds, 2),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            # kilobytes on Linux, bytes on macOS
            "peak_memory_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            "function_calls": json.load(statistics)["nrFunctionCalls"],
        }


def count_derivations(checks, store):
    process = nix("path-info", "--store", store, "--recursive", "--stdin", stdin=subprocess.PIPE)
    closure, _ = process.communicate("\n".join(checks.values()))
    return sum(path.endswith(".drv") for path in closure.split())


def bench(count, folder, source, inputs, system):
    repository, store = folder / "repository", folder / "store"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(source, repository, copy_function=shutil.copyfile)
    for path in [repository, *repository.rglob("*")]:
        path.chmod(0o755)
    enlarge(repository, count)
    checks, first = measure(repository, store, inputs, system)
    _, again = measure(repository, store, inputs, system)
    return {
        "artifacts": count,
        "cells": sum(name.startswith("matrix-synthetic-") for name in checks),
        "checks": len(checks),
        "derivations": count_derivations(checks, store),
        "first": first,
        "again": again,
    }


HEADER = "artifacts   cells  derivations  evaluated       CPU  peak memory  first time"


def row(result):
    first, again = result["first"], result["again"]
    return (
        f"{result['artifacts']:>9,}  {result['cells']:>6,}  {result['derivations']:>11,}"
        f"  {again['seconds']:>7.1f} s  {again['cpu_seconds']:>6.1f} s"
        f"  {max(first['peak_memory_bytes'], again['peak_memory_bytes']) / 1e6:>8,.0f} MB  {first['seconds']:>8.1f} s"
    )


def main():
    parser = argparse.ArgumentParser(
        prog="bench-eval",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--artifacts", metavar="N", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--json", action="store_true", help="print JSON when all is measured")
    arguments = parser.parse_args()
    flake = json.loads(Path(os.environ["FLAKE"]).read_text())

    with tempfile.TemporaryDirectory(prefix="bench-eval-") as folder:
        results = []
        # NB: the first evaluation in a store copies the inputs too, and nobody waits for that twice
        bench(0, Path(folder), **flake)
        if not arguments.json:
            print(HEADER)
        for count in arguments.artifacts:
            results.append(bench(count, Path(folder), **flake))
            if not arguments.json:
                print(row(results[-1]), flush=True)
        if arguments.json:
            print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
