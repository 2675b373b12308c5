"""bench-llguidance.py TOKENIZER_JSON END MODULE... : computes masks natively and in Wasmtime, for
bench-llguidance.mjs.

A line of JSON that is read has a schema and the tokens of an instance; the line that answers has for native
and each module the milliseconds to the first mask, the microseconds of each mask after it, those of each when
the matcher is reset and goes the same way again, and the number of masks that are not native's. Times are net of what a call of a function with nothing to do costs.
"""

import ctypes
import json
import struct
import sys
import time
from ctypes import byref
from pathlib import Path

import llguidance._lib
import wasmtime
from wasmtime import _bindings as c_api

# How many arguments a function has
FUNCTIONS = {
    "llg_new_tokenizer_v2": 3,
    "llg_constraint_init_set_defaults": 2,
    "llg_new_matcher": 3,
    "llg_free_matcher": 1,
    "llg_matcher_reset": 1,
    "llg_matcher_is_error": 1,
    "llg_matcher_get_mask_byte_size": 1,
    "llg_matcher_compute_mask_into": 3,
    "llg_matcher_consume_token": 2,
}


class Native:
    word = "Q"

    def __init__(self):
        # NB: the wheel's module has the C ABI among its symbols
        library = ctypes.CDLL(llguidance._lib.__file__)
        self.functions = {}
        for name, arguments in FUNCTIONS.items():
            function = self.functions[name] = getattr(library, name)
            function.argtypes, function.restype = [ctypes.c_size_t] * arguments, ctypes.c_size_t
        self.blocks = []

    def put(self, data):
        block = ctypes.create_string_buffer(data, len(data))
        self.blocks.append(block)
        return ctypes.addressof(block)

    def read(self, address, size):
        return ctypes.string_at(address, size)

    def timed(self, name, *arguments):
        function = self.functions[name]
        begin = time.perf_counter_ns()
        result = function(*arguments)
        return time.perf_counter_ns() - begin, result


class Guest:
    word = "I"

    def __init__(self, module):
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        exports = wasmtime.Instance(self.store, wasmtime.Module.from_file(engine, module), []).exports(self.store)
        self.memory = exports["memory"]
        self.allocate = exports["llg_wasm_alloc"]
        # NB: by wasmtime.Func a call costs as much as a mask
        self.functions = {name: byref(exports[name]._func) for name in FUNCTIONS}
        self.context, self.trap = self.store._context(), ctypes.POINTER(c_api.wasm_trap_t)()

    def put(self, data):
        address = self.allocate(self.store, len(data), 8)
        self.memory.write(self.store, data, address)
        return address

    def read(self, address, size):
        return bytes(self.memory.read(self.store, address, address + size))

    def timed(self, name, *arguments):
        values = (c_api.wasmtime_val_raw_t * len(arguments))()
        for value, argument in zip(values, arguments):
            value.i32 = argument
        call = c_api._wasmtime_func_call_unchecked
        function, count, trap = self.functions[name], len(values), byref(self.trap)
        begin = time.perf_counter_ns()
        error = call(self.context, function, values, count, trap)
        took = time.perf_counter_ns() - begin
        if error or self.trap:
            sys.exit(f"{name} trapped")
        return took, values[0].i32 & 0xFFFFFFFF


class Walker:
    """llguidance in a runtime, with a tokenizer."""

    def __init__(self, runtime, tokens, end):
        self.runtime = runtime
        word, after_bool = runtime.word, struct.calcsize(runtime.word) - 1
        layout = f"<{word}II{word}{word}{word}?{after_bool}x{word}?{after_bool}x{word}{word}{word}I4x"
        lengths = runtime.put(struct.pack(f"<{len(tokens)}I", *map(len, tokens)))
        fields = [len(tokens), end, lengths, runtime.put(b"".join(tokens)), 0, False, 0, True, 0, 0, 0, 0]
        init = runtime.put(struct.pack(layout, struct.calcsize(layout), *fields))
        message = runtime.put(bytes(1000))
        tokenizer = self.call("llg_new_tokenizer_v2", init, message, 1000)
        if not tokenizer:
            sys.exit(runtime.read(message, 1000).split(b"\0")[0].decode())
        self.init = runtime.put(bytes(128))
        self.call("llg_constraint_init_set_defaults", self.init, tokenizer)
        self.tag = runtime.put(b"json_schema\0")
        self.mask_size = (len(tokens) + 31) // 32 * 4
        self.mask = runtime.put(bytes(self.mask_size))
        self.schemas = {}

    def call(self, name, *arguments):
        return self.runtime.timed(name, *arguments)[1]

    def walk(self, schema, tokens):
        """Milliseconds to the first mask, microseconds of those after it and of those again, and all masks."""
        if schema not in self.schemas:
            self.schemas[schema] = self.runtime.put(schema.encode() + b"\0")
        made, matcher = self.runtime.timed("llg_new_matcher", self.init, self.tag, self.schemas[schema])
        call = min(self.runtime.timed("llg_matcher_get_mask_byte_size", matcher)[0] for _ in range(5))
        times, masks = [], []
        for token in tokens * 2:
            if len(times) == len(tokens):
                self.call("llg_matcher_reset", matcher)
            took, code = self.runtime.timed("llg_matcher_compute_mask_into", matcher, self.mask, self.mask_size)
            times.append(max(0, took - call) / 1e3)
            masks.append(self.runtime.read(self.mask, self.mask_size))
            if code & 0xFFFFFFFF or not masks[-1][token // 8] >> token % 8 & 1:
                sys.exit(f"token {token} was refused in {schema}")
            self.call("llg_matcher_consume_token", matcher, token)
        self.call("llg_free_matcher", matcher)
        return made / 1e6 + times[0] / 1e3, times[1 : len(tokens)], times[len(tokens) :], masks


def vocabulary(tokenizer_json):
    """The bytes of each token, of a tokenizer.json with GPT-2's alphabet of bytes."""
    tokenizer = json.loads(Path(tokenizer_json).read_text())
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable} | {chr(0x100 + at): byte for at, byte in enumerate(others)}
    tokens = {id: bytes(byte_of[character] for character in text) for text, id in tokenizer["model"]["vocab"].items()}
    # NB: llguidance knows a special token by its first byte
    tokens |= {token["id"]: b"\xff" + token["content"].encode() for token in tokenizer["added_tokens"]}
    return [tokens[id] for id in range(len(tokens))]


def main():
    tokenizer_json, end, *modules = sys.argv[1:]
    tokens = vocabulary(tokenizer_json)
    walkers = [Walker(runtime, tokens, int(end)) for runtime in [Native(), *map(Guest, modules)]]
    for line in sys.stdin:
        case = json.loads(line)
        walks = [walker.walk(case["schema"], case["tokens"]) for walker in walkers]
        expected = walks[0][-1]
        answer = [
            {"first": first, "masks": times, "again": again, "wrong": sum(map(bytes.__ne__, masks, expected))}
            for first, times, again, masks in walks
        ]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
