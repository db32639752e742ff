"""Has Prometheus scrape what the tests made, as many targets.

    scraped.py configure DIRECTORY ADDRESS FILE   writes a configuration, with a target at ADDRESS for each exposition
    scraped.py check DIRECTORY PROMETHEUS         waits until all are scraped, and compares the numbers of samples

The version of Debian is older than names in quotes, so those expositions are not among the targets.
"""

import json
import sys
import time
import urllib.parse
import urllib.request

import expositions

PATIENCE_SECONDS = 120
# All targets are scraped once in this time, at moments that Prometheus spreads over it.
INTERVAL_SECONDS = 10


def paths_in(directory):
    return expositions.files(directory, ".legacy.text", ".legacy.openmetrics")


def configure(directory, address, file):
    targets = [
        {"targets": [address], "labels": {"__metrics_path__": f"/{path.name}", "exposition": path.name}}
        for path in paths_in(directory)
    ]
    scrape = {"job_name": "tests", "static_configs": targets}
    interval = {"scrape_interval": f"{INTERVAL_SECONDS}s", "scrape_timeout": f"{INTERVAL_SECONDS}s"}
    with open(file, "w") as out:
        # What is JSON is YAML.
        json.dump({"global": interval, "scrape_configs": [scrape]}, out)


def get(prometheus, path, **parameters):
    with urllib.request.urlopen(f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)["data"]


def query(prometheus, name):
    """The last value of a metric for each exposition."""
    # Over a minute, so that what was scraped last is not too old.
    result = get(prometheus, "query", query=f"last_over_time({name}[5m])")["result"]
    return {sample["metric"]["exposition"]: float(sample["value"][1]) for sample in result}


def check(directory, prometheus):
    paths = paths_in(directory)
    end = time.monotonic() + PATIENCE_SECONDS
    while len(up := query(prometheus, "up")) < len(paths):
        if time.monotonic() > end:
            sys.exit(f"Prometheus scraped {len(up)} of {len(paths)} expositions in {PATIENCE_SECONDS} s")
        time.sleep(1)
    targets = get(prometheus, "targets", state="active")["activeTargets"]
    errors = {target["labels"]["exposition"]: target["lastError"] for target in targets}
    samples = query(prometheus, "scrape_samples_scraped")
    refused = []
    for path in paths:
        expected = expositions.samples(expositions.text_of(path))
        if up[path.name] != 1:
            refused.append((path, errors[path.name]))
        elif samples[path.name] != expected:
            refused.append((path, f"it found {samples[path.name]:.0f} samples, and not {expected}"))
    expositions.finish("Prometheus", len(paths), refused)


{"configure": configure, "check": check}[sys.argv[1]](*sys.argv[2:])
