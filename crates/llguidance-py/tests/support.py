"""What several tests walk grammars with."""

import functools
import itertools

from llguidance import LLMatcher, LLTokenizer

BYTES = LLTokenizer("byte")


def matcher(grammar, tokenizer=BYTES, **options):
    """A matcher that says nothing on standard error, of a grammar that compiles."""
    result = LLMatcher(tokenizer, grammar, log_level=0, **options)
    assert not result.is_error(), result.get_error()
    return result


# A grammar takes longer to compile than a short text to walk
_at_the_start = functools.lru_cache(maxsize=None)(matcher)


def accepts(grammar, text):
    """Whether the text is a whole output of the grammar."""
    walk = _at_the_start(grammar).deep_copy()
    tokens = list(text.encode())
    return walk.try_consume_tokens(tokens) == len(tokens) and walk.is_accepting()


def allowed(mask):
    """The tokens whose bits are set in a mask."""
    return {
        8 * index + bit for index, byte in enumerate(mask) for bit in range(8) if byte >> bit & 1
    }


def texts(alphabet, longest):
    """Every text over the alphabet up to a length."""
    for length in range(longest + 1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)
