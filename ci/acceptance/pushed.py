"""Pushes what the tests made in the text format to a Pushgateway: pushed.py DIRECTORY HOST:PORT"""

import http.client
import sys

import expositions

# What it refuses on purpose.
TIMES = "pushed metrics must not have timestamps"
RESERVED = "has a label with an invalid name: __"


class Gateway:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def put(self, text):
        """Why it refuses the text, if so. Each takes the place of the one before."""
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        self.connection.request("PUT", "/metrics/job/tests", text.encode(), headers)
        answer = self.connection.getresponse()
        body = answer.read().decode()
        return None if answer.status == 200 else f"{answer.status} {body.strip()}"


def main(directory, address):
    gateway = Gateway(address)
    paths = expositions.files(directory, ".legacy.text")
    refused, exceptions = [], 0
    for path in paths:
        text = expositions.text_of(path)
        reason = gateway.put(text)
        if reason and TIMES in reason:
            exceptions += 1
            text = expositions.without_times(text)
            reason = gateway.put(text)
        if reason and RESERVED in reason:
            exceptions += 1
            reason = gateway.put(expositions.without_reserved_labels(text))
        if reason:
            refused.append((path, reason))
    expositions.finish("Pushgateway", len(paths), refused, exceptions)


main(*sys.argv[1:])
