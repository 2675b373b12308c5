"""What bench-llguidance measures of native llguidance, as JSON, from the vocabulary and cases on standard input."""

import base64
import json
import sys
import time

from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper


class Vocabulary:
    bos_token_id = None

    def __init__(self, given):
        self.eos_token_id = given["eos"]
        self.tokens = [base64.b64decode(token) for token in given["tokens"]]
        self.special_token_ids = given["special"]

    def __call__(self, text):
        return list(text if isinstance(text, bytes) else text.encode())


def microseconds(since):
    return (time.perf_counter_ns() - since) / 1000


def main():
    given = json.load(sys.stdin)
    start = time.perf_counter_ns()
    tokenizer = LLTokenizer(TokenizerWrapper(Vocabulary(given)))
    measured = {"ready": microseconds(start) / 1000, "first": [], "masks": []}
    for _ in range(given["rounds"]):
        for schema, tokens in given["cases"]:
            start = time.perf_counter_ns()
            matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(schema))
            matcher.compute_bitmask()
            measured["first"].append(microseconds(start) / 1000)
            for token in tokens:
                start = time.perf_counter_ns()
                mask = matcher.compute_bitmask()
                measured["masks"].append(microseconds(start))
                if not mask[token >> 3] >> (token & 7) & 1 or not matcher.consume_token(token):
                    sys.exit(f"native llguidance refuses a token of {schema}")
    json.dump(measured, sys.stdout)


if __name__ == "__main__":
    main()
