"""native.py LIBRARY RANKS OUT < CASES: walks grammars with native llguidance, by its C ABI.

A case is a grammar and a text, over two vocabularies: one token a byte, and the tokens of RANKS. Its
walk is along the tokens of the text as far as the grammar allows, and some steps on by tokens that the
mask allows. OUT gets a line of JSON for each: the tokens, and the CRC-32 of the mask before each and
after the last; no masks where the grammar does not compile.
"""

import base64
import ctypes
import json
import sys
import zlib
from ctypes import POINTER, byref, c_bool, c_char_p, c_int32, c_size_t, c_uint32, c_void_p
from pathlib import Path

STEPS_ON = 6
# As in module.mjs
SPECIAL = [b"<|special_%d|>" % index for index in range(256)]
END = 9

SIGNATURES = {
    "llg_new_tokenizer_v2": (c_void_p, [c_void_p, c_char_p, c_size_t]),
    "llg_tokenize_bytes": (c_size_t, [c_void_p, c_char_p, c_size_t, POINTER(c_uint32), c_size_t]),
    "llg_constraint_init_set_defaults": (None, [c_void_p, c_void_p]),
    "llg_new_matcher": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "llg_clone_matcher": (c_void_p, [c_void_p]),
    "llg_free_matcher": (None, [c_void_p]),
    "llg_matcher_is_error": (c_bool, [c_void_p]),
    "llg_matcher_is_stopped": (c_bool, [c_void_p]),
    "llg_matcher_compute_mask_into": (c_int32, [c_void_p, c_char_p, c_size_t]),
    "llg_matcher_consume_token": (c_int32, [c_void_p, c_uint32]),
}
TAGS = {"jsonSchema": b"json_schema", "regex": b"regex", "lark": b"lark"}


class TokenizerInit(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("vocab_size", c_uint32),
        ("tok_eos", c_uint32),
        ("token_lens", POINTER(c_uint32)),
        ("token_bytes", c_char_p),
        ("tokenizer_json", c_char_p),
        ("tokenize_assumes_string", c_bool),
        ("tokenize_fn", c_void_p),
        ("use_approximate_greedy_tokenize_fn", c_bool),
        ("tokenize_user_data", c_void_p),
        ("slices", c_void_p),
        ("tok_eos_extra", c_void_p),
        ("tok_eos_extra_count", c_uint32),
    ]


class ConstraintInit(ctypes.Structure):
    _fields_ = [
        ("tokenizer", c_void_p),
        ("log_buffer_level", c_uint32),
        ("log_stderr_level", c_uint32),
        ("and_more", ctypes.c_uint8 * 128),
    ]


class Tokenizer:
    def __init__(self, llg, tokens, end):
        self.llg, self.mask_size = llg, (len(tokens) + 31) // 32 * 4
        lengths = (c_uint32 * len(tokens))(*map(len, tokens))
        init = TokenizerInit(
            struct_size=ctypes.sizeof(TokenizerInit),
            vocab_size=len(tokens),
            tok_eos=end,
            token_lens=lengths,
            token_bytes=b"".join(tokens),
            use_approximate_greedy_tokenize_fn=True,
        )
        message = ctypes.create_string_buffer(1000)
        self.address = llg.llg_new_tokenizer_v2(byref(init), message, len(message))
        if not self.address:
            sys.exit(message.value.decode())

    def tokenize(self, text):
        tokens = (c_uint32 * len(text))()
        count = self.llg.llg_tokenize_bytes(self.address, text, len(text), tokens, len(text))
        return tokens[:count]

    def matcher(self, kind, grammar):
        init = ConstraintInit()
        self.llg.llg_constraint_init_set_defaults(byref(init), self.address)
        init.log_stderr_level = 0
        return self.llg.llg_new_matcher(byref(init), TAGS[kind], grammar.encode(errors="surrogatepass"))


def main():
    library, ranks, out = sys.argv[1:]
    llg = ctypes.CDLL(library)
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(llg, name)
        function.restype, function.argtypes = result, arguments
    ranked = [base64.b64decode(line.split()[0]) for line in Path(ranks).read_text().splitlines()]
    # NB: llguidance knows a special token by its first byte
    special = [b"\xff" + name for name in SPECIAL]
    tokenizers = {
        "bytes": Tokenizer(llg, [bytes([byte]) for byte in range(256)] + [b"\xff<|end|>"], 256),
        "ranks": Tokenizer(llg, ranked + special, len(ranked) + END),
    }
    cases = [json.loads(line) for line in sys.stdin]
    with open(out, "w") as out:
        for name, tokenizer in tokenizers.items():
            grammar = matcher = None
            for case in cases:
                (next_grammar, text) = grammar_and_text(case)
                if text is None:
                    continue
                if next_grammar != grammar:
                    llg.llg_free_matcher(matcher)
                    grammar = next_grammar
                    [(kind, source)] = grammar.items()
                    matcher = tokenizer.matcher(kind, source)
                walk = {"tokenizer": name, "grammar": grammar, "text": text}
                if not llg.llg_matcher_is_error(matcher):
                    one = llg.llg_clone_matcher(matcher)
                    tokens, masks = walked(llg, one, tokenizer, text.encode(errors="surrogatepass"))
                    llg.llg_free_matcher(one)
                    walk |= {"tokens": tokens, "masks": masks}
                out.write(json.dumps(walk) + "\n")


def grammar_and_text(case):
    if "schema" in case:
        return {"jsonSchema": case["schema"]}, case["instance"]
    return case["grammar"], case.get("text")


def walked(llg, matcher, tokenizer, text):
    ahead = tokenizer.tokenize(text)
    mask = ctypes.create_string_buffer(tokenizer.mask_size)
    tokens, masks = [], []
    on, chance = 0, zlib.crc32(text)
    while True:
        if llg.llg_matcher_compute_mask_into(matcher, mask, len(mask)) != 0:
            masks.append("error")
            return tokens, masks
        bits = mask.raw
        masks.append(zlib.crc32(bits))
        if ahead and bits[ahead[0] // 8] >> ahead[0] % 8 & 1:
            token = ahead.pop(0)
        elif llg.llg_matcher_is_stopped(matcher) or on == STEPS_ON:
            return tokens, masks
        else:
            ahead, on, chance = [], on + 1, zlib.crc32(bits, chance)
            token = some_token(bits, chance)
        llg.llg_matcher_consume_token(matcher, token)
        tokens.append(token)


def some_token(mask, chance):
    """A token of the mask: the first from a place on."""
    place = chance % len(mask)
    turned = mask[place:] + mask[:place]
    zeros = len(turned) - len(turned.lstrip(b"\0"))
    byte = turned[zeros]
    return (place + zeros) % len(mask) * 8 + (byte & -byte).bit_length() - 1


if __name__ == "__main__":
    main()
