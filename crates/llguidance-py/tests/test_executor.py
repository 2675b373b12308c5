import unittest
from array import array

from llguidance import LLExecutor
from support import allowed, matcher

WORDS = ["abc", "bcd", "cde", "def"]


class Batches(unittest.TestCase):
    """The same with one thread and with several, where there are none too."""

    def setUp(self):
        self.words = array("I", [0xEEEEEEEE] * 9 * 8)
        self.address = self.words.buffer_info()[0]
        self.matchers = [matcher(f'start: "{word}"') for word in WORDS]

    def row(self, index):
        return allowed(self.words[9 * index : 9 * index + 9].tobytes())

    def test_masks(self):
        for executor in (LLExecutor(1), LLExecutor(3), LLExecutor()):
            batch = [(walk, 7 - index) for index, walk in enumerate(self.matchers)]
            executor.unsafe_compute_mask_ptr(batch, self.address, 36, 8)
            for index, word in enumerate(WORDS):
                self.assertEqual(self.row(7 - index), {ord(word[0])})
            self.assertEqual(self.words[0], 0xEEEEEEEE)

    def test_masks_of_drafts(self):
        for executor in (LLExecutor(1), LLExecutor(num_threads=2)):
            batch = [
                (walk, 2 * index, [ord(WORDS[index][0])])
                for index, walk in enumerate(self.matchers)
            ]
            executor.unsafe_compute_mask_ptr_with_draft_token(batch, self.address, 36, 8)
            for index, word in enumerate(WORDS):
                self.assertEqual(self.row(2 * index), {ord(word[0])})
                self.assertEqual(self.row(2 * index + 1), {ord(word[1])})

    def test_tokens(self):
        executor = LLExecutor(2)
        batch = [(walk, ord("b")) for walk in self.matchers]
        self.assertEqual(executor.consume_token_par(batch), [False, True, False, False])
        self.assertEqual([walk.is_error() for walk in self.matchers], [True, False, True, True])

    def test_what_cannot_be_done(self):
        executor = LLExecutor(1)
        one, two = self.matchers[:2]
        with self.assertRaisesRegex(ValueError, "out of bounds"):
            executor.unsafe_compute_mask_ptr([(one, 8)], self.address, 36, 8)
        # The draft's second mask has no row
        with self.assertRaisesRegex(ValueError, "out of bounds"):
            executor.unsafe_compute_mask_ptr_with_draft_token(
                [(one, 7, [97])], self.address, 36, 8
            )
        with self.assertRaisesRegex(RuntimeError, "borrowed"):
            executor.consume_token_par([(one, 97), (one, 98)])
        with self.assertRaises(TypeError):
            executor.consume_token_par([(1, 2)])
        with self.assertRaisesRegex(ValueError, "No matchers"):
            executor.consume_token_par([])
        # None of these took anything
        self.assertEqual(executor.consume_token_par([(one, 97), (two, 98)]), [True, True])
