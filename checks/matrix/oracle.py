#!/usr/bin/env python3
"""Check the verdicts of matrix case files with engines that share nothing with llguidance.

    pip install regex jsonschema lark
    python3 checks/matrix/oracle.py checks/matrix/llguidance

Prints one line per disagreement; exit 1 if there is any. Cases that were decided
by hand (their oracle says so) are counted and left alone.
"""

import json
import pathlib
import re
import sys

import jsonschema
import lark
import regex


def text_of(grammar):
    return "\n".join(grammar) if isinstance(grammar, list) else grammar


def regex_engine(grammar, oracle):
    engine = regex if "PyPI regex: fullmatch" in oracle else re
    pattern = engine.compile(grammar)
    return lambda text: pattern.fullmatch(text) is not None


def json_engine(grammar, _oracle):
    schema = json.loads(grammar) if isinstance(grammar, str) else grammar
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.FormatChecker()
    )
    validator.is_valid(None)  # resolves references

    def constant(name):
        raise ValueError(f"{name} is not JSON")

    def verdict(text):
        try:
            value = json.loads(text, parse_constant=constant)
        except ValueError:
            return False
        return validator.is_valid(value)

    return verdict


def lark_engine(grammar, _oracle):
    parser = lark.Lark(
        text_of(grammar), parser="earley", lexer="dynamic_complete", start="start"
    )

    def verdict(text):
        try:
            parser.parse(text)
        except lark.exceptions.UnexpectedInput:
            return False
        return True

    return verdict


ENGINES = {"regex": regex_engine, "json_schema": json_engine, "lark": lark_engine}


def disagreements(case):
    """Every point on which an engine and the case file disagree."""
    make = ENGINES[case["type"]]
    if case.get("invalid"):
        try:
            make(case["grammar"], case["oracle"])
        except Exception:  # each engine has its own errors for a bad grammar
            return
        yield "the grammar is taken, and must be refused"
        return
    verdict = make(case["grammar"], case["oracle"])
    for text in case["accept"]:
        if not verdict(text):
            yield f"accept {text!r}: refused"
    for refusal in case["refuse"]:
        text, at = refusal["text"], refusal.get("at")
        if verdict(text):
            yield f"refuse {text!r}: accepted"
        if at is None:
            continue
        # A prefix that a string of the language begins with is never a refusal.
        data = text.encode()
        for other in case["accept"]:
            if other.encode().startswith(data[: at + 1]) and at < len(data):
                yield f"refuse {text!r} at {at}: {other!r} begins so, and is accepted"
        if "partial=True" in case["oracle"] and text.isascii():
            pattern = regex.compile(case["grammar"])
            viable = [
                n
                for n in range(len(text) + 1)
                if pattern.fullmatch(text[:n], partial=True)
            ]
            if at != max(viable):
                yield f"refuse {text!r} at {at}: {max(viable)} by partial match"


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.json"))
    strings = by_hand = wrong = 0
    for file in files:
        case = json.loads(file.read_text())
        if case["oracle"].startswith("by hand"):
            by_hand += 1
            continue
        strings += len(case.get("accept", [])) + len(case.get("refuse", []))
        for disagreement in disagreements(case):
            wrong += 1
            print(f"{file.name}: {disagreement}")
    print(
        f"{len(files)} cases, {strings} strings, {by_hand} cases by hand, {wrong} disagreements"
    )
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
