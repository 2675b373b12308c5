import ast
import importlib
import importlib.resources
import json
import sys
import types
import unittest
from unittest import mock

import llguidance
from llguidance import LLExecutor, LLMatcher, _lib
from support import BYTES, allowed, matcher


class Names(unittest.TestCase):
    def test_every_name_is_there(self):
        for name in llguidance.__all__:
            self.assertIsNotNone(getattr(llguidance, name), name)
        self.assertTrue(llguidance.__version__.startswith("1.9.1"))
        self.assertTrue(llguidance.get_version().startswith("llguidance@1.9.1"))

    def test_the_stubs_say_what_is_there(self):
        package = importlib.resources.files(llguidance)
        self.assertTrue((package / "py.typed").is_file())
        stubs = ast.parse((package / "_lib.pyi").read_text(encoding="utf-8"))
        classes = {node.name: node for node in stubs.body if isinstance(node, ast.ClassDef)}
        functions = {node.name for node in stubs.body if isinstance(node, ast.FunctionDef)}
        public = {name for name in dir(_lib) if not name.startswith("_")}
        self.assertEqual(public, set(classes) | functions)
        for name, stub in classes.items():
            written = {}
            for node in stub.body:
                if isinstance(node, ast.FunctionDef):
                    arguments = node.args
                    written[node.name] = [
                        argument.arg
                        for argument in arguments.posonlyargs + arguments.args + arguments.kwonlyargs
                    ]
                elif isinstance(node, ast.AnnAssign):
                    written[node.target.id] = []
            actual = getattr(_lib, name)
            members = {member for member in dir(actual) if not member.startswith("_")}
            self.assertEqual(set(written) - {"__new__"}, members, name)
            for member in members:
                signature = getattr(getattr(actual, member), "__text_signature__", None)
                if signature is None:
                    continue
                names = [part.strip("$ ").split("=")[0] for part in signature.strip("()").split(",")]
                names = [part for part in names if part not in ("", "*", "/")]
                self.assertEqual(written[member], names, f"{name}.{member}")

    def test_modules_import_without_what_they_adapt_to(self):
        for name in ("hf", "tiktoken", "llamacpp", "numpy", "torch", "mlx", "cli", "gbnf_to_lark"):
            importlib.import_module(f"llguidance.{name}")


class Adaptors(unittest.TestCase):
    """Against stand-ins for what they adapt to, which need not be installed."""

    def test_hugging_face(self):
        from test_tokenizer import TOKENIZER

        class Backend:
            padding = truncation = True

            def no_padding(self):
                self.padding = False

            def no_truncation(self):
                self.truncation = False

            def to_str(self):
                assert not self.padding and not self.truncation
                return json.dumps(TOKENIZER)

        class Fast:
            backend_tokenizer = Backend()
            eos_token_id = 3

        transformers = types.SimpleNamespace(PreTrainedTokenizerFast=Fast)
        with mock.patch.dict(sys.modules, transformers=transformers):
            from llguidance.hf import from_tokenizer

            tokenizer = from_tokenizer(Fast(), n_vocab=9)
            self.assertEqual((tokenizer.vocab_size, tokenizer.eos_token), (9, 3))
            self.assertEqual(from_tokenizer(Fast(), eos_token=[1, 2]).eos_tokens, [1, 2])
            with self.assertRaisesRegex(ValueError, "Only fast tokenizers"):
                from_tokenizer(object())
        # The caller's own is as it was
        self.assertTrue(Fast.backend_tokenizer.padding)

    def test_tiktoken(self):
        from llguidance.tiktoken import lltokenizer_from_encoding

        encoding = types.SimpleNamespace(
            _mergeable_ranks={b"a": 0, b"b": 1, b"ab": 2},
            _special_tokens={"<|endoftext|>": 3},
            _pat_str=".+",
            eot_token=3,
        )
        tokenizer = lltokenizer_from_encoding(encoding, n_vocab=6)
        self.assertEqual((tokenizer.vocab_size, tokenizer.eos_token), (6, 3))
        self.assertEqual(tokenizer.tokenize_str("abb"), [2, 1])
        self.assertEqual(lltokenizer_from_encoding(encoding, eos_token=1).eos_token, 1)


def at_hand(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Arrays:
    """What the modules for numpy and torch both do; `self.masks` is the module."""

    def test_masks_and_logits(self):
        walks = [matcher('start: "ab"'), matcher('start: "c"')]
        self.assertEqual(tuple(self.masks.get_bitmask_shape(3, 33)), (3, 2))
        bitmask = self.masks.allocate_token_bitmask(3, BYTES.vocab_size)
        self.assertEqual(tuple(bitmask.shape), (3, 9))
        self.masks.fill_next_token_bitmask(walks[0], bitmask, 1)
        self.masks.fill_next_token_bitmask_par(LLExecutor(1), [(walks[1], 2)], bitmask)
        logits = self.zeros(3, BYTES.vocab_size)
        self.masks.apply_token_bitmask_inplace(logits, bitmask)
        kept = [{i for i, value in enumerate(row) if value == 0} for row in logits.tolist()]
        self.assertEqual(kept, [set(range(BYTES.vocab_size)), {ord("a")}, {ord("c")}])
        # More logits than tokens: what is no token is not allowed
        wide = self.zeros(300)
        self.masks.apply_token_bitmask_inplace(wide, bitmask[1])
        self.assertEqual([i for i, value in enumerate(wide.tolist()) if value == 0], [ord("a")])

    def test_drafts_and_tokens(self):
        walk = matcher('start: "ab"')
        bitmask = self.masks.allocate_token_bitmask(2, BYTES.vocab_size)
        self.masks.fill_next_token_bitmask_par_with_draft_tokens(
            LLExecutor(1), [(walk, 0, [ord("a")])], bitmask
        )
        rows = [
            allowed(b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in row))
            for row in bitmask.tolist()
        ]
        self.assertEqual(rows, [{ord("a")}, {ord("b")}])
        self.assertEqual(self.masks.consume_token_par(LLExecutor(1), [(walk, ord("a"))]), [True])

    def test_what_does_not_fit(self):
        walk = matcher('start: "ab"')
        bitmask = self.masks.allocate_token_bitmask(2, BYTES.vocab_size)
        with self.assertRaises(AssertionError):
            self.masks.fill_next_token_bitmask(walk, bitmask[0])
        with self.assertRaises(AssertionError):
            self.masks.fill_next_token_bitmask(walk, bitmask[:, ::2])
        with self.assertRaises(AssertionError):
            self.masks.apply_token_bitmask_inplace(self.zeros(1, 262), bitmask)


@unittest.skipUnless(at_hand("numpy"), "numpy is not installed")
class Numpy(Arrays, unittest.TestCase):
    def setUp(self):
        self.masks = importlib.import_module("llguidance.numpy")

    def zeros(self, *shape):
        return at_hand("numpy").zeros(shape, dtype="float32")


@unittest.skipUnless(at_hand("torch"), "torch is not installed")
class Torch(Arrays, unittest.TestCase):
    def setUp(self):
        self.masks = importlib.import_module("llguidance.torch")

    def zeros(self, *shape):
        return at_hand("torch").zeros(shape)


@unittest.skipUnless(at_hand("ctypes"), "there is no ctypes")
class LlamaCpp(unittest.TestCase):
    def test_tokenizes_by_its_function(self):
        import ctypes

        from llguidance.llamacpp import lltokenizer_from_vocab

        pieces = [b"a", b"b", b"ab" * 50, b"</s>"]
        signature = ctypes.CFUNCTYPE(
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.POINTER(ctypes.c_int32),
            ctypes.c_int32,
            ctypes.c_bool,
            ctypes.c_bool,
        )

        def tokenize(vocab, text, size, tokens, room, add_special, parse_special):
            ids = [b"ab".index(byte) for byte in ctypes.string_at(text, size)]
            ids = ids * 3 if parse_special else ids
            if len(ids) > room:
                return -len(ids)
            for index, token in enumerate(ids):
                tokens[index] = token
            return len(ids)

        def piece(vocab, token, buffer, size, lstrip, special):
            if len(pieces[token]) > size:
                return -len(pieces[token])
            buffer[: len(pieces[token])] = pieces[token]
            return len(pieces[token])

        callback = signature(tokenize)
        vocab = ctypes.c_void_p(4)
        llama = types.SimpleNamespace(
            llama_vocab_n_tokens=lambda vocab: len(pieces),
            llama_vocab_eos=lambda vocab: 3,
            llama_token_to_piece=piece,
            llama_vocab_get_attr=lambda vocab, token: 8 if token == 3 else 4,
            LLAMA_TOKEN_ATTR_CONTROL=8,
            LLAMA_TOKEN_ATTR_USER_DEFINED=16,
            llama_cpp=types.SimpleNamespace(_lib=types.SimpleNamespace(llama_tokenize=callback)),
        )
        with mock.patch.dict(sys.modules, llama_cpp=llama):
            tokenizer = lltokenizer_from_vocab(vocab, n_vocab=6)
        self.assertEqual((tokenizer.vocab_size, tokenizer.eos_token), (6, 3))
        self.assertTrue(tokenizer.is_special_token(3))
        self.assertEqual(tokenizer.decode_bytes([2]), b"ab" * 50)
        self.assertEqual(tokenizer.tokenize_str("abba"), [0, 1, 1, 0])
        # Three times as many tokens as bytes do not fit at the first try
        self.assertEqual(tokenizer.tokenize_str("ab" * 9, parse_special=True), [0, 1] * 27)
        walk = LLMatcher(tokenizer, 'start: "a"+', log_level=0)
        self.assertEqual(allowed(walk.compute_bitmask()), {0})
