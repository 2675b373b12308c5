"""Writes arrays.json: arrays as numpy makes them, in the JSON form and as bytes.

    python3 arrays.py > arrays.json
"""

import base64
import json

import numpy


def wire(array):
    return {
        "__numpy__": True,
        "array": {
            "meta": {
                "shape": list(array.shape),
                "dtype": array.dtype.name,
                "size": array.size,
                "c_contiguous": array.flags.c_contiguous,
                "f_contiguous": array.flags.f_contiguous,
            },
            "data": base64.b64encode(array.tobytes()).decode(),
        },
    }


DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split()
SHAPES = [(), (0,), (1,), (5,), (2, 3), (3, 0, 2), (1, 4), (2, 3, 4)]


def elements(dtype, count):
    dtype = numpy.dtype(dtype)
    if dtype.kind == "b":
        return numpy.arange(count) % 3 == 0
    if dtype.kind == "f":
        special = [0.0, -0.0, numpy.inf, -numpy.inf, numpy.finfo(dtype).tiny, 0.1]
        return numpy.resize(numpy.array(special, dtype), count)
    limits = numpy.iinfo(dtype)
    return numpy.resize(numpy.array([limits.min, limits.max, 0, 1, 77], dtype), count)


def arrays():
    for dtype in DTYPES:
        for shape in SHAPES:
            count = int(numpy.prod(shape))
            array = elements(dtype, count).astype(dtype).reshape(shape)
            yield array
            if array.ndim > 1:
                yield numpy.asfortranarray(array)
                yield array[..., ::2]
    # NaNs with a payload
    yield numpy.array([0x7FF8000000000001, 0xFFF0000000000BAD], "uint64").view("float64")
    yield numpy.array([0x7FC00001, 0xFF800BAD], "uint32").view("float32")


lines = [
    json.dumps({"wire": wire(array), "bytes": array.tobytes().hex()}) for array in arrays()
]
print("[\n" + ",\n".join(lines) + "\n]")
