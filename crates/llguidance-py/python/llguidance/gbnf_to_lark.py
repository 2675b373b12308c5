"""llama.cpp's grammars, GBNF, as Lark.

    python -m llguidance.gbnf_to_lark grammar.gbnf > grammar.lark

Rules stay rules, and a class of characters matches one character at a time, so that a text is
split in any way that the grammar allows. No rule becomes a terminal: that would match as much as
it can, and `[a-z]+ "b"` would refuse `ab`.
"""

import json
import re
import sys
from typing import Dict, List, Tuple

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t]|#[^\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:\s|#[^\n]*)*")
_BOUNDS = re.compile(r"\{\s*(\d+)\s*(?:(,)\s*(\d*)\s*)?\}")
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_RULE_START = re.compile(r"[A-Za-z0-9_-]+\s*::=")
_RULE = re.compile(rf"^[ \t]*{_RULE_START.pattern}", re.MULTILINE)
_LARK_RULE = re.compile(r"^[ \t]*[?!]?[A-Za-z_][\w-]*(?:\[[^\]\n]*\])?\s*:(?!:=)", re.MULTILINE)


class GbnfToLarkError(Exception):
    """What is wrong with a grammar, and in which line."""

    def __init__(self, text: str, position: int, message: str) -> None:
        line = text.count("\n", 0, position) + 1
        start = text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        shown = text[start : end if end >= 0 else len(text)]
        super().__init__(f"{message} at line {line}, column {position - start + 1}: {shown!r}")


class _Parser:
    """Reads GBNF, and has each rule's alternatives in Lark."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.rules: Dict[str, List[str]] = {}
        # Each name where it is used first, for an error message
        self.used: Dict[str, int] = {}
        self.lark_names = {"root": "start"}

    def lark_name(self, rule: str) -> str:
        """Lark's name of a rule: lower case, without dashes, and no other rule's."""
        if rule not in self.lark_names:
            name = rule.lower().replace("-", "_")
            if not name[0].isalpha():
                name = f"r_{name}"
            taken, number = name, 2
            while taken in self.lark_names.values():
                taken, number = f"{name}_{number}", number + 1
            self.lark_names[rule] = taken
        return self.lark_names[rule]

    def fail(self, message: str) -> GbnfToLarkError:
        return GbnfToLarkError(self.text, self.position, message)

    def skip(self, lines: bool) -> None:
        pattern = _SPACE_AND_LINES if lines else _SPACE
        self.position = pattern.match(self.text, self.position).end()  # type: ignore[union-attr]

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self, expected: str) -> bool:
        found = self.text.startswith(expected, self.position)
        if found:
            self.position += len(expected)
        return found

    def grammar(self) -> Dict[str, List[str]]:
        self.skip(lines=True)
        while self.position < len(self.text):
            start = self.position
            name = self.name()
            self.skip(lines=True)
            if not self.take("::="):
                raise self.fail("Expected ::=")
            if name in self.rules:
                self.position = start
                raise self.fail(f"Rule {name!r} is there twice")
            self.skip(lines=True)
            self.rules[name] = self.alternatives(nested=False)
            self.skip(lines=False)
            if self.peek() not in ("", "\n", "\r") and not self.starts_rule():
                raise self.fail("Expected the end of the line")
            self.skip(lines=True)
        return self.rules

    def name(self) -> str:
        match = _NAME.match(self.text, self.position)
        if not match:
            raise self.fail("Expected name")
        self.position = match.end()
        return match.group()

    def alternatives(self, nested: bool) -> List[str]:
        alternatives = [self.sequence(nested)]
        while self.take("|"):
            self.skip(lines=True)
            alternatives.append(self.sequence(nested))
        return alternatives

    def sequence(self, nested: bool) -> str:
        items = []
        while True:
            self.skip(lines=nested)
            if not nested and self.starts_rule():
                break
            item = self.item()
            if not item:
                break
            items.append(self.repeated(item, nested))
        return " ".join(items) or '""'

    def starts_rule(self) -> bool:
        return bool(_RULE_START.match(self.text, self.position))

    def item(self) -> str:
        character = self.peek()
        if character == '"':
            return self.literal()
        if character == "[":
            return self.characters()
        if self.take("."):
            return r"/(.|\n)/"
        if self.take("("):
            self.skip(lines=True)
            alternatives = self.alternatives(nested=True)
            self.skip(lines=True)
            if not self.take(")"):
                raise self.fail("Expected ')'")
            return f"({' | '.join(alternatives)})"
        if _NAME.match(self.text, self.position):
            start = self.position
            name = self.name()
            self.used.setdefault(name, start)
            return self.lark_name(name)
        return ""

    def repeated(self, item: str, nested: bool) -> str:
        operators = 0
        while True:
            before = self.position
            self.skip(lines=nested)
            bounds = _BOUNDS.match(self.text, self.position)
            operator = self.peek()
            if bounds:
                low, comma, high = bounds.groups()
                if high and int(high) < int(low):
                    raise self.fail("Expected a maximum that is not below the minimum")
                operator = f"{{{int(low)},{high or ''}}}" if comma else f"{{{int(low)}}}"
                self.position = bounds.end()
            elif operator and operator in "*+?":
                self.position += 1
            else:
                self.position = before
                return item
            # An operator behind another one needs a group in Lark
            item = f"({item}){operator}" if operators else item + operator
            operators += 1

    def character(self, end: str) -> str:
        character = self.peek()
        if character in ("", "\n"):
            raise self.fail(f"Expected {end!r}")
        self.position += 1
        if character != "\\":
            return character
        escape = self.peek()
        if not escape:
            raise self.fail("Expected what the backslash escapes")
        self.position += 1
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        if escape in _HEX_DIGITS:
            size = _HEX_DIGITS[escape]
            digits = self.text[self.position : self.position + size]
            if not re.fullmatch(f"[0-9A-Fa-f]{{{size}}}", digits) or int(digits, 16) > 0x10FFFF:
                raise self.fail(f"Expected {size} hexadecimal digits of a character")
            self.position += size
            return chr(int(digits, 16))
        return escape

    def literal(self) -> str:
        self.position += 1
        characters = []
        while not self.take('"'):
            characters.append(self.character('"'))
        return json.dumps("".join(characters), ensure_ascii=False)

    def characters(self) -> str:
        self.position += 1
        negated = "^" if self.take("^") else ""
        ranges: List[Tuple[str, str]] = []
        while not self.take("]"):
            first = self.character("]")
            last = first
            if self.peek() == "-" and self.text[self.position + 1 : self.position + 2] != "]":
                self.position += 1
                last = self.character("]")
            if last < first:
                raise self.fail("Expected a range that does not end before it starts")
            ranges.append((first, last))
        if not ranges:
            raise self.fail("Expected a character")
        inside = "".join(
            _in_class(first) if first == last else f"{_in_class(first)}-{_in_class(last)}"
            for first, last in ranges
        )
        return f"/[{negated}{inside}]/"


def _in_class(character: str) -> str:
    plain = character.isascii() and character.isalnum()
    return character if plain else f"\\x{{{ord(character):X}}}"


def gbnf_to_lark(text: str) -> str:
    """The grammar in Lark, whose rule `start` is GBNF's `root`.

    A grammar that is not GBNF is a `GbnfToLarkError`.
    """
    parser = _Parser(text)
    rules = parser.grammar()
    if "root" not in rules:
        raise GbnfToLarkError(text, len(text), "No 'root' rule found")
    for name, position in parser.used.items():
        if name not in rules:
            raise GbnfToLarkError(text, position, f"Rule {name!r} not found")
    lines = ["%llguidance {}", ""]
    for rule in ["root", *(rule for rule in rules if rule != "root")]:
        alternatives = "\n     | ".join(rules[rule])
        lines.append(f"{parser.lark_name(rule)}: {alternatives}")
    return "\n".join(lines) + "\n"


def is_lark_syntax(text: str) -> bool:
    """Whether a grammar looks like Lark rather than GBNF."""
    return not _RULE.search(text) and bool(_LARK_RULE.search(text))


def any_to_lark(text: str) -> str:
    """A grammar in Lark or GBNF, in Lark."""
    return text if is_lark_syntax(text) else gbnf_to_lark(text)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print("usage: python -m llguidance.gbnf_to_lark FILE...", file=sys.stderr)
        sys.exit(0 if "--help" in sys.argv or "-h" in sys.argv else 2)
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            try:
                print(any_to_lark(file.read()))
            except GbnfToLarkError as error:
                print(f"{path}: {error}", file=sys.stderr)
                sys.exit(1)


if __name__ == "__main__":
    main()
