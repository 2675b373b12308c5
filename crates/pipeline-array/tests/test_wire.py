"""Arrays in JSON, compared with what Python's own struct and base64 make of the same elements."""

import base64
import copy
import json
import struct
import unittest

import pipeline_array as np

try:
    import numpy
except ImportError:
    numpy = None

CODES = {
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H",
    "uint32": "I", "uint64": "Q", "float32": "f", "float64": "d",
}
ELEMENTS = [0, 1, 1, 0, 1, 1]


def form(dtype, shape, data, c=True, f=False):
    size = len(data) // struct.calcsize(CODES[dtype])
    meta = {"shape": shape, "dtype": dtype, "size": size, "c_contiguous": c, "f_contiguous": f}
    return {"__numpy__": True, "array": {"meta": meta, "data": base64.b64encode(data).decode()}}


def packed(dtype, elements):
    return struct.pack(f"<{len(elements)}{CODES[dtype]}", *elements)


class Wire(unittest.TestCase):
    def both_ways(self, array, wire):
        self.assertEqual(np.to_wire(array), wire)
        self.assertEqual(list(np.to_wire(array)["array"]["meta"]), ["shape", "dtype", "size", "c_contiguous", "f_contiguous"])
        back = np.from_wire(json.loads(json.dumps(wire)))
        self.assertEqual((back.shape, back.dtype.name), (array.shape, array.dtype.name))
        self.assertEqual(back.tobytes(), array.tobytes())
        self.assertTrue(back.flags.c_contiguous and back.flags.writeable)

    def test_every_dtype_in_both_orders(self):
        for dtype in CODES:
            with self.subTest(dtype):
                array = np.array(ELEMENTS, dtype).reshape(2, 3)
                self.both_ways(array, form(dtype, [2, 3], packed(dtype, ELEMENTS)))
                self.both_ways(array.copy("F"), form(dtype, [2, 3], packed(dtype, ELEMENTS), c=False, f=True))
                rows = ELEMENTS[::2]
                self.both_ways(array.reshape(-1)[::2], form(dtype, [3], packed(dtype, rows), c=False))

    def test_empty_and_without_dimensions(self):
        for dtype in CODES:
            with self.subTest(dtype):
                self.both_ways(np.zeros(0, dtype), form(dtype, [0], b"", f=True))
                self.both_ways(np.zeros((2, 0, 3), dtype), form(dtype, [2, 0, 3], b"", f=True))
                self.both_ways(np.array(1, dtype), form(dtype, [], packed(dtype, [1]), f=True))

    def test_bits_of_nan(self):
        for dtype, data in {
            "float32": struct.pack("<4I", 0x7FC12345, 0x7F812345, 0xFFC00001, 0x80000000),
            "float64": struct.pack("<4Q", 0x7FF8123456789ABC, 0x7FF0000000000001, 0xFFF8000000000002, 1 << 63),
        }.items():
            with self.subTest(dtype):
                self.both_ways(np.frombuffer(data, dtype), form(dtype, [4], data, f=True))

    def test_what_is_left_out(self):
        wire = form("int16", [2], packed("int16", [1, 2]))
        for name in ("size", "c_contiguous", "f_contiguous"):
            del wire["array"]["meta"][name]
        self.assertEqual(np.from_wire(wire).tolist(), [1, 2])

    def test_memory_is_its_own(self):
        array = np.array([1, 2])
        back = np.from_wire(np.to_wire(array))
        back[0] = 9
        self.assertEqual(array.tolist(), [1, 2])

    def test_refusals(self):
        good = form("int16", [2, 2], packed("int16", [1, 2, 3, 4]))
        for path, value, words in [
            (["__numpy__"], False, "__numpy__"),
            (["array"], 5, "array"),
            (["array", "meta"], None, "meta"),
            (["array", "meta", "dtype"], "complex64", "complex64"),
            (["array", "meta", "dtype"], ">i2", ">i2"),
            (["array", "meta", "shape"], [2, 3], "size"),
            (["array", "meta", "shape"], [2, -2], "shape"),
            (["array", "meta", "shape"], [2.0, 2.0], "shape"),
            (["array", "meta", "shape"], [1 << 62, 1 << 62], "memory"),
            (["array", "meta", "shape"], [1] * 65, "65 dimensions"),
            (["array", "meta", "size"], 5, "size"),
            (["array", "data"], "AQACAAMABA==", "data"),
            (["array", "data"], "AQACAAMABA*=", "base64"),
            (["array", "data"], 7, "data"),
        ]:
            with self.subTest(words=words, value=value):
                wire = copy.deepcopy(good)
                inner = wire
                for step in path[:-1]:
                    inner = inner[step]
                inner[path[-1]] = value
                with self.assertRaises(ValueError) as raised:
                    np.from_wire(wire)
                self.assertIn(words, str(raised.exception))
        for other in (5, [1], "a", None, np.float32(1)):
            with self.assertRaises(TypeError):
                np.to_wire(other)
            with self.assertRaises(ValueError):
                np.from_wire(other)

    @unittest.skipUnless(numpy, "numpy is not installed")
    def test_numpy(self):
        for dtype in CODES:
            for order in "CF":
                theirs = numpy.array(ELEMENTS, dtype).reshape(2, 3).copy(order)
                ours = np.array(ELEMENTS, dtype).reshape(2, 3).copy(order)
                self.assertEqual(np.to_wire(theirs), np.to_wire(ours))
                lent = numpy.asarray(ours)
                self.assertEqual((lent.dtype, lent.strides, lent.tobytes()), (theirs.dtype, theirs.strides, theirs.tobytes()))
                lent[1, 1] = 0
                self.assertEqual(ours[1, 1].item(), 0)
                borrowed = np.asarray(theirs)
                borrowed[0, 1] = 0
                self.assertEqual(theirs[0, 1], 0)
        for other in (numpy.array([1j]), numpy.array([object()]), numpy.array([1], ">i4"), numpy.array([1], "float16")):
            with self.assertRaises(TypeError):
                np.to_wire(other)


if __name__ == "__main__":
    unittest.main()
