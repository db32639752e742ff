"""Adds the expositions in the conformance adapter's answers to those of the tests: answers.py ANSWERS DIRECTORY"""

import json
import pathlib
import sys


def main(answers, directory):
    with open(answers) as file:
        for line in file:
            answer = json.loads(line)
            for name, format in (("text_0_0_4", "text"), ("openmetrics_1_0_0", "openmetrics")):
                if name in answer:
                    names = "utf8" if is_quoted(answer[name]) else "legacy"
                    path = pathlib.Path(directory) / f"{answer['id']}.{names}.{format}".replace("/", "_")
                    path.write_bytes(answer[name].encode())


def is_quoted(text):
    """Whether a name is in quotes, which is seen in the lines of metadata."""
    return any(line.startswith('# TYPE "') for line in text.split("\n"))


main(*sys.argv[1:])
