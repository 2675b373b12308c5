"""Tokenizers of Hugging Face's `transformers`."""

from copy import copy
from typing import TYPE_CHECKING, List, Optional, Union

from ._lib import LLTokenizer

if TYPE_CHECKING:
    import transformers


def from_tokenizer(
    hf_tokenizer: "transformers.PreTrainedTokenizerFast",
    n_vocab: Optional[int] = None,
    eos_token: Optional[Union[int, List[int]]] = None,
    slices: Optional[List[str]] = None,
) -> LLTokenizer:
    """The tokenizer of a fast one; `n_vocab` is the size of the model's logits, if larger."""
    import transformers

    if not isinstance(hf_tokenizer, transformers.PreTrainedTokenizerFast):
        raise ValueError("Only fast tokenizers are supported")
    # The caller's own keeps its settings
    backend = copy(hf_tokenizer.backend_tokenizer)
    backend.no_padding()
    backend.no_truncation()
    if eos_token is None:
        eos_token = hf_tokenizer.eos_token_id
    return LLTokenizer(backend.to_str(), n_vocab=n_vocab, eos_token=eos_token, slices=slices)
