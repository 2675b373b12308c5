import json
from typing import Literal

from ._lib import LLMatcher
from .gbnf_to_lark import any_to_lark, gbnf_to_lark

GrammarFormat = Literal[
    "lark",
    "gbnf",
    "ebnf",
    "cfg",
    "grammar",
    "json_schema",
    "json",
    "regex",
    "choice",
    "llguidance",
]


def _choice(text: str) -> str:
    options = json.loads(text) if isinstance(text, str) else text
    return "start: " + " | ".join(json.dumps(option) for option in options)


_CONVERSIONS = {
    "lark": LLMatcher.grammar_from_lark,
    "gbnf": gbnf_to_lark,
    "ebnf": any_to_lark,
    "cfg": any_to_lark,
    "grammar": any_to_lark,
    "json_schema": LLMatcher.grammar_from_json_schema,
    "json": LLMatcher.grammar_from_json_schema,
    "regex": LLMatcher.grammar_from_regex,
    "choice": _choice,
    "llguidance": lambda text: text,
}


def grammar_from(format: GrammarFormat, text: str) -> str:
    """The grammar, in any of the formats, as a string for `LLMatcher`.

    `ebnf`, `cfg` and `grammar` are Lark or llama.cpp's GBNF, whichever it looks like; `choice`
    is a JSON list of strings. An unknown format is a `ValueError`. Whether the grammar makes
    sense shows when it is compiled: `LLMatcher.validate_grammar`.
    """
    try:
        convert = _CONVERSIONS[format]
    except KeyError:
        raise ValueError(f"Unknown grammar type: {format}") from None
    return convert(text)
