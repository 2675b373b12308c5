"""Makes the output of a language model follow a grammar.

An `LLTokenizer` stands for the vocabulary, an `LLMatcher` for one output and its grammar:

    tokenizer = LLTokenizer("byte")
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema({"enum": ["red", "grey"]}))
    mask = matcher.compute_bitmask()
    matcher.consume_token(ord('"'))
"""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version

from ._grammar_from import GrammarFormat, grammar_from
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
from ._struct_tag import StructTag
from ._tokenizer import TokenizerWrapper

try:
    __version__ = _version("llguidance")
except PackageNotFoundError:
    # Linked into an interpreter, or in a folder without the wheel's metadata
    __version__ = get_version().split()[0].partition("@")[2]

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
