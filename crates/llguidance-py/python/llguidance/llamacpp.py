"""Vocabularies of `llama_cpp`, the Python bindings of llama.cpp."""

from typing import TYPE_CHECKING, Any, List, Optional, Union

from ._lib import LLTokenizer

if TYPE_CHECKING:
    import llama_cpp

# What comes before a special token's bytes
_SPECIAL = b"\xff"


def lltokenizer_from_vocab(
    vocab: "llama_cpp.llama_vocab_p",
    n_vocab: Optional[int] = None,
    eos_token: Optional[Union[int, List[int]]] = None,
    slices: Optional[List[str]] = None,
) -> LLTokenizer:
    """The tokenizer of a `llama_vocab`, which must live as long as it."""
    import ctypes

    import llama_cpp

    size = llama_cpp.llama_vocab_n_tokens(vocab)
    if eos_token is None:
        eos_token = llama_cpp.llama_vocab_eos(vocab)
    tokens = [_token_bytes(llama_cpp, ctypes, vocab, token) for token in range(size)]
    if n_vocab is not None:
        if n_vocab < size:
            raise ValueError(f"vocab size too small; {n_vocab} vs {size}")
        tokens += [_SPECIAL + f"<[{token}]>".encode() for token in range(size, n_vocab)]
    function = llama_cpp.llama_cpp._lib.llama_tokenize
    return LLTokenizer.from_llamacpp(
        tokens=tokens,
        vocab_ptr=ctypes.cast(vocab, ctypes.c_void_p).value or 0,
        tokenize_fptr=ctypes.cast(function, ctypes.c_void_p).value or 0,
        eos_token=eos_token,
        slices=slices,
    )


def _token_bytes(llama_cpp: Any, ctypes: Any, vocab: Any, token: int) -> bytes:
    size = 64
    while True:
        buffer = ctypes.create_string_buffer(size)
        written = llama_cpp.llama_token_to_piece(vocab, token, buffer, size, 0, True)
        if written >= 0:
            break
        # It says how much room it wants
        size = -written
    text = buffer.raw[:written]
    special = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
    return _SPECIAL + text if llama_cpp.llama_vocab_get_attr(vocab, token) & special else text
