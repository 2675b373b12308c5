#!/usr/bin/env python3
"""Records what a wheel named llguidance does, for ours to be held against.

    pip install llguidance==1.9.1
    python3 crates/llguidance-py/tests/observe.py

Runs every case of `observations.json` with the llguidance that is installed, and writes the
results into it. `given` are statements, and the keys of `shows` expressions, of which the results
are shown by `repr`, or as the type of an error and the first line of its message. Only the
published wheel is ever recorded: `test_observations.py` says whether another one does the same.
"""

import json
import pathlib
import sys

import llguidance

OBSERVATIONS = pathlib.Path(__file__).with_name("observations.json")


class Greedy:
    """A tokenizer in Python, of a few tokens, that takes the longest first."""

    eos_token_id = 2
    bos_token_id = 1
    special_token_ids = [0, 1, 2]
    tokens = [b"<unk>", b"<s>", b"</s>", b"a", b"b", b"ab", b"{", b"}", b'"']

    def __call__(self, text):
        text = text if isinstance(text, bytes) else text.encode()
        result = []
        while text:
            token = max(
                (index for index, token in enumerate(self.tokens) if text.startswith(token)),
                key=lambda index: len(self.tokens[index]),
            )
            result.append(token)
            text = text[len(self.tokens[token]) :]
        return result


def result(expression, names):
    """What an expression gives, as text."""
    try:
        return repr(eval(expression, names))
    except Exception as error:
        # What follows the first line is the parser's state, with times in it
        lines = str(error).splitlines() or [""]
        return f"{type(error).__name__}: {lines[0]}"


def results(case):
    """What a case shows, by expression."""
    names = {name: getattr(llguidance, name) for name in llguidance.__all__}
    names["Greedy"] = Greedy
    names["llguidance"] = llguidance
    for statement in case.get("given", []):
        exec(statement, names)
    return {expression: result(expression, names) for expression in case["shows"]}


def read():
    return json.loads(OBSERVATIONS.read_text(encoding="utf-8"))


def main():
    observations = read()
    observations["version"] = llguidance.get_version()
    for case in observations["cases"]:
        case["shows"] = results(case)
    text = json.dumps(observations, indent=2, ensure_ascii=False)
    OBSERVATIONS.write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
