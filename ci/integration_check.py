"""The questions that ci/integration.sh asks of a pipeline and of the Prometheus that scrapes it.

    integration_check.py wait URL                   until URL answers
    integration_check.py fetch URL                  print what URL answers
    integration_check.py up PROMETHEUS              the target is scraped
    integration_check.py scraped PROMETHEUS METRICS what Prometheus holds equals the exposition, sample by sample
    integration_check.py history PROMETHEUS         every scrape succeeded, and each was consistent in itself
    integration_check.py total METRICS NAME VALUE   the series of NAME in the exposition add up to VALUE
    integration_check.py queried PROMETHEUS EXPRESSION VALUE
                                                    the expression has one result, VALUE
    integration_check.py lint FOUND EXCEPTIONS      promtool's complaints are those that were reviewed

PROMETHEUS and METRICS are addresses without a path. Every wait is bounded, and every failure says what differs.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 30
FEWEST_SCRAPES = 10
# The metrics of a Kinesis client that the pipeline stands in for, and their types.
NAMES = {
    "producer_records_sent_total": "counter",
    "producer_bytes_sent_total": "counter",
    "producer_errors_total": "counter",
    "producer_throttles_total": "counter",
    "producer_batch_size": "histogram",
    "producer_queue_size": "gauge",
    "producer_flush_duration_seconds": "histogram",
    "consumer_records_received_total": "counter",
    "consumer_bytes_received_total": "counter",
    "consumer_errors_total": "counter",
    "consumer_checkpoint_success_total": "counter",
    "consumer_checkpoint_failure_total": "counter",
    "consumer_lag_records": "gauge",
    "consumer_processing_time_seconds": "histogram",
    "consumer_iterator_age_milliseconds": "gauge",
    "consumer_queue_size": "gauge",
    "stream_shards_active": "gauge",
    "stream_shards_closed": "gauge",
    "stream_resharding_events_total": "counter",
}
PREFIX = "pipeline_"
# The pipeline's, and what the engine says of itself.
# What the endpoint says of its scrapes changes with each, so no two are equal.
OF_SCRAPES = "tachometer_scrape"
ALL_SAMPLES = f'{{__name__=~"({PREFIX}|tachometer_).*",__name__!~"{OF_SCRAPES}.*"}}'
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", re.ASCII)
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def get(url, accept="*/*"):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=10) as answer:
        return answer.read().decode()


def api(prometheus, path, **parameters):
    try:
        answer = get(f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
    except urllib.error.HTTPError as error:
        sys.exit(f"Prometheus refuses {parameters}: {error.read().decode()}")
    return json.loads(answer)["data"]


def query(prometheus, expression):
    """The instant vector of an expression, as a dict from label sets to numbers."""
    result = api(prometheus, "query", query=expression)["result"]
    return {labels_of(sample["metric"]): float(sample["value"][1]) for sample in result}


def over_time(prometheus, expression):
    """The values of an expression at each second of the last ten minutes, those that exist."""
    now = time.time()
    return api(prometheus, "query_range", query=expression, start=now - 600, end=now, step=1)["result"]


def sample_names(kind, suffixes):
    return [PREFIX + name + suffix for name, of_kind in NAMES.items() if of_kind == kind for suffix in suffixes]


def labels_of(metric):
    """What Prometheus adds of its own, `job` and `instance`, does not count."""
    return frozenset((name, value) for name, value in metric.items() if name not in ("job", "instance"))


def exposed(metrics):
    """The samples of an exposition, as `query` returns them: in the format that Prometheus asks for."""
    samples = {}
    for line in get(f"{metrics}/metrics", "application/openmetrics-text").splitlines():
        if not line or line.startswith(("#", OF_SCRAPES)):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        pairs = [(k, re.sub(r"\\.", lambda m: ESCAPES[m[0]], v)) for k, v in LABEL.findall(labels or "")]
        key = frozenset(pairs + [("__name__", name)])
        if key in samples:
            sys.exit(f"the exposition has a series twice: {show(key)}")
        samples[key] = float(value)
    return samples


def show(labels):
    labels = dict(labels)
    name = labels.pop("__name__", "")
    return name + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}"


def until(check):
    """Repeats `check` until it returns no complaint; ends the program with the last one when patience is out."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            complaint = check()
        except (urllib.error.URLError, OSError) as error:
            complaint = str(error)
        if not complaint:
            return
        if time.monotonic() > end:
            sys.exit(f"after {PATIENCE_SECONDS} s: {complaint}")
        time.sleep(0.25)


def wait(url):
    until(lambda: get(url) and None)


def up(prometheus):
    def check():
        target = query(prometheus, 'up{job="pipeline"}')
        if list(target.values()) != [1.0]:
            return f"up is {list(target.values())}, not [1]; {errors(prometheus)}"
        return None

    until(check)
    print("up == 1")


def errors(prometheus):
    return [target["lastError"] for target in api(prometheus, "targets")["activeTargets"]]


def scraped(prometheus, metrics):
    expected = exposed(metrics)

    def check():
        got = query(prometheus, ALL_SAMPLES)
        differing = [key for key in expected.keys() | got.keys() if expected.get(key) != got.get(key)]
        lines = [f"  {show(key)}: exposed {expected.get(key)}, queried {got.get(key)}" for key in differing[:10]]
        return f"{len(differing)} samples differ\n" + "\n".join(lines) if lines else None

    until(check)
    types = {name: entries[0]["type"] for name, entries in api(prometheus, "metadata").items()}
    # OpenMetrics calls the family of a counter `x_total` just `x`.
    named = {name: PREFIX + name.removesuffix("_total") for name in NAMES}
    wrong = [f"{name}: {types.get(named[name])}, not {kind}" for name, kind in NAMES.items()
             if types.get(named[name]) != kind]
    if wrong:
        sys.exit("metrics with another type, or none: " + "; ".join(wrong))
    stored = {dict(key)["__name__"] for key in query(prometheus, ALL_SAMPLES)}
    absent = [name for name, kind in NAMES.items()
              if PREFIX + name + ("_count" if kind == "histogram" else "") not in stored]
    if absent:
        sys.exit("metrics without a series: " + ", ".join(absent))
    print(f"{len(expected)} samples of {len(NAMES)} metrics and the engine's own, each equal in Prometheus and at its source")


def history(prometheus):
    """Looks at all scrapes of the last ten minutes, most of them taken while the pipeline was recording."""
    scrapes, = query(prometheus, 'count_over_time(up{job="pipeline"}[10m])').values()
    if scrapes < FEWEST_SCRAPES:
        sys.exit(f"only {scrapes:.0f} scrapes happened; fewer than {FEWEST_SCRAPES} say little")
    succeeded, = query(prometheus, 'sum_over_time(up{job="pipeline"}[10m])').values()
    if succeeded != scrapes:
        sys.exit(f"{scrapes - succeeded:.0f} of {scrapes:.0f} scrapes failed: {errors(prometheus)}")
    for name in sample_names("counter", [""]) + sample_names("histogram", ["_count", "_bucket"]):
        # `resets` drops the name, so each name needs a query of its own.
        resets = query(prometheus, f"resets({name}[10m]) > 0")
        if resets:
            sys.exit(f"{name} went backwards: {', '.join(map(show, resets))}")
    for histogram in sample_names("histogram", [""]):
        if not over_time(prometheus, f"{histogram}_count"):
            sys.exit(f"no scrape has {histogram}_count")
        torn = over_time(prometheus, f'{histogram}_bucket{{le="+Inf"}} != ignoring(le) {histogram}_count')
        if torn:
            sys.exit(f"scrapes in which the buckets of {histogram} are not its count: {torn}")
    print(f"{scrapes:.0f} scrapes, none failed, no counter ever fell, every histogram's buckets made up its count")


def total(metrics, name, value):
    actual = sum(number for key, number in exposed(metrics).items() if ("__name__", name) in key)
    if actual != float(value):
        sys.exit(f"the pipeline reported {value}, but its {name} add up to {actual:.0f}")
    print(f"{name} adds up to {value}, as the pipeline reported")


def queried(prometheus, expression, value):
    answer = list(query(prometheus, expression).values())
    if answer != [float(value)]:
        sys.exit(f"the pipeline reported {value}, but {expression} is {answer}")
    print(f"{expression} == {value}, as the pipeline reported")


def lint(found, exceptions):
    with open(found) as file:
        found = {line.strip() for line in file if line.strip()}
    with open(exceptions) as file:
        reviewed = {line.strip() for line in file if line.strip() and not line.startswith("#")}
    for complaint in sorted(found - reviewed):
        print(f"promtool complains: {complaint}", file=sys.stderr)
    for complaint in sorted(reviewed - found):
        print(f"promtool no longer complains, take it off {exceptions}: {complaint}", file=sys.stderr)
    if found != reviewed:
        sys.exit(1)
    print(f"promtool complains of nothing but the {len(reviewed)} reviewed exceptions")


COMMANDS = {
    "wait": wait,
    "fetch": lambda url: print(get(url), end=""),
    "up": up,
    "scraped": scraped,
    "history": history,
    "total": total,
    "queried": queried,
    "lint": lint,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
