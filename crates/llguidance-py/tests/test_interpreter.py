import json
import unittest
from array import array

from llguidance import LLInterpreter
from support import BYTES, allowed


def interpreter(grammar, **options):
    return LLInterpreter(BYTES, grammar, log_level=0, **options)


def chosen(bias):
    return {token for token, value in enumerate(bias) if value == 200}


class Sessions(unittest.TestCase):
    def test_from_prompt_to_end(self):
        session = interpreter('start: "ab" /[0-9]/ "c"')
        # What is forced at the start belongs to the prompt
        self.assertEqual(session.process_prompt(list(b"?")), list(b"?ab"))
        mask, report = session.compute_mask()
        self.assertEqual(chosen(mask), set(b"0123456789"))
        self.assertFalse(json.loads(report)["stop"])
        self.assertEqual(session.validate_tokens_raw(list(b"7cx")), 2)
        self.assertEqual(session.commit_token(ord("7")), (0, list(b"7c")))
        self.assertTrue(session.is_accepting())
        self.assertTrue(session.has_pending_stop())
        mask, report = session.compute_mask()
        self.assertIsNone(mask)
        report = json.loads(report)
        self.assertTrue(report["stop"])
        self.assertEqual(report["progress"][-1]["str"], "ab7c")
        self.assertEqual(session.stop_reason(), "NoExtension")
        self.assertEqual(session.commit_token(None), (0, []))

    def test_without_forcing_each_token_is_asked_for(self):
        session = interpreter('start: "abc"', enable_backtrack=False, enable_ff_tokens=False)
        session.start_without_prompt()
        for letter in b"abc":
            mask, _ = session.compute_mask()
            self.assertEqual(chosen(mask), {letter})
            self.assertEqual(session.commit_token(letter), (0, [letter]))
        self.assertIsNone(session.compute_mask()[0])

    def test_the_temperature_of_a_rule(self):
        session = interpreter("start: x\nx[temperature=0.5]: /[a-z]+/")
        self.assertEqual(json.loads(session.compute_mask()[1])["temperature"], 0.5)

    def test_masks_into_memory(self):
        session = interpreter('start: "a"')
        session.start_without_prompt()
        buffer = bytearray(b"\xee" * 40)
        session.deep_copy().compute_mask_into(buffer)
        self.assertEqual(allowed(buffer[:36]), {ord("a")})
        self.assertEqual(buffer[36:], b"\xee" * 4)
        words = array("I", [0xEEEEEEEE] * 9)
        report = session.unsafe_compute_mask_ptr(words.buffer_info()[0], 36)
        self.assertEqual(allowed(words.tobytes()), {ord("a")})
        self.assertIn("progress", json.loads(report))

    def test_errors_are_raised(self):
        with self.assertRaisesRegex(ValueError, "unknown name"):
            interpreter("start: nothing")
        session = interpreter('start: "a"')
        session.start_without_prompt()
        with self.assertRaisesRegex(ValueError, "started before"):
            session.process_prompt([])
        with self.assertRaisesRegex(ValueError, "started before"):
            session.start_without_prompt()
        session.compute_mask()
        with self.assertRaisesRegex(ValueError, "sampled_token is required"):
            session.commit_token(None)
        with self.assertRaisesRegex(ValueError, "doesn't satisfy the grammar"):
            session.commit_token(ord("x"))
        with self.assertRaisesRegex(ValueError, "parser stopped"):
            session.compute_mask()

    def test_a_token_needs_a_mask(self):
        session = interpreter('start: "ab"', enable_backtrack=False, enable_ff_tokens=False)
        with self.assertRaisesRegex(ValueError, "without compute_mask"):
            session.commit_token(ord("a"))

    def test_log_level(self):
        session = interpreter('start: "a"')
        self.assertEqual(session.log_level, 0)
        session.log_level = 2
        self.assertEqual(session.log_level, 2)
