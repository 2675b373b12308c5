"""Makes the output of a language model follow a grammar.

An `LLTokenizer` stands for the vocabulary, an `LLMatcher` for one output and its grammar:

    tokenizer = LLTokenizer("byte")
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema({"enum": ["red", "grey"]}))
    mask = matcher.compute_bitmask()
    matcher.consume_token(ord('"'))
"""

from ._lib import (
    JsonCompiler,
    LarkCompiler,
    LLExecutor,
    LLInterpreter,
    LLMatcher,
    LLParserLimits,
    LLTokenizer,
    RegexCompiler,
    get_version,
    regex_to_lark,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._grammar_from import GrammarFormat, grammar_from
    from ._struct_tag import StructTag
    from ._tokenizer import TokenizerWrapper

    __version__: str

__all__ = [
    "LLTokenizer",
    "LLMatcher",
    "LLInterpreter",
    "LLExecutor",
    "LLParserLimits",
    "JsonCompiler",
    "LarkCompiler",
    "RegexCompiler",
    "TokenizerWrapper",
    "grammar_from",
    "GrammarFormat",
    "StructTag",
    "regex_to_lark",
    "get_version",
    "__version__",
]

# Imported when first asked for: in a guest, what these import takes longer than the interpreter's start
_LATER = {
    "GrammarFormat": "_grammar_from",
    "StructTag": "_struct_tag",
    "TokenizerWrapper": "_tokenizer",
    "grammar_from": "_grammar_from",
}


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("llguidance")
    except PackageNotFoundError:
        # In a folder without the wheel's metadata
        return get_version().split()[0].partition("@")[2]


def __getattr__(name: str) -> object:
    if name == "__version__":
        value = _version()
    elif name in _LATER:
        from importlib import import_module

        value = getattr(import_module(f".{_LATER[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
