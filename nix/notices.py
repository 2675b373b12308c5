#!/usr/bin/env python3
"""Prints the licences of the crates that a crate's artifact consists of.

    notices.py MANIFEST [ARGUMENTS OF cargo metadata]

A text that several crates share is there once. A crate without one is listed with what its
manifest says.
"""

import json
import pathlib
import re
import subprocess
import sys

NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)


def embedded(metadata, root):
    """The packages of crates.io that the root reaches through dependencies that are linked in."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    reached, left = set(), [root]
    while left:
        package = left.pop()
        if package in reached:
            continue
        reached.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                left.append(dependency["pkg"])
    found = [packages[package] for package in reached if packages[package]["source"]]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and NAMES.match(path.name))
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]


def main():
    manifest, *arguments = sys.argv[1:]
    command = ["cargo", "metadata", "--format-version", "1", "--manifest-path", manifest]
    metadata = json.loads(subprocess.check_output([*command, *arguments]))
    root = next(
        package["id"]
        for package in metadata["packages"]
        if pathlib.Path(package["manifest_path"]) == pathlib.Path(manifest).resolve()
    )
    by_text, without = {}, []
    for package in embedded(metadata, root):
        title = f"{package['name']} {package['version']} ({package['license']})"
        own = texts(package)
        for text in own:
            by_text.setdefault(text, []).append(title)
        if not own:
            without.append(title)

    print("The extension module consists of these crates of crates.io besides its own code.")
    if without:
        print("\nWithout a licence text in the crate:\n")
        print("\n".join(without))
    for text, titles in sorted(by_text.items(), key=lambda item: item[1]):
        print(f"\n{'=' * 80}\n" + "\n".join(titles) + f"\n{'-' * 80}\n{text}")


if __name__ == "__main__":
    main()
