"""native.py < CASES: what native llguidance says of each case, a line each.

A verdict is `accept`, `refuse`, or `no` for a schema that does not compile.
"""

import json
import sys

from llguidance import LLMatcher, LLTokenizer


def main():
    tokenizer = LLTokenizer("byte")
    grammar = matcher = schema = None
    for line in sys.stdin:
        case = json.loads(line)
        if case["schema"] != schema:
            schema = case["schema"]
            grammar = json.dumps({"grammars": [{"json_schema": json.loads(schema)}]})
            matcher = LLMatcher(tokenizer, grammar, log_level=0)
        one = matcher.deep_copy() if not matcher.is_error() else matcher
        print(verdict(one, case["instance"].encode(errors="surrogatepass")), case["name"])


def verdict(matcher, instance):
    if matcher.is_error():
        return "no"
    taken = matcher.try_consume_tokens(list(instance))
    return "accept" if taken == len(instance) and matcher.is_accepting() else "refuse"


if __name__ == "__main__":
    main()
