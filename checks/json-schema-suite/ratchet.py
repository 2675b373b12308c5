"""ratchet.py CASES VERDICTS RECORD: counts verdicts by draft, and compares the counts with the record.

    right    what the suite says
    refused  a valid instance
    passed   an invalid instance
    no       the schema does not compile

Any difference fails: for the worse it is a regression, for the better it is to be recorded.
"""

import json
import sys
from collections import Counter
from pathlib import Path


def main():
    cases, verdicts, record = map(Path, sys.argv[1:])
    counts = {}
    for line, said in zip(cases.open(), verdicts.open(), strict=True):
        case, (verdict, name) = json.loads(line), said.rstrip("\n").split(" ", 1)
        if name != case["name"]:
            sys.exit(f"a verdict on another case: {name}, not {case['name']}")
        draft = counts.setdefault(name.split("/")[0], Counter())
        draft[kind(verdict, case["valid"], name)] += 1
    now = "".join(
        f"[{json.dumps(draft)}]\n" + "".join(f"{key} = {count[key]}\n" for key in ("right", "refused", "passed", "no"))
        for draft, count in counts.items()
    )
    print(now, end="")
    before = "".join(line for line in record.open() if line[0] != "#" and line.strip())
    if now != before:
        sys.exit(f"{record.name} has other counts. If these are better, they are its new content.")


def kind(verdict, valid, name):
    if verdict == "no":
        return "no"
    if verdict not in ("accept", "refuse"):
        sys.exit(f"{verdict}: {name}")
    if (verdict == "accept") == valid:
        return "right"
    return "refused" if valid else "passed"


if __name__ == "__main__":
    main()
