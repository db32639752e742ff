"""Imports what the tests made in the text format into VictoriaMetrics: imported.py DIRECTORY HOST:PORT

It answers every import with 204, and counts what it could read and what not. Its log says which lines it could not.
"""

import http.client
import re
import sys
import time

import expositions

PATIENCE_SECONDS = 30
COUNTERS = re.compile(r'(?m)^vm_rows_(inserted|invalid)_total\{type="prometheus"\} (\d+)$')


def request(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def main(directory, address):
    connection = http.client.HTTPConnection(address, timeout=30)
    texts = [expositions.text_of(path) for path in expositions.files(directory, ".legacy.text")]
    for text in texts:
        status, body = request(connection, "POST", "/api/v1/import/prometheus", text.encode())
        if status != 204:
            sys.exit(f"VictoriaMetrics answers {status}: {body}")
    expected = sum(map(expositions.samples, texts))
    end = time.monotonic() + PATIENCE_SECONDS
    # It counts a moment later.
    while (rows := dict(COUNTERS.findall(request(connection, "GET", "/metrics")[1])))["inserted"] != str(expected):
        if time.monotonic() > end:
            sys.exit(f"VictoriaMetrics read {rows['inserted']} samples of {expected}, and {rows['invalid']} lines not")
        time.sleep(0.5)
    if rows["invalid"] != "0":
        sys.exit(f"VictoriaMetrics could not read {rows['invalid']} lines")
    expositions.finish("VictoriaMetrics", len(texts), [])


main(*sys.argv[1:])
