"""check.py FOLDER: packs what the folder has, and holds the package against other programs."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(sys.argv[1])
HELPER = "answer = 42\n"


def rmpkg(*arguments, code=0, **options):
    result = subprocess.run(["rmpkg", *arguments], capture_output=True, **options)
    assert result.returncode == code, (arguments, result)
    return result.stdout


def wheel(path):
    """A wheel as Python's own tools write it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("greeting/__init__.py", "word = 'hello'\n" * 100)
        for file in ["METADATA", "RECORD", "WHEEL"]:
            archive.writestr(f"greeting-1.0.dist-info/{file}", "")


def pack(name):
    rmpkg(
        *["pack", "-m", str(HERE / "manifest.json"), "-w", "runtime.wasm", "-o", name],
        *["--module", "helper.py", "--wheel", "greeting-1.0-py3-none-any.whl", "--model", "tiny.bin"],
        *["--sign", "key.pem"],
    )
    return Path(name).read_bytes()


subprocess.run(["wat2wasm", HERE / "runtime.wat", "-o", "runtime.wasm"], check=True)
Path("helper.py").write_text(HELPER)
Path("tiny.bin").write_bytes(bytes(range(256)) * 5000)
wheel("greeting-1.0-py3-none-any.whl")
Path("key.pub.pem").write_bytes(rmpkg("keygen", "-o", "key.pem"))

assert pack("pipeline.rmpkg") == pack("again.rmpkg"), "the same files give other bytes"
rmpkg("verify", "--strict", "--key", "key.pub.pem", "pipeline.rmpkg")

# Python's zipfile finds the files, with the hashes that the listing has
with zipfile.ZipFile("pipeline.rmpkg") as archive:
    assert archive.testzip() is None
    hashes = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    listing = archive.read("meta/SHA256SUMS").decode()
    assert archive.read("deps/python/helper.py").decode() == HELPER
    assert archive.read("models/tiny.bin") == Path("tiny.bin").read_bytes()
    assert all(entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in archive.infolist())
listed = dict(reversed(line.split("  ")) for line in listing.splitlines())
unlisted = {"meta/SHA256SUMS", "meta/signature.sig"}
assert listed == {name: hash for name, hash in hashes.items() if name not in unlisted}
shown = json.loads(rmpkg("inspect", "--json", "pipeline.rmpkg"))
assert {file["name"]: file["sha256"] for file in shown["files"]} == hashes

# sha256sum takes the listing as it is
rmpkg("extract", "pipeline.rmpkg", "-o", "extracted")
subprocess.run(["sha256sum", "--quiet", "--check", "meta/SHA256SUMS"], cwd="extracted", check=True)

# What Python's zipfile wrote anew, with other times and sizes, is still the same package
with zipfile.ZipFile("pipeline.rmpkg") as old, zipfile.ZipFile("rewritten.rmpkg", "w") as new:
    for name in reversed(old.namelist()):
        new.writestr(name, old.read(name))
rmpkg("verify", "--strict", "--key", "key.pub.pem", "rewritten.rmpkg")

# Wasmtime runs it: the request reaches it, its result and its end reach us
manifest = Path("extracted/manifest.json").read_text()
result = rmpkg("run", "--input", "-", "pipeline.rmpkg", code=3, input=b'["x", 1.50]').decode()
assert result == f'{{"manifest":{manifest},"input_data":["x", 1.50]}}{HELPER}', result
assert json.loads(manifest)["runtime"] == {"target": "wasm32-wasi"}
