"""The expositions that the tests made: files `HASH.NAMES.FORMAT` in a directory.

NAMES is `legacy`, or `utf8` where names may be in quotes; FORMAT is `text` or `openmetrics`.
"""

import pathlib
import re

# A sample with a time: the name, the labels, which end with a quote and a brace, and the value. Then the time.
TIMED = re.compile(r"(?m)^((?:.*\"\}|[a-zA-Z_:][a-zA-Z0-9_:]*) (?:[-+\d.e]+|[-+]Inf|NaN)) -?\d+$", re.ASCII)


def files(directory, *suffixes):
    """The files whose names end so, of which there must be some."""
    found = sorted(path for path in pathlib.Path(directory).iterdir() if path.name.endswith(suffixes))
    if not found:
        raise SystemExit(f"there is no exposition that ends in {' or '.join(suffixes)}")
    return found


def text_of(path):
    # Not `read_text`, which would take a carriage return for the end of a line.
    return path.read_bytes().decode()


def samples(text):
    """How many lines are samples."""
    return sum(1 for line in text.split("\n") if line and not line.startswith("#"))


def without_times(text):
    return TIMED.sub(r"\1", text)


def without_reserved_labels(text):
    """The text with other names for labels that begin with two underscores, of which some readers say that nobody may
    use them.

    Prometheus reads them, and its schemes for escaping make `__a` of `_a`, and `__` of two letters that are not of
    ASCII. What is called so from the start is never exposed.
    """
    return re.sub(r"([{,])__", r"\1reserved__", text)


def finish(reader, count, refused, exceptions=0):
    """Reports, and ends the program if anything was refused. `refused` has pairs of a path and a reason."""
    for path, reason in refused[:10]:
        print(f"{reader} refuses {path.name}: {reason}")
        print("".join(f"    {line}\n" for line in text_of(path).split("\n")[:20]))
    if refused:
        raise SystemExit(f"{reader} refuses {len(refused)} of {count} expositions")
    more = f", {exceptions} of them without what it refuses on purpose" if exceptions else ""
    print(f"{reader} reads all of {count} expositions{more}")
