"""lark_verdicts.py CASES: the cases of lark.toml as lines of JSON, with the verdict of the engine Lark.

It is Lark's Earley parser, which looks for each terminal where the grammar allows it, and so is the
nearest to llguidance.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from lark import Lark, UnexpectedInput
from lark.exceptions import LarkError


def main():
    known = tomllib.loads(Path(sys.argv[1]).read_text())
    for case in known["case"]:
        grammar, differ = case["lark"], case.get("differ", {})
        if stray := set(differ) - set(known["reasons"]) or set(sum(differ.values(), [])) - set(case["texts"]):
            sys.exit(f"{case['about']}: no such reason or text: {', '.join(sorted(stray))}")
        parser = compiled(grammar)
        for text in case["texts"]:
            matches = parsed(parser, text)
            differs = any(text in texts for texts in differ.values())
            print(json.dumps({"grammar": {"lark": grammar}, "text": text, "matches": matches != differs}))
    for case in known["refused"]:
        grammar = case["lark"]
        if (compiled(grammar) is None) != ("lark" in case["by"]):
            sys.exit(f"Lark says otherwise: {case['because']}: {grammar}")
        print(json.dumps({"grammar": {"lark": grammar}, "compiles": "llguidance" not in case["by"]}))


def compiled(grammar):
    try:
        return Lark(grammar, parser="earley", lexer="dynamic")
    except (LarkError, ValueError, re.error):
        return None


def parsed(parser, text):
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


if __name__ == "__main__":
    main()
