"""Shows how Nix shares the cells of the matrix out among remote builders.

Makes the stores of two builders and of one that builds nothing itself, has all cells built with
one builder and then with both, and asks each builder's store which of them it built. Nix speaks with
a builder on `localhost` as it does with a distant one, by ssh-ng, but without ssh. What the cells
are built from lies in all stores beforehand; the stores are temporary.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPILOG = """examples:
  nix run .#bench-builders
  nix run .#bench-builders -- --jobs 4 --json

exit codes: 0 measured, 1 a cell or a store failed, 2 wrong use"""


class Nix:
    """Nix's commands on one store, which is the machine's own unless a folder is named."""

    def __init__(self, folder=None):
        self.folder = folder
        self.store = ["--store", str(folder)] if folder else []

    def run(self, program, *arguments, lines=()):
        flakes = ["--extra-experimental-features", "nix-command"] if program == "nix" else []
        command = [program, *arguments[:1], *flakes, *self.store, *arguments[1:]]
        result = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"bench-builders: {' '.join(command)}\n{result.stderr}")
        return result.stdout

    def query(self, kind, paths):
        return self.run("nix-store", "--query", kind, *paths).split()

    def give(self, paths, other):
        self.run("nix", "copy", "--no-check-sigs", "--stdin", "--to", str(other.folder), lines=paths)

    def forget(self, paths):
        valid = set(self.run("nix", "path-info", "--all").split())
        if found := valid.intersection(paths):
            self.run("nix", "store", "delete", *found)

    def built(self, paths):
        """Those of the paths that this store did not get from another."""
        known = json.loads(self.run("nix", "path-info", "--json", "--all"))
        return [path for path in paths if (known.get(path) or {}).get("ultimate")]


def name_of(path):
    return path.split("-", 1)[1]


def inputs_of(nix, cells):
    """The outputs and files that the cells are built from, all of them in the store."""
    inputs = set(nix.query("--references", cells)) - set(cells)
    derivations = {path for path in inputs if path.endswith(".drv")}
    return sorted((inputs - derivations).union(nix.run("nix-store", "--realise", *derivations).split()))


def measure(client, builders, cells, system, jobs):
    """Has the cells built; seconds, and for each builder what its store has built."""
    machines = [
        f"ssh-ng://localhost?remote-store={builder.folder}&remote-program=nix%20daemon {system} - {jobs}"
        for builder in builders
    ]
    begin = time.monotonic()
    client.run(
        *["nix", "build", "--no-link", "--max-jobs", "0", "--builders", ";".join(machines)],
        # NB: Nix looks for a free builder every 5 seconds, and a cell takes less
        *["--option", "substituters", "", "--option", "build-poll-interval", "1"],
        *(f"{cell}^*" for cell in cells),
    )
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(
        prog="bench-builders",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="cells that a builder builds at a time")
    parser.add_argument("--json", action="store_true", help="print JSON when all is measured")
    arguments = parser.parse_args()
    known = json.loads(Path(os.environ["CELLS"]).read_text())
    cells = known["cells"]

    with tempfile.TemporaryDirectory(prefix="bench-builders-") as folder:
        own, client, *builders = [Nix(), *(Nix(Path(folder) / name) for name in ("client", "builder-1", "builder-2"))]
        own.give(cells, client)
        inputs = inputs_of(own, cells)
        for nix in (client, *builders):
            own.give(inputs, nix)
        outputs = own.query("--outputs", cells)
        results = []
        for count in (1, 2):
            seconds = measure(client, builders[:count], cells, known["system"], arguments.jobs)
            built = {nix.folder.name: sorted(map(name_of, nix.built(outputs))) for nix in builders[:count]}
            results.append({"builders": count, "seconds": round(seconds, 1), "built": built})
            if not arguments.json:
                report(results[-1])
            for nix in (client, *builders):
                nix.forget(outputs)
        if arguments.json:
            print(json.dumps(results, indent=2))


def report(result):
    print(f"{result['builders']} builder{'s'[:result['builders'] - 1]}: {result['seconds']} s")
    for builder, cells in result["built"].items():
        print(f"  {builder} built {len(cells)}")
        for cell in cells:
            print(f"    {cell}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
