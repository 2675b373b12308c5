#!/usr/bin/env python3
"""Checks a document of what an artifact consists of.

    check.py --schemas FOLDER --lock Cargo.lock --artifact FILE [--tree FILE] --notices FILE DOCUMENT
"""

import argparse
import copy
import hashlib
import json
import pathlib
import re
import sys
import tomllib

import fastjsonschema

# What a licence's text says
PHRASES = {
    "0BSD": "Permission to use, copy, modify, and/or distribute",
    "Apache-2.0": "Apache License",
    "BSD-2-Clause": "Redistribution and use in source and binary forms",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "BSL-1.0": "Boost Software License",
    "CC0-1.0": "to the public domain",
    "CDLA-Permissive-2.0": "Community Data License Agreement",
    "ISC": "Permission to use, copy, modify, and",
    "MIT": "Permission is hereby granted, free of charge",
    "MIT-0": "Permission is hereby granted, free of charge",
    "Python-2.0.1": "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "Unlicense": "released into the public domain",
    "Zlib": "provided 'as-is', without any express or implied",
    "blessing": "May you do good and not evil",
}
# Whose sources come without a text
WITHOUT = {"base64-simd", "compiler-rt", "tiktoken-rs", "vsimd", "wasi-libc"}
WORDS = re.compile(r"[A-Za-z0-9.+-]+")
OPERATORS = {"AND", "OR", "WITH"}


def validator(folder):
    def load(uri):
        name = uri.rpartition("/")[2].removesuffix(".schema.json").removesuffix(".SNAPSHOT")
        return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text())

    # NB: relative references are completed by the schema's own address, and looked up in the folder
    return fastjsonschema.compile(load("bom-1.5.schema.json"), handlers={"http": load, "https": load, "": load})


def is_valid(validate, document):
    try:
        validate(document)
    except fastjsonschema.JsonSchemaException:
        return False
    return True


def spoilt(document):
    """The document with one thing wrong each time, which the schema must see."""
    for spoil in (
        lambda it: it.update(serialNumber="urn:uuid:1"),
        lambda it: it.update(unknown=1),
        lambda it: it["components"][0].update(type="crate"),
        lambda it: it["components"][0].pop("name"),
        lambda it: it["components"][0].update(licenses=[{"license": {"id": "none of SPDX's"}}]),
        lambda it: it["metadata"]["component"]["hashes"][0].update(content="0"),
        lambda it: it["compositions"][0].update(aggregate="all"),
    ):
        wrong = copy.deepcopy(document)
        spoil(wrong)
        yield wrong


def check_references(document):
    root = document["metadata"]["component"]
    refs = [component["bom-ref"] for component in [root, *document["components"]]]
    assert len(refs) == len(set(refs)), "a bom-ref is there twice"
    needs = {dependency["ref"]: dependency["dependsOn"] for dependency in document["dependencies"]}
    assert sorted(needs) == sorted(refs), "dependencies are of other components than there are"
    reached, left = set(), [root["bom-ref"]]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left += needs[ref]
    assert reached == set(refs), f"nothing depends on {set(refs) - reached}"
    composed = [ref for composition in document["compositions"] for ref in composition["dependencies"]]
    assert sorted(composed) == sorted(refs), "a component has no composition, or two"


def check_licences(document, identifiers):
    for component in [document["metadata"]["component"], *document["components"]]:
        (licence,) = component["licenses"]
        names = set(WORDS.findall(licence["expression"])) - OPERATORS
        names -= set(re.findall(r"WITH (\S*[A-Za-z0-9])", licence["expression"]))
        assert names and names <= identifiers, f"{component['name']}: {names - identifiers} is none of SPDX's"


def check_notices(notices, components):
    """Each component is there, with texts that are of its licence."""
    head, *blocks = re.split(r"^={80}\n", notices, flags=re.MULTILINE)
    by_title = {title: "" for title in head.splitlines()[4:] if title}
    for block in blocks:
        titles, text = re.split(r"^-{80}\n", block, maxsplit=1, flags=re.MULTILINE)
        for title in titles.splitlines():
            by_title[title] = by_title.get(title, "") + text
    for component in components:
        (licence,) = (licence["expression"] for licence in component["licenses"])
        # NB: what is made of others here
        if component["bom-ref"] == component["name"] and "version" in component:
            continue
        title = " ".join(filter(None, [component["name"], component.get("version"), f"({licence})"]))
        text = re.sub(r"\s+", " ", by_title.pop(title))
        if not text:
            assert component["name"] in WITHOUT, f"{title} is without a text"
            continue
        held = re.sub(r" WITH \S*[A-Za-z0-9]", "", licence)
        held = re.sub(WORDS, lambda word: word[0].lower() if word[0] in OPERATORS else str(PHRASES[word[0]] in text), held)
        assert eval(held), f"{title}: its texts are of other licences"
    assert not by_title, f"notices of what is not in it: {sorted(by_title)}"


def checksums(lock):
    """Of each package; the workspace's own have none."""
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def crates(document, lock):
    """The crates of a document, after a look at each."""
    locked = checksums(lock)
    (complete,) = [it["dependencies"] for it in document["compositions"] if it["aggregate"] == "complete"]
    found = set()
    for component in document["components"]:
        key = component["name"], component.get("version")
        purl = component.get("purl", "")
        if purl.startswith("pkg:cargo/"):
            assert purl == "pkg:cargo/{}@{}".format(*key), purl
            assert component["bom-ref"] in complete, f"whose C does {purl} compile? nix/sbom/sources.toml is to say it"
            assert component["hashes"] == [{"alg": "SHA-256", "content": locked[key]}], purl
            found.add(key)
        elif not purl and locked.get(key, "") is None:
            found.add(key)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schemas", type=pathlib.Path, required=True)
    parser.add_argument("--lock", type=pathlib.Path, required=True)
    parser.add_argument("--artifact", type=pathlib.Path, required=True, help="the file that it is sealed for")
    parser.add_argument("--tree", type=pathlib.Path, help="what cargo tree says")
    parser.add_argument("--notices", type=pathlib.Path, required=True, help="the licences of what is in it")
    parser.add_argument("document", type=pathlib.Path)
    options = parser.parse_args()
    text = options.document.read_text()
    document = json.loads(text)

    validate = validator(options.schemas)
    validate(document)
    assert not any(is_valid(validate, wrong) for wrong in spoilt(document)), "the schema sees no mistake"
    # NB: without its seal it is one too
    unsealed = json.loads(options.artifact.read_text())
    validate(unsealed)

    for word in ("/nix/store", "/build/", "timestamp"):
        assert word not in text, f"{word} is in it"
    check_references(document)
    identifiers = json.loads((options.schemas / "spdx.SNAPSHOT.schema.json").read_text())["enum"]
    check_licences(document, set(identifiers))
    digest = hashlib.sha256(options.artifact.read_bytes()).hexdigest()
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert document["metadata"]["component"]["name"] == options.artifact.name

    lock = tomllib.loads(options.lock.read_text())
    found = crates(document, lock)
    if options.tree:
        lines = options.tree.read_text().splitlines()
        expected = {(name, version.removeprefix("v")) for name, version in map(str.split, lines)}
        assert found == expected, f"by cargo tree alone: {expected - found}; by the document alone: {found - expected}"
    check_notices(options.notices.read_text(), document["components"])
    root = document["metadata"]["component"]["bom-ref"]
    print(f"{root}: {len(found)} crates of {len(document['components'])} components")


if __name__ == "__main__":
    main()
