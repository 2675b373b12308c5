from typing import Any, List


class TokenizerWrapper:
    """A tokenizer written in Python, for `LLTokenizer`.

    The object that is wrapped has `eos_token_id`, `bos_token_id`, `tokens` (a `bytes` for each
    token) and perhaps `special_token_ids`; called with `bytes`, or else with `str`, it gives the
    tokens of that text.
    """

    def __init__(self, gtokenizer: Any) -> None:
        self.eos_token_id = gtokenizer.eos_token_id
        self.bos_token_id = gtokenizer.bos_token_id
        self.tokens = gtokenizer.tokens
        self.special_token_ids = getattr(gtokenizer, "special_token_ids", [])
        # LLTokenizer knows it by this
        self.is_tokenizer_wrapper = True
        self._gtokenizer = gtokenizer
        try:
            gtokenizer(b"test")
            self._accepts_bytes = True
        except Exception:
            self._accepts_bytes = False

    def _encode_string(self, s: str) -> List[int]:
        return list(self._gtokenizer(s.encode() if self._accepts_bytes else s))

    def __call__(self, s: str) -> List[int]:
        return self._encode_string(s)
