"""A Debian archive of a few packages, signed, and a server that can break off.

archive.py make DIR    DIR/one, DIR/two (a newer `alpha` and source of `gamma`), DIR/tampered (its index), DIR/corrupt,
                       DIR/hollow (an index of what is not there), DIR/pins and DIR/sources (for DIR/one), DIR/keyring.asc
archive.py serve DIR   serves DIR on loopback; prints the port, then a line per answer.
                       Below /cut/ is DIR/one, but no packages are sent beyond their middle.
archive.py hide DIR PATH NAME...  fills DIR with links to the commands of PATH but these.
"""

import base64
import hashlib
import http.server
import io
import json
import lzma
import os
import pathlib
import random
import shutil
import struct
import sys
import tarfile
import time


def deb(files):
    """A package with these files: path -> (mode, bytes)."""
    members = [("debian-binary", b"2.0\n")]
    for name, content in (("control", {}), ("data", files)):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for path, (mode, data) in content.items():
                entry = tarfile.TarInfo("./" + path)
                entry.mode, entry.size = mode, len(data)
                tar.addfile(entry, io.BytesIO(data))
        members.append((f"{name}.tar.xz", lzma.compress(stream.getvalue())))
    archive = b"!<arch>\n"
    for name, data in members:
        archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return archive


def packages(alpha_version):
    """Name -> (version, dependencies, files)."""
    nix = (pathlib.Path(__file__).parent / "fake-nix").read_bytes()
    lib = "usr/lib/x86_64-linux-gnu/"
    return {
        "alpha": (alpha_version, ["beta"], {"usr/share/alpha": (0o644, random.Random(alpha_version).randbytes(300_000))}),
        "beta": ("1.0+b1", [], {"usr/share/beta": (0o644, b"beta")}),
        "busybox-static": ("1", [], {"usr/bin/busybox": (0o755, b"#!/bin/sh\n")}),
        "ca-certificates": ("1", [], {"usr/share/ca-certificates/mozilla/a.crt": (0o644, b"certificate\n")}),
        "libc6": ("1", [], {lib + "ld-linux-x86-64.so.2": (0o755, b"#!/bin/sh\n")}),
        "nix-bin": ("2.26.3", ["libc6"], {"usr/bin/nix": (0o755, nix)}),
        "patchelf": ("1", [], {"usr/bin/patchelf": (0o755, b"")}),
    }


def prime(bits):
    while True:
        candidate = random.getrandbits(bits) | 1 << bits - 1 | 1 << bits - 2 | 1
        if all(candidate % small for small in range(3, 2000, 2)) and pow(2, candidate - 1, candidate) == 1:
            return candidate


class Key:
    """An RSA key and as much of OpenPGP (RFC 4880) as an archive needs."""

    def __init__(self):
        p, q = prime(1024), prime(1024)
        self.n, e = p * q, 65537
        self.d = pow(e, -1, (p - 1) * (q - 1))
        self.created = struct.pack(">I", int(time.time()) - 60)
        self.public = b"\x04" + self.created + b"\x01" + self.number(self.n) + self.number(e)
        self.fingerprint = hashlib.sha1(b"\x99" + struct.pack(">H", len(self.public)) + self.public).digest()

    @staticmethod
    def number(value):
        return struct.pack(">H", value.bit_length()) + value.to_bytes((value.bit_length() + 7) // 8, "big")

    @staticmethod
    def packet(tag, body):
        return bytes([0xC0 | tag, 0xFF]) + struct.pack(">I", len(body)) + body

    @staticmethod
    def armour(kind, data):
        return f"-----BEGIN PGP {kind}-----\n\n{base64.encodebytes(data).decode()}-----END PGP {kind}-----\n"

    def signature(self, kind, data, *subpackets):
        fields = [b"\x02" + self.created, b"\x21\x04" + self.fingerprint, *subpackets]
        hashed = b"".join(bytes([len(field)]) + field for field in fields)
        head = bytes([4, kind, 1, 8]) + struct.pack(">H", len(hashed)) + hashed
        digest = hashlib.sha256(data + head + b"\x04\xff" + struct.pack(">I", len(head))).digest()
        padded = bytes.fromhex("3031300d060960864801650304020105000420") + digest
        size = (self.n.bit_length() + 7) // 8
        padded = b"\x00\x01" + b"\xff" * (size - len(padded) - 3) + b"\x00" + padded
        issuer = b"\x09\x10" + self.fingerprint[-8:]
        body = head + struct.pack(">H", len(issuer)) + issuer + digest[:2]
        return self.packet(2, body + self.number(pow(int.from_bytes(padded, "big"), self.d, self.n)))

    def keyring(self):
        user = b"test"
        owned = b"\x99" + struct.pack(">H", len(self.public)) + self.public + b"\xb4" + struct.pack(">I", len(user)) + user
        parts = self.packet(6, self.public), self.packet(13, user), self.signature(0x13, owned, b"\x1b\x03")
        return self.armour("PUBLIC KEY BLOCK", b"".join(parts))

    def clear_signed(self, text):
        canonical = "\r\n".join(text.rstrip("\n").split("\n")).encode()
        signature = self.armour("SIGNATURE", self.signature(1, canonical))
        return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text.rstrip()}\n{signature}"


def suite(base, name, packages, sources, key):
    entries = ""
    for path, index in (("main/binary-amd64/Packages", packages), ("main/source/Sources", sources)):
        file = base / "dists" / name / path
        file.parent.mkdir(parents=True)
        file.write_text(index)
        entries += f" {hashlib.sha256(index.encode()).hexdigest()} {len(index.encode())} {path}\n"
    date = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime())
    release = f"Origin: Debian\nSuite: {name}\nCodename: {name}\nDate: {date}\nArchitectures: amd64\nComponents: main\nSHA256:\n{entries}"
    (base / "dists" / name / "InRelease").write_text(key.clear_signed(release))


def source(directory, version):
    """The source package `gamma`: its entry in the index, and the pin of what its upstream released."""
    folder = "pool/main/g/gamma"
    (directory / "debian" / folder).mkdir(parents=True)
    names = [f"gamma_{version}-1.dsc", f"gamma_{version}.orig.tar.gz", f"gamma_{version}-1.debian.tar.xz"]
    sums = ""
    for name in names:
        data = name.encode() * 1000
        (directory / "debian" / folder / name).write_bytes(data)
        sums += f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}\n"
    entry = f"Package: gamma\nBinary: gamma\nVersion: {version}-1\nFormat: 3.0 (quilt)\nDirectory: {folder}\nChecksums-Sha256:\n{sums}\n"
    data = names[1].encode() * 1000
    sha256 = hashlib.sha256(data).hexdigest()
    return entry, {"version": f"{version}-1", "path": f"{folder}/{names[1]}", "sha256": sha256, "size": len(data)}


def archive(directory, alpha_version, key):
    """The archive itself; returns its pins, of packages and of the source."""
    pins, index = {}, ""
    for name, (version, depends, files) in sorted(packages(alpha_version).items()):
        data = deb(files)
        path = f"pool/main/{name[0]}/{name}/{name}_{version}_amd64.deb"
        target = directory / "debian" / path
        target.parent.mkdir(parents=True)
        target.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        index += f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
        index += f"Depends: {', '.join(depends)}\n" if depends else ""
        index += f"Filename: {path}\nSize: {len(data)}\nSHA256: {sha256}\n\n"
        pins[name] = {"version": version, "path": path, "sha256": sha256, "size": len(data), "depends": depends}
    sources, upstream = source(directory, alpha_version)
    suite(directory / "debian", "trixie", index, sources, key)
    suite(directory / "debian-security", "trixie-security", "", "", key)
    return pins, {"src:gamma": upstream}


def make(directory):
    key = Key()
    (directory / "keyring.asc").write_text(key.keyring())
    pins, sources = archive(directory / "one", "1.0", key)
    for file, of in ("pins", pins), ("sources", sources):
        (directory / file).write_text("{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(pin)}" for name, pin in of.items()) + "\n}\n")
    archive(directory / "two", "2.0", key)
    shutil.copytree(directory / "two", directory / "tampered")
    index = directory / "tampered/debian/dists/trixie/InRelease"
    index.write_text(index.read_text().replace("Origin: Debian", "Origin: Nobody"))
    shutil.copytree(directory / "one", directory / "hollow")
    (directory / "hollow/debian" / pins["alpha"]["path"]).unlink()
    shutil.copytree(directory / "one", directory / "corrupt")
    bad = directory / "corrupt/debian" / pins["alpha"]["path"]
    data = bytearray(bad.read_bytes())
    data[1000] ^= 1
    bad.write_bytes(data)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, _, rest = self.path.lstrip("/").replace("%2b", "+").partition("/")
        path = pathlib.Path({"cut": "one"}.get(kind, kind)) / rest
        data = path.read_bytes() if path.is_file() else None
        first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        status = 404 if data is None else 416 if first >= len(data) else 206 if first else 200
        print(status, self.path, flush=True)
        data = data or b""
        body = data[first:] if status in (200, 206) else b""
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        if status in (200, 206):
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "cut" and "/pool/" in self.path:
            body = body[: max(0, len(data) // 2 - first)]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(directory):
    os.chdir(directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def hide(directory, path, *names):
    directory.mkdir()
    for folder in reversed([folder for folder in path.split(":") if os.path.isdir(folder)]):
        for command in set(os.listdir(folder)) - set(names):
            (directory / command).unlink(missing_ok=True)
            (directory / command).symlink_to(os.path.join(folder, command))


{"make": make, "serve": serve, "hide": hide}[sys.argv[1]](pathlib.Path(sys.argv[2]), *sys.argv[3:])
