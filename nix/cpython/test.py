"""Runs modules of CPython's own test suite in python.wasm, each in a process of Wasmtime.

test.py --suite tests.toml --python FILE.cwasm --root DIR --out DIR [--only quick] [--jobs N] [MODULE...]

DIR of --root is the guest's /: it has lib/python3.13 with the folder `test` in it.
Writes summary.json, modules.tsv and the log of each module that did not pass whole into --out, prints the
count, and exits with 1 if a test failed that the suite does not name as known, or a known one passes.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

FAILURE = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): .*?\((test\.[\w.]+|[\w.]*\.test_\w+)\)", re.MULTILINE)
BROKEN_SET_UP = re.compile(r"^ERROR: ((?:setUp|tearDown)\w+ \(test\.[\w.]+\))", re.MULTILINE)
TOTAL = re.compile(r"^Total tests: run=([\d,]+)(?: \([^)]*\))?(?: failures=([\d,]+))?(?: skipped=([\d,]+))?$", re.MULTILINE)
SKIPPED = re.compile(r"\.\.\. skipped (['\"])(.*)\1$", re.MULTILINE)
SKIPPED_MODULE = re.compile(r"^test_\w+ skipped(?: \(resource denied\))? -- (.*)$|^test\.\w+ skipped -- (.*)$", re.MULTILINE)


def number(text):
    return int((text or "0").replace(",", ""))


def run(module, options):
    """What became of one module: counts, the tests that failed, and why others were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["wasmtime", "run", "--allow-precompiled", "-W", "max-wasm-stack=16777216"]
        command += ["--dir", f"{options.root}::/", "--dir", f"{folder}::/tmp", "--env", "TMPDIR=/tmp"]
        # NB: a fixed seed, because regrtest draws one that tests take their random cases from
        command += [options.python, "-m", "test", "-v", "--randseed", "1", module]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=options.timeout
            )
            log, code = done.stdout.decode(errors="replace"), done.returncode
        except subprocess.TimeoutExpired as expired:
            log, code = (expired.stdout or b"").decode(errors="replace") + "\ntimeout\n", None
    total = TOTAL.search(log)
    whole = SKIPPED_MODULE.search(log)
    failed = sorted(set(FAILURE.findall(log)) | set(BROKEN_SET_UP.findall(log)))
    if total is None or (code != 0 and not failed and not whole):
        failed.append(f"{module} ended with {'a timeout' if code is None else f'exit code {code}'}")
    ran, skipped = (number(total[1]), number(total[3])) if total else (0, 0)
    reasons = collections.Counter(reason for _, reason in SKIPPED.findall(log))
    return {
        "module": module,
        "passed": max(0, ran - skipped - len(failed)),
        "failed": failed,
        "skipped": skipped,
        "reasons": reasons,
        "not run": (whole[1] or whole[2]) if whole else None,
        "log": log,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", required=True, type=pathlib.Path, help="which modules, and which tests are known to fail")
    parser.add_argument("--python", required=True, help="python.wasm, compiled ahead of time")
    parser.add_argument("--root", required=True, help="the guest's /")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--only", choices=["quick"], help="a list of the suite in place of all its modules")
    parser.add_argument("--jobs", type=int, default=1, help="modules at the same time")
    parser.add_argument("--timeout", type=int, default=1200, help="seconds that a module may take")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()

    suite = tomllib.loads(options.suite.read_text())
    modules = options.modules or suite[options.only or "modules"]
    options.out.mkdir(parents=True, exist_ok=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda module: run(module, options), modules):
            results.append(result)
            skipped = f" (skipped: {result['not run']})" if result["not run"] else ""
            print(f"{result['module']}: {result['passed']} passed, {len(result['failed'])} failed, {result['skipped']} skipped{skipped}", flush=True)
            if result["failed"] or result["not run"]:
                (options.out / f"{result['module']}.log").write_text(result["log"])

    failed = {test for result in results for test in result["failed"]}
    known = {test for test in suite["known"] if any(f"test.{module}." in test or test.startswith(module) for module in modules)}
    reasons = sum((result["reasons"] for result in results), collections.Counter())
    summary = {
        "passed": sum(result["passed"] for result in results),
        "failed": len(failed),
        "skipped": sum(result["skipped"] for result in results),
        "modules": len(results),
        "known failures": sorted(failed & known),
        "unknown failures": sorted(failed - known),
        "known, but passed": sorted(known - failed),
        "skipped because": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
    }
    (options.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    lines = [f"{result['module']}\t{result['passed']}\t{len(result['failed'])}\t{result['skipped']}\n" for result in results]
    (options.out / "modules.tsv").write_text("module\tpassed\tfailed\tskipped\n" + "".join(lines))
    for state in "unknown failures", "known, but passed":
        for test in summary[state]:
            print(f"{state}: {test}", file=sys.stderr)
    print(f"{summary['passed']} passed, {summary['failed']} failed, {summary['skipped']} skipped in {len(results)} modules")
    sys.exit(bool(summary["unknown failures"] or summary["known, but passed"]))


main()
