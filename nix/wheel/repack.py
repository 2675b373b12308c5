#!/usr/bin/env python3
"""Writes a wheel anew, with another extension module, its notices, and another platform.

    repack.py --module FILE --notices FILE --platform TAG --out FOLDER WHEEL

All else stays as it is, but for time, order and rights of the files, which are the same whenever
and wherever it is written, and for lists of materials, which have a time and a number of their own.
"""

import argparse
import pathlib
import re
import zipfile

import archive

MODULE = "_lib.abi3.so"
NOTICES = "THIRD-PARTY-NOTICES"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", type=pathlib.Path, required=True)
    parser.add_argument("--notices", type=pathlib.Path, required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("wheel", type=pathlib.Path)
    options = parser.parse_args()

    with zipfile.ZipFile(options.wheel) as packed:
        files = {name: packed.read(name) for name in sorted(packed.namelist())}
    (module,) = [name for name in files if name.endswith(f"/{MODULE}")]
    files[module] = options.module.read_bytes()
    (notices,) = [name for name in files if name.endswith(f"/{NOTICES}")]
    files[notices] = options.notices.read_bytes()

    (wheel,) = [name for name in files if name.endswith(".dist-info/WHEEL")]
    info = wheel.removesuffix("/WHEEL")
    name, version, python, abi, _ = options.wheel.stem.split("-")
    tag = f"{python}-{abi}-{options.platform}"
    files[wheel] = re.sub(rb"(?m)^Tag: .*$", f"Tag: {tag}".encode(), files[wheel])

    files = {path: content for path, content in files.items() if f"{info}/sboms/" not in path}
    del files[f"{info}/RECORD"]
    archive.write(options.out / f"{name}-{version}-{tag}.whl", files, info, programs={module})


if __name__ == "__main__":
    main()
