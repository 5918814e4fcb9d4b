#!/usr/bin/env python3
"""Makes data/lists/* from a folder with SearchEngines.yml, Socials.yml, AIAssistants.yml and referrer-spammers.txt.

Usage: scripts/convert-lists.py FOLDER YYYY-MM-DD

The date is that of the lists. The result is sorted and has one entry a line, so that an update is a readable diff.
The YAML files use only mappings, lists and plain or quoted texts; the small reader below needs no package.
"""

import json
import pathlib
import re
import sys

SEARCH_SOURCE = "searchengine-and-social-list (CC0-1.0)"
SPAM_SOURCE = "referrer-spam-list (public domain)"
PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")


def scalar(text):
    text = text.strip()
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        return json.loads(text)
    return text


def lines_of(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            indent = len(line) - len(line.lstrip())
            yield number, indent, line.strip()


def read_names_and_hosts(path):
    """`Name:` lines, each followed by `- host` lines."""
    entries = {}
    name = None
    for number, indent, text in lines_of(path):
        if indent == 0 and text.endswith(":"):
            name = PERCENT.sub(lambda match: chr(int(match[1], 16)), scalar(text[:-1]))
            entries.setdefault(name, [])
        elif text.startswith("- ") and name is not None:
            entries[name].append(scalar(text[2:]).lower())
        else:
            sys.exit(f"{path}:{number}: not understood: {text}")
    return entries


def read_search_engines(path):
    """`Name:` lines, each followed by `-` blocks of `key:` with `- value` lines or a `key: value`."""
    engines = {}
    name = rule = key = None
    for number, indent, text in lines_of(path):
        if indent == 0 and text.endswith(":"):
            name = scalar(text[:-1])
            engines.setdefault(name, [])
        elif name is not None and (text == "-" or re.fullmatch(r"- \w+:", text)):
            rule = {}
            engines[name].append(rule)
            key = text[2:-1] or None
            if key is not None:
                rule[key] = []
        elif text.startswith("- ") and key is not None:
            rule[key].append(scalar(text[2:]))
        elif rule is not None and ":" in text:
            key, value = (part.strip() for part in text.split(":", 1))
            if value in ("", "[]"):
                rule[key] = []
            else:
                rule[key] = scalar(value)
                key = None
        else:
            sys.exit(f"{path}:{number}: not understood: {text}")
    return engines


def header(kind, source, date):
    return [f"# takwimu list: {kind}, format 1", f"# {source}, {date}; made by scripts/convert-lists.py"]


def line(entry):
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def search_lines(engines):
    keys = {"urls": "urls", "params": "params", "hiddenkeyword": "hidden", "charsets": "charsets", "backlink": "backlink"}
    for name in sorted(engines, key=lambda name: (name.lower(), name)):
        # The order of the rules of one engine stays: its first URL is its main URL.
        for rule in engines[name]:
            unknown = set(rule) - set(keys)
            if unknown:
                sys.exit(f"{name}: unknown keys {sorted(unknown)}")
            yield line({"name": name} | {to: rule[key] for key, to in keys.items() if rule.get(key)})


def host_lines(entries):
    for name in sorted(entries, key=lambda name: (name.lower(), name)):
        yield line({"name": name, "hosts": entries[name]})


def main():
    if len(sys.argv) != 3 or not re.fullmatch(r"\d{4}-\d\d-\d\d", sys.argv[2]):
        sys.exit(__doc__)
    folder, date = pathlib.Path(sys.argv[1]), sys.argv[2]
    target = pathlib.Path(__file__).resolve().parent.parent / "data" / "lists"
    spam = (folder / "referrer-spammers.txt").read_text(encoding="utf-8").split()
    files = {
        "search-engines.jsonl": header("search-engines", SEARCH_SOURCE, date)
        + list(search_lines(read_search_engines(folder / "SearchEngines.yml"))),
        "social-networks.jsonl": header("social-networks", SEARCH_SOURCE, date)
        + list(host_lines(read_names_and_hosts(folder / "Socials.yml"))),
        "ai-assistants.jsonl": header("ai-assistants", SEARCH_SOURCE, date)
        + list(host_lines(read_names_and_hosts(folder / "AIAssistants.yml"))),
        "referrer-spam.txt": header("referrer-spam", SPAM_SOURCE, date) + sorted({host.lower() for host in spam}),
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (target / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{target / name}: {len(lines) - 2} entries")


if __name__ == "__main__":
    main()
