"""Makes the requests of the adapter, one line a case: requests.py CASES.."""

import json
import sys

for name in sys.argv[1:]:
    with open(name) as file:
        for case in json.load(file)["cases"]:
            print(json.dumps({key: case[key] for key in ("id", "kind", "input")}))
