"""cases.py SUITE: the cases of a JSON-Schema-Test-Suite as lines of JSON.

Each has the texts that both sides are given, so that none parses a number on the way, and whether
the instance is valid by the suite.
"""

import json
import sys
from pathlib import Path

DRAFTS = ["draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"]


def text(value):
    return json.dumps(value, ensure_ascii=False)


def main():
    suite = Path(sys.argv[1]) / "tests"
    for draft in DRAFTS:
        for path in sorted((suite / draft).rglob("*.json")):
            for group in json.loads(path.read_text()):
                for case in group["tests"]:
                    name = f"{path.relative_to(suite)}: {group['description']}: {case['description']}"
                    schema, instance = text(group["schema"]), text(case["data"])
                    print(text({"name": name, "schema": schema, "instance": instance, "valid": case["valid"]}))


if __name__ == "__main__":
    main()
