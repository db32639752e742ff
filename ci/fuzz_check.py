#!/usr/bin/env python3
"""Whether prometheus_client and promtool read what the fuzz targets' parser reads.

usage: fuzz_check.py <expositions, as fuzz/src/expositions.rs has them

prometheus_client loses the white space around a help text, and reads every counter as one that ends in `_total`; all
else must be equal. Promtool is asked only whether it can read the text, and not what it thinks of the names in it.
"""

import json
import math
import subprocess
import sys

from prometheus_client.parser import text_string_to_metric_families


def number(token):
    value = float(token)
    return "NaN" if math.isnan(value) else value


def counter(name):
    return name if name.endswith("_total") else name + "_total"


def expected(case):
    types = {name: "unknown" if kind == "untyped" else kind for name, kind in case["types"]}

    def read_as(name):
        return counter(name) if types.get(name) == "counter" else name

    samples = [
        (read_as(name), sorted(map(tuple, labels)), number(value), None if time is None else time / 1000)
        for name, labels, value, time in case["samples"]
    ]
    helps = {read_as(name): text.strip() for name, text in case["helps"] if text.strip()}
    return sorted(samples, key=repr), helps, {read_as(name): kind for name, kind in types.items()}


def read(text):
    samples, helps, types = [], {}, {}
    for family in text_string_to_metric_families(text):
        # A counter's family has its name without the ending.
        name = counter(family.name) if family.type == "counter" else family.name
        types[name] = family.type
        if family.documentation.strip():
            helps[name] = family.documentation.strip()
        for sample in family.samples:
            samples.append((sample.name, sorted(sample.labels.items()), number(sample.value), sample.timestamp))
    return sorted(samples, key=repr), helps, types


def check(case):
    for what, there, here in zip(("samples", "help texts", "types"), read(case["text"]), expected(case)):
        assert there == here, f"{what}: prometheus_client reads {there}, not {here}"
    # Its status is 1 for what it cannot read, and 3 for what it would have named otherwise.
    promtool = subprocess.run(["promtool", "check", "metrics"], input=case["text"].encode(), capture_output=True)
    assert promtool.returncode in (0, 3), f"promtool: {promtool.stderr.decode()}"


def main():
    failed = cases = 0
    for line in sys.stdin:
        case = json.loads(line)
        cases += 1
        try:
            check(case)
        except Exception as problem:
            failed += 1
            print(f"{problem}\n{case['text']}", file=sys.stderr)
    print(f"{cases} expositions, {failed} of them read otherwise")
    sys.exit(failed > 0 or cases == 0)


if __name__ == "__main__":
    main()
