#!/usr/bin/env python3
"""Takes versions of libraries out of what an ELF program needs, if only weak symbols want them.

    portable.py FILE

Rust looks for what a newer C library has by weak symbols, and does without where they are missing. The linker
notes their versions as if they were needed, and then an older loader refuses the program.
"""

import struct
import sys

# Of elf.h
STB_WEAK = 2
VER_NDX_GLOBAL = 1


def sections(elf):
    """By name: offset and size."""
    (offset,) = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, offset + index * size) for index in range(count)]
    texts = headers[names][4]

    def name(header):
        start = texts + header[0]
        return bytes(elf[start : elf.index(0, start)]).decode()

    return {name(header): (header[4], header[5]) for header in headers}


def main():
    (path,) = sys.argv[1:]
    with open(path, "rb") as file:
        elf = bytearray(file.read())
    if elf[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"portable: {path} is no little-endian ELF file of 64 bits")
    found = sections(elf)

    symbols, size = found[".dynsym"]
    versions, _ = found[".gnu.version"]
    of_symbol = [
        (versions + index * 2, struct.unpack_from("<H", elf, versions + index * 2)[0], elf[symbols + index * 24 + 4] >> 4)
        for index in range(size // 24)
    ]
    # NB: a version that no symbol has is one of the loader's own, and stays
    needed = {version for _, version, binding in of_symbol if binding != STB_WEAK}
    dispensable = {version for _, version, _ in of_symbol} - needed
    for place, version, _ in of_symbol:
        if version in dispensable:
            struct.pack_into("<H", elf, place, VER_NDX_GLOBAL)

    # The list of libraries, each with its list of versions, in which the steps are relative
    library, _ = found[".gnu.version_r"]
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", elf, library)
        at, kept = library + first, []
        for _ in range(count):
            _, _, version, _, step = struct.unpack_from("<IHHII", elf, at)
            if version not in dispensable:
                kept.append(at)
            at += step
        if not kept:
            sys.exit(f"portable: {path} wants a library for weak symbols only")
        struct.pack_into("<H", elf, library + 2, len(kept))
        struct.pack_into("<I", elf, library + 8, kept[0] - library)
        for at, after in zip(kept, [*kept[1:], None]):
            struct.pack_into("<I", elf, at + 12, after - at if after else 0)
        if not following:
            break
        library += following

    with open(path, "wb") as file:
        file.write(elf)


if __name__ == "__main__":
    main()
