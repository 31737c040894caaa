"""Lints the Helm chart with Helm itself, and what it renders with the schemas of Kubernetes.

Values that must work are the files ci/*-values.yaml of the chart, those that must be refused
stand below. Prints what is wrong, and ends with 1 if something is.
"""

import pathlib
import sys

import helm_python as helm
import kubernetes_validate
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

CHART = pathlib.Path("deploy/helm/waxwing")
# The oldest one that Chart.yaml admits, and the newest one whose schemas are there.
KUBERNETES = ["1.30.0", kubernetes_validate.latest_version()]
# Kinds that the cluster knows by definitions of others.
WITHOUT_SCHEMA = ["ServiceMonitor"]
ERROR_FROM = 2

SECRET = {
    "database": "postgres://waxwing:secret@postgres/waxwing",
    "encryptionKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "operatorKey": "wxo_0123456789abcdef",
}
GOOD = {"image": {"repository": "r"}, "secret": SECRET}
# Each differs from the good ones in what its name says.
REFUSED = {
    "no image": {"secret": SECRET},
    "no secret": {"image": {"repository": "r"}},
    "a secret without a database": {**GOOD, "secret": {**SECRET, "database": ""}},
    "a database that pods cannot share": {**GOOD, "secret": {**SECRET, "database": "sqlite:waxwing.db"}},
    "an encryption key that is too short": {**GOOD, "secret": {**SECRET, "encryptionKey": "c2hvcnQ="}},
    "an operator key that is too short": {**GOOD, "secret": {**SECRET, "operatorKey": "short"}},
    "a misspelt value": {**GOOD, "replica": 2},
    "a number that would lose its digits": {**GOOD, "settings": {"WAXWING_MAX_EVENT_BYTES": 1048576}},
    "a setting that is the chart's own": {**GOOD, "settings": {"WAXWING_NODE": "local"}},
    "an ingress without a host": {**GOOD, "ingress": {"enabled": True}},
}


def manifests(rendered):
    """What is wrong with the manifests that the chart rendered."""
    duplicates = YamlLintConfig("rules: {key-duplicates: enable}")
    found = 0
    for name, text in rendered.items():
        if name.endswith(".txt"):
            continue
        problems = list(linter.run(text, duplicates))
        yield from (f"{name}: {problem.line}: {problem.desc}" for problem in problems)
        if problems:
            continue
        for manifest in filter(None, yaml.safe_load_all(text)):
            found += 1
            if manifest["kind"] in WITHOUT_SCHEMA:
                continue
            for version in KUBERNETES:
                try:
                    kubernetes_validate.validate(manifest, version, strict=True)
                except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                    where = ".".join(str(step) for step in getattr(error, "path", []))
                    yield f"{name}: Kubernetes {version}: {where}: {error.message}"
    if not found:
        yield "nothing was rendered"


def accepted(chart, text):
    """What is wrong with the chart under values that must work."""
    values = helm.values_from_yaml(text)
    report = helm.lint(CHART, values, strict=True, kube_version=f"v{KUBERNETES[0]}")
    yield from (message["error"] for message in report["messages"] if message["severity"] >= ERROR_FROM)
    yield from report["errors"]
    yield from manifests(chart.render(values, name="test", namespace="test"))


def is_refused(chart, values):
    try:
        chart.render(values, name="test")
    except helm.HelmError:
        return True
    return False


def problems():
    files = sorted(CHART.glob("ci/*-values.yaml"))
    if not files:
        yield f"{CHART}/ci has no values to render with"
    try:
        with helm.Chart.load(CHART) as chart:
            if is_refused(chart, GOOD):
                yield "the values that the refused ones are made from are refused themselves"
            yield from (f"not refused: {what}" for what, values in REFUSED.items() if not is_refused(chart, values))
            for file in files:
                yield from (f"{file.name}: {problem}" for problem in accepted(chart, file.read_text()))
    except helm.HelmError as error:
        yield str(error)


found = list(problems())
for problem in found:
    print(problem)
sys.exit(1 if found else 0)
