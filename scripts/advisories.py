#!/usr/bin/env python3
"""Compares lock files with a clone of the RustSec advisory database.

scripts/advisories.py DATABASE LOCK...

An advisory counts for a version that is neither patched nor unaffected by it, also when it
only says that a package is no longer maintained. Whether the program uses what is broken is
left to the reader.
"""

import io
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib

OPERATORS = r"(>=|<=|>|<|=|\^|~|)"


def number(text):
    """A version's three numbers, and how many of them were given."""
    parts = text.split("+")[0].split("-")[0].split(".")
    given = [int(part) for part in parts if part.isdigit()]
    return tuple(given + [0] * (3 - len(given))), len(given)


def early(text):
    """Whether it comes before the version of these numbers: 1.0.0-beta.1."""
    return "-" in text.split("+")[0]


def meets(version, comparator):
    operator, text = re.fullmatch(OPERATORS + r"\s*(\S+)", comparator.strip()).groups()
    have, (want, given) = (number(version)[0], not early(version)), number(text)
    bound = (want, not early(text))
    if operator == ">=":
        return have >= bound
    if operator == ">":
        return have > bound
    if operator == "<=":
        return have <= bound
    if operator == "<":
        return have < bound
    if operator == "=":
        return have[0][:given] == want[:given]
    # ^ keeps the first number that is not 0, ~ the second one.
    kept = next((at for at in range(given) if want[at]), given - 1) + 1 if operator != "~" else min(given, 2)
    return have >= bound and have[0][:kept] == want[:kept]


def fits(version, requirements):
    return any(all(meets(version, part) for part in one.split(",")) for one in requirements)


def database(path):
    """Its advisories, and which state of it they are."""
    archive = subprocess.run(["git", "-C", path, "archive", "HEAD", "crates"], check=True, capture_output=True)
    state = subprocess.run(
        ["git", "-C", path, "log", "-1", "--format=%h of %cs"], check=True, capture_output=True, text=True
    )
    advisories = []
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        for file in files:
            if file.isfile() and file.name.endswith(".md"):
                text = files.extractfile(file).read().decode()
                front = re.match(r"```toml\n(.*?)\n```", text, re.DOTALL)
                title = re.search(r"^# (.*)$", text, re.MULTILINE)
                advisories.append(tomllib.loads(front[1]) | {"title": title[1] if title else ""})
    return advisories, state.stdout.strip()


def main():
    path, locks = sys.argv[1], sys.argv[2:]
    advisories, state = database(path)
    found, looked_at = 0, set()
    for lock in locks:
        for package in tomllib.loads(pathlib.Path(lock).read_text())["package"]:
            if "source" in package:
                looked_at.add((package["name"], package["version"]))
    for name, version in sorted(looked_at):
        for entry in advisories:
            about, versions = entry["advisory"], entry["versions"]
            if about["package"] != name or "withdrawn" in about:
                continue
            if fits(version, versions.get("patched", []) + versions.get("unaffected", [])):
                continue
            found += 1
            kind = about.get("informational", "vulnerability")
            print(f"{name} {version}: {about['id']} ({kind}) {entry['title']}")
    print(f"advisories: {found} for {len(looked_at)} packages, {len(advisories)} known, database {state}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
