#!/usr/bin/env python3
"""Sums up what replay.py wrote, as lines of tab-separated values that tests/conformance.rs reads.

Usage: tests/conformance/summary.py CORPUS RESULT.json...

    scenario  NAME    PASSED  FAILED
    module    NAME    PASSED  FAILED      (the part of a check's method before the dot)
    answers   NAME    NUMBER  0           (a checksum of how each check of a scenario ended)
"""

import collections
import json
import pathlib
import sys
import zlib


def main():
    corpus, results = pathlib.Path(sys.argv[1]), sys.argv[2:]
    scenarios = {}
    answers = {}
    modules = collections.defaultdict(lambda: [0, 0])
    for path in results:
        for scenario in json.loads(pathlib.Path(path).read_text(encoding="utf-8")):
            name = scenario["scenario"]
            scenarios[name] = (scenario["passed"], scenario["failed"])
            ends = [scenario["checks"], sorted((one["id"], one["diff"]) for one in scenario["failures"])]
            answers[name] = zlib.crc32(json.dumps(ends, sort_keys=True).encode())
            checks = json.loads((corpus / name / "checks.json").read_text(encoding="utf-8"))
            methods = {check["id"]: check["method"] for check in checks}
            for check, passed in scenario["checks"].items():
                module = methods.get(check, "tracker").split(".")[0]
                modules[module][0 if passed else 1] += 1
    for name, (passed, failed) in sorted(scenarios.items()):
        print("scenario", name, passed, failed, sep="\t")
    for name, (passed, failed) in sorted(modules.items()):
        print("module", name, passed, failed, sep="\t")
    for name, checksum in sorted(answers.items()):
        print("answers", name, checksum, 0, sep="\t")


if __name__ == "__main__":
    main()
