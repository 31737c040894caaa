#!/usr/bin/env python3
"""What one event costs the server, in figures that do not depend on what else the machine does:
instructions by part and allocations (valgrind), system calls (strace).

    bench/profile.py target/release/waxwing

Each is measured with few and with many events; what one more event costs is the difference, so
that starting, registering webhooks and opening connections do not count. Takes some minutes.
"""

import argparse
import collections
import os
import re
import subprocess
import tempfile
import time

FEW, MANY = 3_000, 13_000
SCENARIO = """shows = "What one more event costs."
[receivers.healthy]
answer = "200"
accounts = 100
[[steps]]
store = {{ receivers = ["healthy"], events = 1_000 }}
[[steps]]
publish = {{ name = "load", receivers = ["healthy"], at = "full speed", events = {events} }}
"""
# The function under which a part of the program runs, and what that part is.
PARTS = {
    "waxwing_sqlite::writer::Writer::run": "writer's thread",
    "sqlite3_step": "- statements of SQLite",
    "waxwing_api::listener::accept::run": "connections of the API",
    "waxwing_api::json::check": "- looking through bodies",
    "waxwing_delivery::attempt::run": "attempts",
    "waxwing_core::signature::mac": "- signatures (in software under valgrind, which hides the instructions for them)",
    "waxwing_delivery::https::connect::speak": "connections to receivers",
    "waxwing_delivery::dispatcher::Dispatcher::run": "dispatcher",
    "start_thread": "all threads",
}
ALLOCATORS = ("malloc.c:malloc", "malloc.c:calloc", "malloc.c:realloc", "malloc.c:memalign", "malloc.c:posix_memalign")


def bench(binary, events, folder, prefix=()):
    """The bench as a child, with a scenario of so many events."""
    scenario = os.path.join(folder, f"{events}.toml")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(SCENARIO.format(events=events))
    command = [*prefix, binary, "bench", "--scenario", scenario, "--directory", folder]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended(child):
    if child.wait() != 0:
        raise SystemExit(f"{' '.join(child.args)} failed with {child.returncode}")


def instructions(binary, events, folder):
    """Instructions below each part, and the number of allocations."""
    out = os.path.join(folder, f"callgrind.{events}")
    valgrind = ["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={out}.%p"]
    ended(bench(binary, events, folder, valgrind))
    server = max((name for name in os.listdir(folder) if name.startswith(f"callgrind.{events}.")),
                 key=lambda name: int(name.rsplit(".", 1)[1]))
    annotate = ["callgrind_annotate", "--inclusive=yes", "--tree=caller", "--threshold=100"]
    text = subprocess.run([*annotate, os.path.join(folder, server)], capture_output=True, text=True, check=True)
    counted, calls = collections.Counter(), 0
    for line in text.stdout.splitlines():
        found = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+([<*])\s+(.*)", line)
        if not found:
            calls = 0
            continue
        cost, kind, function = int(found[1].replace(",", "")), found[2], found[3]
        if kind == "<":
            times = re.search(r"\(([\d,]+)x\)", function)
            calls += int(times[1].replace(",", "")) if times else 0
            continue
        for part in PARTS:
            if re.search(rf"(:|<){re.escape(part)}\b", function):
                counted[part] = max(counted[part], cost)
        if any(f"{name} [" in function for name in ALLOCATORS):
            counted["allocations"] += calls
    return counted


def system_calls(binary, events, folder):
    """How often each system call was made."""
    child = bench(binary, events, folder)
    children = f"/proc/{child.pid}/task/{child.pid}/children"
    server = ""
    while not server and child.poll() is None:
        with open(children, encoding="ascii") as file:
            server = file.read().split()[:1]
        time.sleep(0.01)
    out = os.path.join(folder, f"strace.{events}")
    subprocess.run(["strace", "-f", "-c", "-U", "name,calls", "-o", out, "-p", *server],
                   stderr=subprocess.DEVNULL, check=True)
    ended(child)
    with open(out, encoding="ascii") as file:
        rows = [line.split() for line in file]
    return collections.Counter({row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()})


def for_each_event(measure, binary, folder):
    few, many = (measure(binary, events, folder) for events in (FEW, MANY))
    many.subtract(few)
    return {name: count / (MANY - FEW) for name, count in many.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="a release build of waxwing")
    binary = os.path.abspath(parser.parse_args().binary)
    with tempfile.TemporaryDirectory() as folder:
        counted = for_each_event(instructions, binary, folder)
        calls = for_each_event(system_calls, binary, folder)
    for part, words in PARTS.items():
        print(f"{counted.get(part, 0):10,.0f}  instructions: {words}")
    print(f"{counted.get('allocations', 0):10,.1f}  allocations")
    for name, count in sorted(calls.items(), key=lambda call: -call[1]):
        if count >= 0.05 and name != "total":
            print(f"{count:10,.2f}  {name}")


if __name__ == "__main__":
    main()
