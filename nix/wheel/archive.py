"""Writes wheels such that they are the same bytes whenever and wherever they are written."""

import base64
import hashlib
import zipfile

# The first time that a zip file can have
TIME = (1980, 1, 1, 0, 0, 0)


def record(files, name):
    """The list of files with their hashes, as the standard has it."""
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{name},,\n"]).encode()


def write(out, files, info, programs=()):
    """Writes a wheel of files by their paths, with their list, RECORD, in the folder `info`."""
    files = files | {f"{info}/RECORD": record(files, f"{info}/RECORD")}
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100755 if path in programs else 0o100644) << 16
            archive.writestr(entry, content, compresslevel=9)
