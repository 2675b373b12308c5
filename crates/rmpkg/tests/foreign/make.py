"""make.py: writes packages by Python's zipfile into this folder."""

import hashlib
import struct
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
MANIFEST = (HERE / "manifest.json").read_bytes()
RUNTIME = b"\0asm\x01\0\0\0"


def write(name, files, extra=b"", folders=()):
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders:
            archive.mkdir(folder)
        for path, contents in files.items():
            entry = zipfile.ZipInfo(path, (2025, 1, 15, 12, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            entry.extra = extra
            archive.writestr(entry, contents)


# As Info-ZIP has them: a time and an owner
unix = struct.pack("<HHBI", 0x5455, 5, 1, 1736942400) + struct.pack("<HHBBIBI", 0x7875, 11, 1, 4, 0, 4, 0)

write("zipfile.rmpkg", {"manifest.json": MANIFEST, "runtime.wasm": RUNTIME})
write(
    "draft.rmpkg",
    {
        "manifest.json": MANIFEST,
        "modules/remotemedia_runtime.wasm": RUNTIME,
        "wasi-deps/usr/lib/python3.13/os.py": b"# os\n",
        "models/tiny.bin": b"weights",
        "meta/provenance.json": b"{}",
    },
    extra=unix,
    folders=["models", "wasi-deps"],
)
files = {"manifest.json": MANIFEST, "runtime.wasm": RUNTIME, "deps/python/helper.py": b"answer = 42\n"}
files["meta/SHA256SUMS"] = "".join(
    f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)
).encode()
write("listed.rmpkg", files)
