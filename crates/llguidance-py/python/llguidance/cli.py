"""Follows a text through a grammar, token by token.

    python -m llguidance.cli --tokenizer tokenizer.json --json-schema schema.json --text output.txt

Prints what was taken and how it ended; exit code 1 if the grammar or the text is refused, or the
text ends too early.
"""

import argparse
import sys
from typing import List, Optional

from ._lib import LLInterpreter, LLMatcher, LLTokenizer


def _tokenizer(name: str) -> LLTokenizer:
    if name == "byte" or name.endswith(".json"):
        return LLTokenizer(name)
    # A model's name: this needs `transformers`, and what it downloads
    from transformers import AutoTokenizer

    from .hf import from_tokenizer

    return from_tokenizer(AutoTokenizer.from_pretrained(name))


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _follow(interpreter: LLInterpreter, tokens: List[int]) -> Optional[str]:
    """Why the tokens do not make a whole output, if they do not."""
    interpreter.start_without_prompt()
    taken: List[int] = []
    while True:
        mask, _ = interpreter.compute_mask()
        if mask is None:
            break
        if len(taken) == len(tokens):
            return None if interpreter.is_accepting() else "the text ends before its grammar"
        token = tokens[len(taken)]
        if not mask[token]:
            return f"token {token} at {len(taken)} is not allowed"
        backtrack, appended = interpreter.commit_token(token)
        taken = taken[: len(taken) - backtrack] + appended
        if tokens[: len(taken)] != taken:
            return f"the grammar goes on with {appended}, and the text otherwise"
    return None if taken == tokens else f"the grammar ends at token {len(taken)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Follows a text through a grammar, token by token.",
        epilog="Exit codes: 0 the text is whole, 1 it or the grammar is refused, 2 wrong usage.",
    )
    parser.add_argument(
        "--tokenizer",
        default="byte",
        help="a tokenizer.json, a model's name, or 'byte' (default: %(default)s)",
    )
    grammar = parser.add_mutually_exclusive_group(required=True)
    grammar.add_argument("--lark", metavar="FILE", help="a Lark grammar")
    grammar.add_argument("--json-schema", metavar="FILE", help="a JSON schema")
    parser.add_argument("--text", metavar="FILE", help="what a model would have generated")
    parser.add_argument("--log-level", type=int, default=1, help="0 to 3 (default: %(default)s)")
    parser.add_argument("--ff-tokens", action="store_true", help="let the grammar force tokens")
    parser.add_argument("--backtrack", action="store_true", help="let it take tokens back")
    options = parser.parse_args()

    tokenizer = _tokenizer(options.tokenizer)
    if options.lark:
        text = LLMatcher.grammar_from_lark(_read(options.lark))
    else:
        text = LLMatcher.grammar_from_json_schema(_read(options.json_schema))
    failed, messages = LLMatcher.validate_grammar_with_warnings(text, tokenizer)
    for message in messages:
        print(message, file=sys.stderr)
    if failed:
        sys.exit(1)
    if options.text is None:
        print("the grammar is valid")
        return

    tokens = tokenizer.tokenize_str(_read(options.text))
    interpreter = LLInterpreter(
        tokenizer,
        text,
        enable_backtrack=options.backtrack,
        enable_ff_tokens=options.ff_tokens,
        log_level=options.log_level,
    )
    problem = _follow(interpreter, tokens)
    if problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    print(f"{len(tokens)} tokens, {interpreter.stop_reason()}")


if __name__ == "__main__":
    main()
