#!/usr/bin/env python3
"""Writes a wheel anew, with another extension module, its notices, and another platform.

    wheel.py --module FILE --notices FILE --platform TAG --out FOLDER WHEEL

All else stays as it is, but for time, order and rights of the files, which are the same whenever
and wherever it is written, and for lists of materials, which have a time and a number of their own.
"""

import argparse
import base64
import hashlib
import pathlib
import re
import zipfile

MODULE = "_lib.abi3.so"
NOTICES = "THIRD-PARTY-NOTICES"
# The first time that a zip file can have
TIME = (1980, 1, 1, 0, 0, 0)


def record(files, name):
    """The list of files with their hashes, as the standard has it."""
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{name},,\n"]).encode()


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
    files[f"{info}/RECORD"] = record(files, f"{info}/RECORD")

    out = options.out / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100755 if path == module else 0o100644) << 16
            archive.writestr(entry, content, compresslevel=9)


if __name__ == "__main__":
    main()
