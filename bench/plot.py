#!/usr/bin/env python3
"""Draws the results of `waxwing bench` as SVG, with nothing but Python.

    python3 bench/plot.py bench/results/<date>.json docs/internals/benchmark

The same results make the same files, byte by byte: a test compares. A plot whose scenario
was not run is not drawn.
"""

import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 34, 76, 76

# Colours that can be told apart by everyone, on white and on black.
STYLE = """
  svg { font: 13px system-ui, sans-serif; }
  .paper { fill: #ffffff; } .ink { fill: #1f2328; } .dim { fill: #656d76; }
  .grid { stroke: #d0d7de; } .axis { stroke: #656d76; }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  .s0 { stroke: #0969da; } .f0 { fill: #0969da; } .s1 { stroke: #d1661a; } .f1 { fill: #d1661a; }
  .s2 { stroke: #1a7f5a; } .f2 { fill: #1a7f5a; } .s3 { stroke: #8250df; } .f3 { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .ink { fill: #e6edf3; } .dim { fill: #9198a1; }
    .grid { stroke: #2f353d; } .axis { stroke: #9198a1; }
    .s0 { stroke: #58a6ff; } .f0 { fill: #58a6ff; } .s1 { stroke: #f0883e; } .f1 { fill: #f0883e; }
    .s2 { stroke: #3fb98a; } .f2 { fill: #3fb98a; } .s3 { stroke: #b48cf2; } .f3 { fill: #b48cf2; }
  }
"""


def number(value):
    """A number for people: 1,234 or 12.3 or 0.45."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


class Plot:
    """An SVG with a title; scales turn values into places on it."""

    def __init__(self, title, subtitle, left=LEFT):
        self.parts, self.left = [], left
        self.text(24, 30, title, "ink", size=17, weight="600")
        self.text(24, 50, subtitle, "dim", size=12)

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, text, style="dim", anchor="start", size=13, weight="400"):
        self.add(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}" '
            f'font-size="{size}" font-weight="{weight}">{escape(text)}</text>'
        )

    def line(self, x1, y1, x2, y2, style):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def bar(self, x, y, width, height, series):
        self.add(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 1):.1f}" '
            f'rx="2" class="f{series}"/>'
        )

    def curve(self, points, series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polyline points="{path}" class="line s{series}"/>')
        for x, y in points:
            self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="f{series}"/>')

    def legend(self, names, y=HEIGHT - 12):
        x = self.left
        for series, name in enumerate(names):
            self.add(f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" rx="2" class="f{series}"/>')
            self.text(x + 15, y, name, "ink")
            x += 36 + 7.2 * len(name)

    def y_log(self, values, unit):
        """A scale for heights, by powers of ten, with its grid."""
        low = math.floor(math.log10(max(min(values), 1e-3)) * 2) / 2
        high = max(math.ceil(math.log10(max(values)) * 2) / 2, low + 0.5)
        height = HEIGHT - TOP - BOTTOM

        def place(value):
            part = (math.log10(max(value, 1e-3)) - low) / (high - low)
            return HEIGHT - BOTTOM - part * height

        for power in range(math.floor(low), math.ceil(high) + 1):
            for step in (1, 2, 5):
                value = step * 10.0**power
                if low <= math.log10(value) + 1e-9 and math.log10(value) - 1e-9 <= high:
                    self.grid(place(value), f"{number(value)} {unit}")
        return place

    def y_linear(self, most, unit):
        """A scale for heights from nothing on, with its grid."""
        step = 10 ** math.floor(math.log10(most))
        step = next(it for it in (step / 5, step / 2, step, step * 2) if most / it <= 6)
        top = math.ceil(most / step) * step

        def place(value):
            return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

        for at in range(round(top / step) + 1):
            self.grid(place(at * step), f"{number(at * step)} {unit}")
        return place

    def grid(self, y, label):
        self.line(self.left, y, WIDTH - RIGHT, y, "grid")
        self.text(self.left - 8, y + 4, label, anchor="end", size=12)

    def svg(self, height=HEIGHT):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">'
        )
        body = "\n".join(self.parts)
        return f'{head}\n<style>{STYLE}</style>\n<rect class="paper" width="{WIDTH}" height="{height}"/>\n{body}\n</svg>\n'


def scenarios(results):
    return {it["name"]: it["steps"] for it in results["scenarios"] if not it["skipped"]}


def published(steps):
    return [step for step in steps if step["step"] == "publish"]


def where(results):
    """Program, server and machine in one line."""
    machine, program, server = results["machine"], results["program"], results["server"]
    commit = f" {program['commit']}" if program["commit"] else ""
    virtual = " of a virtual machine" if machine["is_virtual"] else ""
    server = " on ".join(it for it in (server["name"], server["database"]) if it)
    load = machine["load"] or 0
    busy = f", busy with other work (load {load:.0f})" if load > machine["cores"] / 2 else ""
    return f"{server}{commit}, {results['at'][:10]}, {machine['cores']} cores{virtual}{busy}"


def latency_distribution(results):
    """Latency by percentile, its tail stretched."""
    steps = [it for it in published(scenarios(results).get("steady-rate", [])) if it["rate_per_second"]]
    if not steps:
        return None
    # Slow, middle and fast.
    steps = [steps[0], steps[len(steps) // 2], steps[-1]]
    plot = Plot("From publish to delivered: the tail", where(results))

    def tail(percent):
        return math.log10(100 / max(100 - percent, 0.01))

    def across(percent):
        return LEFT + tail(percent) / tail(99.99) * (WIDTH - LEFT - RIGHT)

    curves = [[pair for pair in it["latency_ms"]["percentiles"] if pair[0] < 100] for it in steps]
    up = plot.y_log([ms for curve in curves for _, ms in curve], "ms")
    for percent in (1, 50, 90, 99, 99.9, 99.99):
        plot.text(across(percent), HEIGHT - BOTTOM + 20, f"{percent} %", anchor="middle", size=12)
    for series, curve in enumerate(curves):
        plot.curve([(across(percent), up(ms)) for percent, ms in curve], series)
    plot.legend([f"{it['rate_per_second']:,.0f} events/s" for it in steps])
    return plot.svg()


def latency_by_rate(results):
    """p50 and p99 over the offered rate."""
    steps = [it for it in published(scenarios(results).get("steady-rate", [])) if it["rate_per_second"]]
    if not steps:
        return None
    plot = Plot("From publish to delivered, by offered rate", where(results))
    most = max(it["rate_per_second"] for it in steps)
    kinds = ("p50", "p99")
    up = plot.y_log([it["latency_ms"][kind] for it in steps for kind in kinds], "ms")
    last = -100
    for it in steps:
        x = LEFT + it["rate_per_second"] / most * (WIDTH - LEFT - RIGHT - 20)
        if x - last > 50:
            plot.text(x, HEIGHT - BOTTOM + 20, f"{it['rate_per_second']:,.0f}/s", anchor="middle", size=12)
            last = x
    for series, kind in enumerate(kinds):
        points = [
            (LEFT + it["rate_per_second"] / most * (WIDTH - LEFT - RIGHT - 20), up(it["latency_ms"][kind]))
            for it in steps
        ]
        plot.curve(points, series)
    plot.legend(kinds)
    return plot.svg()


def bars(plot, groups, up):
    """Bars side by side, for each group a label and its values."""
    space = (WIDTH - LEFT - RIGHT) / len(groups)
    for at, (label, values) in enumerate(groups):
        width = min(54, space * 0.7 / len(values))
        start = LEFT + space * (at + 0.5) - width * len(values) / 2
        for series, value in enumerate(values):
            y = up(value)
            plot.bar(start + series * width + 1, y, width - 2, HEIGHT - BOTTOM - y, series)
            plot.text(start + (series + 0.5) * width, y - 5, number(value), "ink", "middle", 12)
        for line, text in enumerate(label):
            plot.text(LEFT + space * (at + 0.5), HEIGHT - BOTTOM + 18 + 15 * line, text, "dim", "middle", 12)


def cpu(results):
    """Processor time of a delivery at full speed."""
    groups = []
    for name, steps in scenarios(results).items():
        full = [it for it in published(steps) if it["rate_per_second"] is None and it["cpu_us_per_delivery"]]
        if full and name.startswith(("saturation", "fan-out")):
            label = [name.replace("fan-out-", "fan-out ")]
            if name.startswith("saturation"):
                label = [f"{full[0]['events_stored_before']:,}", "stored"]
            groups.append((label, [full[0]["cpu_us_per_delivery"]]))
    if not groups:
        return None
    plot = Plot("Processor time of a delivery at full speed", where(results))
    up = plot.y_linear(max(value for _, values in groups for value in values) * 1.05, "µs")
    bars(plot, groups, up)
    return plot.svg()


def isolation(results):
    """p99 of healthy webhooks alone and beside trouble."""
    kinds = {
        "isolation": ["one hangs,", "one refuses"],
        "slow-and-failing": ["5 % slow", "or failing"],
        "backlog-drain": ["a backlog", "drains"],
    }
    groups = []
    for name, steps in scenarios(results).items():
        by_name = {it["name"]: it for it in published(steps)}
        for it in by_name.values():
            if it["against"] and name in kinds:
                alone = by_name[it["against"]["name"]]["latency_ms"]["p99"]
                label = [*kinds[name], f"{it['rate_per_second']:,.0f}/s"]
                groups.append((label, [alone, it["latency_ms"]["p99"]]))
    if not groups:
        return None
    plot = Plot("p99 of healthy webhooks, alone and beside trouble", where(results))
    up = plot.y_linear(max(value for _, values in groups for value in values) * 1.08, "ms")
    bars(plot, groups, up)
    plot.legend(["alone", "beside"], HEIGHT - 8)
    return plot.svg()


def event_log(results):
    """How long questions to the event log take."""
    queries = [it for it in scenarios(results).get("event-log", []) if it["step"] == "query"]
    if not queries:
        return None
    query, left = queries[0], 260
    plot = Plot(f"Questions to a log of {query['entries']:,} entries", where(results), left)
    most = max(it["latency_ms"]["p99"] for it in query["queries"])
    for at, it in enumerate(query["queries"]):
        y = TOP + at * 36
        plot.text(left - 10, y + 17, it["name"], "ink", "end", 12)
        for series, kind in enumerate(("p50", "p99")):
            width = it["latency_ms"][kind] / most * (WIDTH - left - RIGHT - 70)
            plot.bar(left, y + series * 14, max(width, 1), 12, series)
            plot.text(left + width + 6, y + series * 14 + 10, f"{number(it['latency_ms'][kind])} ms", size=11)
    height = TOP + len(query["queries"]) * 36 + 30
    plot.legend(["p50", "p99"], height - 12)
    return plot.svg(height)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    results = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for draw in (latency_distribution, latency_by_rate, cpu, isolation, event_log):
        svg = draw(results)
        if svg:
            path = folder / f"{draw.__name__.replace('_', '-')}.svg"
            path.write_text(svg, encoding="utf-8")
            print(path)


if __name__ == "__main__":
    main()
