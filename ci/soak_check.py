"""Scrapes a program a hundred times a second and watches what it holds, for ci/soak.sh.

    soak_check.py URL PID SECONDS

Every scrape is complete, and no counter in it is lower than in the one before. One scrape a second is parsed whole: the
buckets of its histograms make up their counts. Memory does not grow by a mebibyte a minute, and descriptors, threads and
shards by a few at most, once the program has warmed up.
"""

import http.client
import sys
import time
import urllib.parse

import psutil
from prometheus_client.parser import text_string_to_metric_families

RATE_HZ = 100
# Scraping is the test: a scraper that falls behind by more than this has not made it.
LEAST_HZ = 90
WARM_UP_SHARE = 0.1
MOST_BYTES_A_MINUTE = 1 << 20
# By how much each may rise. Files are opened and deleted all the time, and a scrape may meet one more connection; a
# thread that ends may still be there beside the one that takes its place, with its shard.
MOST_MORE = {"descriptors": 4, "threads": 4, "shards": 4}


class Scraper:
    """One connection, kept open, and the counters as they were last seen."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(self.address.netloc, timeout=10)
        self.counters = {}

    def scrape(self):
        self.connection.request("GET", self.address.path)
        answer = self.connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200 or not body.endswith("\n"):
            sys.exit(f"a scrape was answered with {answer.status} and {len(body)} bytes")
        return body

    def look(self, body):
        """Keeps the counters of a scrape; none may have fallen. Returns the number of shards."""
        shards = None
        for line in body.splitlines():
            if line.startswith("#"):
                continue
            series, value = line.rsplit(" ", 1)
            if "_total" in series or "_count" in series or "_bucket" in series:
                value = float(value)
                if value < self.counters.get(series, 0):
                    sys.exit(f"{series} fell from {self.counters[series]} to {value}")
                self.counters[series] = value
            elif series.startswith("tachometer_shards"):
                shards = float(value)
        return shards


def assert_whole(body):
    """The buckets of each histogram make up its count."""
    for family in text_string_to_metric_families(body):
        if family.type != "histogram":
            continue
        infinite, counts = {}, {}
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            key = tuple(sorted(labels.items()))
            if sample.name.endswith("_bucket") and sample.labels["le"] == "+Inf":
                infinite[key] = sample.value
            elif sample.name.endswith("_count"):
                counts[key] = sample.value
        if not counts or infinite != counts:
            sys.exit(f"{family.name}: the last buckets are {infinite} and the counts {counts}")


def slope(points):
    """The rise of a line through the points, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return rise / sum((x - mean_x) ** 2 for x, _ in points)


def most(samples, field):
    return max(sample[field] for sample in samples)


def judge(samples, scrapes, seconds):
    rate = scrapes / seconds
    warm = [sample for sample in samples if sample["time"] >= seconds * WARM_UP_SHARE]
    third = len(warm) // 3
    first, last = warm[:third], warm[-third:]
    growth = slope([(sample["time"] / 60, sample["memory"]) for sample in warm])
    print(f"{scrapes} scrapes, {rate:.1f} a second")
    print(f"memory: {warm[0]['memory'] / 2**20:.1f} MiB, then {warm[-1]['memory'] / 2**20:.1f} MiB; "
          f"{growth / 2**20:+.3f} MiB a minute")
    complaints = []
    for field, more in MOST_MORE.items():
        early, late = most(first, field), most(last, field)
        print(f"{field}: at most {early:.0f} at first and {late:.0f} at last")
        if late > early + more:
            complaints.append(f"{field} grew")
    if growth >= MOST_BYTES_A_MINUTE:
        complaints.append("memory grew by a mebibyte a minute or more")
    if rate < LEAST_HZ:
        complaints.append(f"fewer than {LEAST_HZ} scrapes a second say too little")
    return complaints


def main(url, pid, seconds):
    scraper, process = Scraper(url), psutil.Process(pid)
    samples, scrapes = [], 0
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        body = scraper.scrape()
        scrapes += 1
        shards = scraper.look(body)
        if now >= len(samples):
            assert_whole(body)
            samples.append({
                "time": now,
                "memory": process.memory_info().rss,
                "descriptors": process.num_fds(),
                "threads": process.num_threads(),
                "shards": shards,
            })
            if len(samples) % 60 == 0:
                print(f"  after {now:.0f} s: {samples[-1]['memory'] / 2**20:.1f} MiB, {scrapes} scrapes", flush=True)
        time.sleep(max(0, start + scrapes / RATE_HZ - time.monotonic()))
    complaints = judge(samples, scrapes, seconds)
    if complaints:
        sys.exit("; ".join(complaints))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
