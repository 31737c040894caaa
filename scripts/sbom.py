#!/usr/bin/env python3
"""Writes what the release binary is made of: a CycloneDX 1.5 document on stdout.

scripts/sbom.py [TARGET]     the target defaults to that of this machine

Packages are those that `cargo tree` builds into it, or with it (macros, build scripts: scope
"excluded"), with checksums from Cargo.lock; and SQLite, whose source is inside of one of them.
The same sources give the same bytes: there is no time in it unless SOURCE_DATE_EPOCH is set.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "waxwing"
CARGO = os.environ.get("CARGO", "cargo")


def run(*arguments):
    return subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def tree(target, edges):
    """Depth, name and version of each package, in the order of a walk."""
    text = run(
        CARGO, "tree", "--locked", "--package", PROGRAM, "--target", target,
        "--edges", edges, "--no-dedupe", "--prefix", "depth", "--format", " {p}",
    )
    for line in text.splitlines():
        found = re.match(r"(\d+) (\S+) v(\S+)", line)
        if found:
            yield int(found[1]), (found[2], found[3])


def edges_of(walk):
    """What each package depends on."""
    depends, path = {}, []
    for depth, package in walk:
        depends.setdefault(package, set())
        del path[depth:]
        if path:
            depends[path[-1]].add(package)
        path.append(package)
    return depends


def purl(package):
    return f"pkg:cargo/{package[0]}@{package[1]}"


def expression(licence):
    """SPDX, also for the old way of writing OR."""
    return licence.replace("/", " OR ")


def component(package, about, checksums, scope):
    made = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package[0],
        "version": package[1],
        "scope": scope,
        "licenses": [{"expression": expression(about["license"])}],
        "purl": purl(package),
    }
    if about["description"]:
        made["description"] = " ".join(about["description"].split())
    if package in checksums:
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[package]}]
    if about["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": about["repository"]}]
    return made


def sqlite(about):
    """The library that libsqlite3-sys compiles."""
    source = pathlib.Path(about["manifest_path"]).parent / "sqlite3"
    version = re.search(r'#define SQLITE_VERSION\s+"([0-9.]+)"', (source / "sqlite3.h").read_text())[1]
    digest = hashlib.sha256((source / "sqlite3.c").read_bytes()).hexdigest()
    return {
        "type": "library",
        "bom-ref": f"pkg:generic/sqlite@{version}",
        "name": "sqlite",
        "version": version,
        "scope": "required",
        "description": "SQLite's amalgamation, as libsqlite3-sys brings it along",
        "licenses": [{"expression": "blessing"}],
        "purl": f"pkg:generic/sqlite@{version}",
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def document(target):
    metadata = json.loads(run(CARGO, "metadata", "--locked", "--format-version", "1"))
    about = {(package["name"], package["version"]): package for package in metadata["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {
        (package["name"], package["version"]): package["checksum"]
        for package in lock["package"] if "checksum" in package
    }
    depends = edges_of(tree(target, "normal,build"))
    inside = {package for _, package in tree(target, "normal,no-proc-macro")}
    program = next(package for package in depends if package[0] == PROGRAM)
    scopes = {package: "required" if package in inside else "excluded" for package in depends}
    components = [
        component(package, about[package], checksums, scopes[package])
        for package in sorted(depends) if package != program
    ]
    links = {purl(package): sorted(map(purl, on)) for package, on in depends.items()}
    for package in depends:
        if package[0] == "libsqlite3-sys":
            bundled = sqlite(about[package])
            components.append(bundled)
            links[purl(package)].append(bundled["bom-ref"])
            links[bundled["bom-ref"]] = []
    root = component(program, about[program], checksums, "required") | {"type": "application"}
    root["properties"] = [{"name": "waxwing:target", "value": target}]
    made = {"component": root, "tools": {"components": [{"type": "application", "name": "scripts/sbom.py"}]}}
    if os.environ.get("SOURCE_DATE_EPOCH"):
        time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
        made["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    dependencies = [{"ref": ref, "dependsOn": on} for ref, on in sorted(links.items())]
    content = {"metadata": made, "components": components, "dependencies": dependencies}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1}
    return head | content


def main():
    host = re.search(r"^host: (\S+)$", run("rustc", "-vV"), re.MULTILINE)[1]
    target = sys.argv[1] if len(sys.argv) > 1 else host
    json.dump(document(target), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
