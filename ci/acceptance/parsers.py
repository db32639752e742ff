"""Has both parsers of Prometheus' client for Python read what the tests made: parsers.py DIRECTORY"""

import re
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

import expositions

READERS = {
    ".text": parser.text_string_to_metric_families,
    ".openmetrics": openmetrics_parser.text_string_to_metric_families,
}
RESERVED = re.compile(r'Invalid labels: (?:.*,)?__\w*="')
# With another label the state set has not its own name any more.
RENAMED_STATES = re.compile(r"Stateset missing label: __")


def complaint(read, text):
    """Why a parser refuses the text, if so."""
    try:
        list(read(text))
    except ValueError as error:
        return str(error)
    return None


def main(directory):
    paths = expositions.files(directory, *READERS)
    refused, exceptions = [], 0
    for path in paths:
        read, text = READERS[path.suffix], expositions.text_of(path)
        reason = complaint(read, text)
        if reason and RESERVED.match(reason):
            exceptions += 1
            reason = complaint(read, expositions.without_reserved_labels(text))
            if reason and RENAMED_STATES.match(reason):
                continue
        if reason:
            refused.append((path, reason))
    expositions.finish("the Python client", len(paths), refused, exceptions)


main(*sys.argv[1:])
