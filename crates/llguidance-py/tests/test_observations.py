"""This llguidance does what the published wheel was observed to do."""

import struct
import unittest

import llguidance
import observe

# Where it is meant to differ: what is better than in the published wheel, or cannot be in a guest.
EXACT_TOKENIZERS = {"tiktoken's parts", "a tokenizer.json"}


def tokenizes_exactly():
    """Whether the module has the tokenizers of Hugging Face and tiktoken built in."""
    tokenizer = llguidance.LLTokenizer.from_tiktoken(
        encoder={b"a": 0}, special_tokens={"<e>": 1}, pattern=".", eos_token=1
    )
    return tokenizer.is_canonical


class Observations(unittest.TestCase):
    maxDiff = None

    def test_every_case(self):
        exact = tokenizes_exactly()
        for case in observe.read()["cases"]:
            if case["about"] in EXACT_TOKENIZERS and not exact:
                continue
            # NB: the results are compared one by one, each after those before it
            for expression, result in observe.results(case).items():
                expected = case["shows"][expression]
                # NB: the text is Python's own, and another where a C long has 32 bits
                if struct.calcsize("l") == 4 and expected.startswith("OverflowError: "):
                    result, expected = (text.partition(":")[0] for text in (result, expected))
                with self.subTest(about=case["about"], expression=expression):
                    self.assertEqual(result, expected)

    def test_of_the_version_that_is_linked(self):
        self.assertEqual(observe.read()["version"], llguidance.get_version())
