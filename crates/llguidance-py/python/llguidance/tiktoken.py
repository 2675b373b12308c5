"""Encodings of OpenAI's `tiktoken`."""

from typing import TYPE_CHECKING, List, Optional, Union

from ._lib import LLTokenizer

if TYPE_CHECKING:
    import tiktoken


def lltokenizer_from_encoding(
    encoding: "tiktoken.Encoding",
    *,
    n_vocab: Optional[int] = None,
    eos_token: Optional[Union[int, List[int]]] = None,
    slices: Optional[List[str]] = None,
) -> LLTokenizer:
    """The tokenizer of an encoding, whose end of text it is that ends an output."""
    # NB: tiktoken has no public name for what an encoding consists of
    return LLTokenizer.from_tiktoken(
        encoder=encoding._mergeable_ranks,
        special_tokens=encoding._special_tokens,
        pattern=encoding._pat_str,
        eos_token=encoding.eot_token if eos_token is None else eos_token,
        n_vocab=n_vocab,
        slices=slices,
    )
