import json
import re
import unittest
from array import array

from llguidance import LLMatcher
from support import BYTES, accepts, allowed, matcher, texts


class Languages(unittest.TestCase):
    """Grammars accept what other programs accept: `re`, and `json` with a look at the value."""

    def test_regular_expressions(self):
        for pattern in (r"a*b", r"(ab|ba)+", r"a{2,3}", r"[ab]?1+", r"(a|b)(1|a)*b", r"\d[ab]|1{3}"):
            grammar = LLMatcher.grammar_from_regex(pattern)
            for text in texts("ab1", 4):
                with self.subTest(pattern=pattern, text=text):
                    self.assertEqual(accepts(grammar, text), bool(re.fullmatch(pattern, text)))

    def test_brackets_that_no_regular_expression_counts(self):
        grammar = 'start: pair*\npair: "(" start ")"'
        for text in texts("()", 6):
            depth, least = 0, 0
            for letter in text:
                depth += 1 if letter == "(" else -1
                least = min(least, depth)
            with self.subTest(text=text):
                self.assertEqual(accepts(grammar, text), depth == 0 and least == 0)

    def test_schemas(self):
        schemas = {
            "integer": ({"type": "integer"}, lambda value: type(value) is int),
            "boolean": ({"type": "boolean"}, lambda value: type(value) is bool),
            "enum": ({"enum": ["a", 1, None]}, lambda value: json.dumps(value) in ('"a"', "1", "null")),
            "range": (
                {"type": "integer", "minimum": -2, "maximum": 11},
                lambda value: type(value) is int and -2 <= value <= 11,
            ),
            "items": (
                {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
                lambda value: type(value) is list
                and len(value) <= 2
                and all(type(item) is int for item in value),
            ),
            "required": (
                {
                    "type": "object",
                    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                    "required": ["a"],
                    "additionalProperties": False,
                },
                lambda value: type(value) is dict
                and set(value) <= {"a", "b"}
                and type(value.get("a")) is int
                and type(value.get("b", "")) is str,
            ),
        }
        values = ["1", "-2", "-3", "12", "11", "1.5", "true", "null", '"a"', '"b"', "[]", "[1, 2]"]
        values += ["[1, 2, 3]", '["a"]', "{}", '{"a": 1}', '{"a": 1, "b": "x"}', '{"b": "x"}']
        values += ['{"a": 1, "c": 2}', '{"a": "x"}', "[", '{"a"}', "01", "1]"]
        for name, (schema, fits) in schemas.items():
            grammar = LLMatcher.grammar_from_json_schema(schema)
            for text in values:
                try:
                    expected = fits(json.loads(text))
                except ValueError:
                    expected = False
                with self.subTest(schema=name, text=text):
                    self.assertEqual(accepts(grammar, text), expected)


class Walking(unittest.TestCase):
    def test_masks_follow_the_words(self):
        words = ["red", "green", "grey", "gr"]
        for text in ("", "r", "g", "gr", "gre", "grey"):
            walk = matcher("start: " + " | ".join(map(json.dumps, words)))
            self.assertTrue(walk.consume_tokens(list(text.encode())))
            following = {ord(word[len(text)]) for word in words if re.match(text + ".", word)}
            if text in words:
                following.add(BYTES.eos_token)
            with self.subTest(text=text):
                self.assertEqual(allowed(walk.compute_bitmask()), following)
                bias = walk.compute_logit_bias()
                self.assertEqual(len(bias), BYTES.vocab_size)
                self.assertEqual({i for i, value in enumerate(bias) if value == 200}, following)
                self.assertEqual(set(bias), {0, 200})
                self.assertEqual(walk.is_accepting(), text in words)

    def test_what_must_come_is_forced(self):
        walk = matcher('start: "forced" /[0-9]/')
        self.assertEqual(walk.compute_ff_bytes(), b"forced")
        self.assertEqual(walk.compute_ff_tokens(), list(b"forced"))

    def test_back_and_anew(self):
        walk = matcher('start: "abc"')
        first = walk.compute_bitmask()
        self.assertEqual(walk.validate_tokens(list(b"abx")), 2)
        self.assertTrue(walk.consume_tokens(list(b"ab")))
        self.assertTrue(walk.rollback(2))
        self.assertEqual(walk.compute_bitmask(), first)
        self.assertTrue(walk.consume_tokens(list(b"abc")))
        self.assertTrue(walk.is_stopped())
        self.assertEqual(walk.stop_reason(), "NoExtension")
        self.assertTrue(walk.reset())
        self.assertEqual(walk.stop_reason(), "NotStopped")
        self.assertEqual(walk.compute_bitmask(), first)

    def test_an_error_stays(self):
        walk = matcher('start: "abc"')
        self.assertFalse(walk.consume_token(ord("x")))
        self.assertTrue(walk.is_error())
        self.assertTrue(walk.is_stopped())
        self.assertIn("doesn't satisfy the grammar", walk.get_error())
        self.assertFalse(walk.reset())
        self.assertFalse(walk.rollback(1))
        self.assertEqual(walk.try_consume_tokens([ord("a")]), 0)
        self.assertEqual(allowed(walk.compute_bitmask()), {BYTES.eos_token})
        self.assertTrue(walk.deep_copy().is_error())

    def test_a_copy_goes_its_own_way(self):
        walk = matcher('start: "a"+')
        copy = walk.deep_copy()
        self.assertTrue(copy.consume_token(ord("a")))
        self.assertTrue(copy.is_accepting())
        self.assertFalse(walk.is_accepting())

    def test_captures(self):
        walk = matcher('start: x y\nx[capture]: /[a-z]+/\ny[capture="number"]: /[0-9]/')
        self.assertTrue(walk.consume_tokens(list(b"abc1")))
        self.assertEqual(walk.get_captures(), [("x", b"abc"), ("number", b"1")])
        self.assertEqual(walk.get_capture("number"), b"1")
        self.assertIsNone(walk.get_capture("another"))

    def test_warnings(self):
        schema = {"type": "string", "format": "unheard-of", "x-guidance": {"lenient": True}}
        grammar = LLMatcher.grammar_from_json_schema(schema)
        self.assertTrue(matcher(grammar).get_grammar_warnings())
        self.assertEqual(matcher('start: "a"').get_grammar_warnings(), [])
        failed, messages = LLMatcher.validate_grammar_with_warnings(grammar)
        self.assertFalse(failed)
        self.assertIn("unheard-of", messages[0])


class Addresses(unittest.TestCase):
    def setUp(self):
        # Four masks of nine words, filled with what no mask has
        self.words = array("I", [0xEEEEEEEE] * 36)
        self.address = self.words.buffer_info()[0]

    def rows(self):
        return [allowed(self.words[row * 9 : row * 9 + 9].tobytes()) for row in range(4)]

    def test_a_mask(self):
        matcher('start: "abc"').unsafe_compute_mask_ptr(self.address, 36)
        self.assertEqual(self.rows()[0], {ord("a")})
        self.assertEqual(self.words[9], 0xEEEEEEEE)

    def test_masks_of_a_draft(self):
        walk = matcher('start: "abc"')
        walk.unsafe_compute_mask_ptr_with_draft_token(self.address, 36, list(b"abc"))
        self.assertEqual(
            self.rows(), [{ord("a")}, {ord("b")}, {ord("c")}, {BYTES.eos_token}]
        )
        self.assertEqual(walk.validate_tokens(list(b"abc")), 3)

    def test_a_draft_ends_where_it_is_refused(self):
        walk = matcher('start: "abc"')
        walk.unsafe_compute_mask_ptr_with_draft_token(self.address, 36, list(b"axc"))
        self.assertEqual(self.rows()[:2], [{ord("a")}, {ord("b")}])
        self.assertEqual(self.words[18], 0xEEEEEEEE)
        self.assertFalse(walk.is_error())

    def test_addresses_that_cannot_be(self):
        walk = matcher('start: "abc"')
        for arguments, message in (
            ((0, 36), "Null pointer"),
            ((self.address + 1, 36), "Pointer not aligned"),
            ((self.address, 32), "Invalid buffer size"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                walk.unsafe_compute_mask_ptr(*arguments)
            with self.assertRaisesRegex(ValueError, message):
                walk.unsafe_compute_mask_ptr_with_draft_token(*arguments, [97])
