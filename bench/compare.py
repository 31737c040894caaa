#!/usr/bin/env python3
"""Compares two results of `waxwing bench`: two commits, two databases, two servers.

    python3 bench/compare.py before.json after.json

Prints, for each measurement that both have, the figures of both and their ratio.
"""

import json
import pathlib
import sys

FIGURES = (
    ("delivered/s", lambda it: it["delivered_per_second"]),
    ("CPU µs", lambda it: it["cpu_us_per_delivery"]),
    ("p50 ms", lambda it: it["latency_ms"]["p50"]),
    ("p99 ms", lambda it: it["latency_ms"]["p99"]),
)


def measurements(path):
    results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    found = {}
    for scenario in results["scenarios"]:
        for step in scenario["steps"]:
            if step["step"] == "publish":
                found[scenario["name"], step["name"]] = step
    return results, found


def about(results):
    server, program = results["server"], results["program"]
    parts = (server["name"], server["database"], program["commit"], results["at"], f"scale {results['scale']}")
    return ", ".join(str(part) for part in parts if part)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    (first, before), (second, after) = map(measurements, sys.argv[1:])
    print(f"A  {about(first)}\nB  {about(second)}")
    if first["machine"]["cpu"] != second["machine"]["cpu"] or first["scale"] != second["scale"]:
        print("These were not measured on the same machine at the same scale.", file=sys.stderr)
    print(f"\n{'':44} {'figure':12} {'A':>11} {'B':>11} {'B/A':>7}")
    for key in (key for key in before if key in after):
        for name, figure in FIGURES:
            a, b = figure(before[key]), figure(after[key])
            if a and b:
                print(f"{', '.join(key):44} {name:12} {a:11,.2f} {b:11,.2f} {b / a:7.2f}")


if __name__ == "__main__":
    main()
