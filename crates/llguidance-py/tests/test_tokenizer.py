import json
import os
import tempfile
import unittest

from llguidance import LLMatcher, LLParserLimits, LLTokenizer, TokenizerWrapper
from observe import Greedy
from support import BYTES

# A vocabulary in the form of Hugging Face: bytes as characters, where a space is U+0120
TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [
        {
            "id": 0,
            "content": "<eos>",
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
    ],
    "normalizer": None,
    "pre_tokenizer": {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": False,
    },
    "post_processor": None,
    "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
    "model": {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "vocab": {"<eos>": 0, "a": 1, "b": 2, "c": 3, "bc": 4, "ab": 5, "\u0120": 6},
        "merges": ["b c", "a b"],
    },
}


class Bytes(unittest.TestCase):
    def test_every_byte_is_its_own_token(self):
        everything = bytes(range(256))
        self.assertEqual(BYTES.tokenize_bytes(everything), list(everything))
        self.assertEqual(BYTES.decode_bytes(list(range(0x80))), everything[:0x80])
        self.assertEqual(BYTES.decode_str([0xE2, 0x82, 0xAC]), "€")

    def test_ends_in_its_only_end(self):
        self.assertEqual(BYTES.eos_tokens, [BYTES.eos_token])
        self.assertEqual(BYTES.eos_token, BYTES.vocab_size - 1)
        self.assertTrue(BYTES.is_special_token(BYTES.eos_token))
        self.assertFalse(BYTES.is_special_token(ord("a")))
        self.assertTrue(BYTES.is_canonical)

    def test_what_tokens_look_like(self):
        self.assertIn("h‧i", BYTES.dbg_tokens([104, 105]))
        self.assertEqual(BYTES.test_trace_tokens([104, 105]), "h‧i")
        self.assertEqual(BYTES.greedy_tokenize("hé"), [104, 0xC3, 0xA9])
        self.assertEqual(BYTES.tokenize_str("hi", parse_special=True), [104, 105])

    def test_other_slices_make_the_same_masks(self):
        grammar = LLMatcher.grammar_from_json_schema({"type": "array"})
        masks = {
            LLMatcher(tokenizer, grammar, log_level=0).compute_bitmask()
            for tokenizer in (
                BYTES,
                BYTES.with_slices([]),
                BYTES.with_slices(LLTokenizer.json_slices()),
                LLTokenizer("byte", slices=LLTokenizer.general_slices()),
            )
        }
        self.assertEqual(len(masks), 1)

    def test_limits(self):
        limits = LLParserLimits(max_grammar_size=3, verbose_errors=False)
        self.assertEqual(limits.max_grammar_size, 3)
        self.assertIn("max_grammar_size: 3", repr(limits))
        refused = LLMatcher(BYTES, 'start: "a" | "b" | "c"', log_level=0, limits=limits)
        self.assertIn("too big", refused.get_error())


class InPython(unittest.TestCase):
    def test_is_asked_for_tokens(self):
        tokenizer = LLTokenizer(TokenizerWrapper(Greedy()))
        self.assertEqual(tokenizer.tokenize_str("ab}"), [5, 7])
        self.assertEqual(tokenizer.decode_bytes([5, 7]), b"ab}")
        # "a" may still become "ab"
        self.assertEqual(tokenizer.tokenize_partial(b"{a"), ([6], b"a"))

    def test_that_takes_strings_only(self):
        class Strings(Greedy):
            def __call__(self, text):
                return super().__call__("" + text)

        self.assertEqual(LLTokenizer(TokenizerWrapper(Strings())).tokenize_str("ab"), [5])
        self.assertEqual(TokenizerWrapper(Strings())("ab"), [5])

    def test_an_error_comes_back(self):
        class Failing(Greedy):
            def __call__(self, text):
                if text in ("ab", b"ab"):
                    raise LookupError("no such text")
                return super().__call__(text)

        tokenizer = LLTokenizer(TokenizerWrapper(Failing()))
        with self.assertRaisesRegex(LookupError, "no such text"):
            tokenizer.tokenize_str("ab")
        # and is not there any more
        self.assertEqual(tokenizer.tokenize_bytes(b"a"), [3])

    def test_an_end_that_is_no_token_is_refused(self):
        with self.assertRaisesRegex(ValueError, "99 is out of range"):
            LLTokenizer(TokenizerWrapper(Greedy()), eos_token=99)


class Json(unittest.TestCase):
    def test_text_and_file_are_one(self):
        text = json.dumps(TOKENIZER)
        tokenizer = LLTokenizer(text)
        self.assertEqual((tokenizer.vocab_size, tokenizer.eos_token), (7, 0))
        self.assertEqual(tokenizer.decode_str([5, 3, 6, 5]), "abc ab")
        self.assertEqual(tokenizer.greedy_tokenize("abc ab"), [5, 3, 6, 5])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tokenizer.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.assertEqual(LLTokenizer(path).vocab_size, 7)

    def test_vocabulary_and_ends_can_be_given(self):
        text = json.dumps(TOKENIZER)
        self.assertEqual(LLTokenizer(text, n_vocab=40).vocab_size, 40)
        self.assertEqual(LLTokenizer(text, eos_token=[2, 1]).eos_tokens, [2, 1])
        for wrong in ({"n_vocab": 3}, {"eos_token": 7}):
            with self.assertRaises(ValueError):
                LLTokenizer(text, **wrong)

    def test_what_is_no_tokenizer(self):
        for text in ("{}", "{", "/no/such/file.json"):
            with self.assertRaises(ValueError):
                LLTokenizer(text)


class Parts(unittest.TestCase):
    def test_tiktoken(self):
        tokenizer = LLTokenizer.from_tiktoken(
            encoder={b"a": 0, b"b": 1, b"ab": 2},
            special_tokens={"<e>": 3},
            pattern=".+",
            eos_token=3,
            n_vocab=8,
        )
        self.assertEqual((tokenizer.vocab_size, tokenizer.eos_token), (8, 3))
        self.assertEqual(tokenizer.tokenize_str("abb"), [2, 1])

    def test_llama_cpp_wants_addresses(self):
        for vocab, function in ((0, 1), (1, 0)):
            with self.assertRaisesRegex(ValueError, "must be non-null"):
                LLTokenizer.from_llamacpp(
                    tokens=[b"a"], vocab_ptr=vocab, tokenize_fptr=function, eos_token=0
                )
        with self.assertRaisesRegex(ValueError, "out of range"):
            LLTokenizer.from_llamacpp(tokens=[b"a"], vocab_ptr=1, tokenize_fptr=1, eos_token=1)
