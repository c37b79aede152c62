"""Measures Mendel beside its peers in one sitting, and writes a table and a picture.

Each row is a median of interleaved repetitions on this machine; only ratios of one sitting
mean anything. The peers are installed on demand, each into an environment of its own; one
that cannot be installed, or fails, is named. Names of sections as arguments measure those
alone, and write nothing.
"""

from __future__ import annotations

import os
import pathlib
import sys
import tempfile

import client
import ingest
import kit
import physical
import pipelines
import reads
import snapshots
import tasks

SECTIONS = {
    "client": client,
    "ingest": ingest,
    "reads": reads,
    "tasks": tasks,
    "pipelines": pipelines,
    "snapshots": snapshots,
}


def table(rows: list[kit.Row]) -> str:
    """The rows as Markdown, and below them what failed."""
    lines = ["| figure | unit | values | mendel : best peer |", "|---|---|---|---|"]
    for row in rows:
        ratio = row.ratio()
        told = ", ".join(f"{name} {value:.3g}" for name, value in row.values.items())
        lines.append(f"| {row.name} | {row.unit} | {told} | {f'{ratio:.3f}' if ratio is not None else ''} |")
    lines.append("\nBelow 1 Mendel is better; where more is better, the peer is divided by Mendel.")
    failed = {f"{row.name[:2]} {name}: {why}" for row in rows for name, why in row.failed.items()}
    lines += ["", "Sides without a figure:", "", *(f"- {one}" for one in sorted(failed))] if failed else []
    return "\n".join(lines) + "\n"


def picture(rows: list[kit.Row], path: pathlib.Path) -> None:
    """A group of bars for each figure that Mendel has."""
    from matplotlib.figure import Figure

    drawn = [row for row in rows if "mendel" in row.values]
    figure = Figure(figsize=(9, 1.4 * len(drawn)), layout="constrained")
    for place, row in enumerate(drawn):
        axes = figure.add_subplot(len(drawn), 1, place + 1)
        colours = ["#3b6" if name == "mendel" else "#999" for name in row.values]
        axes.barh(list(row.values), list(row.values.values()), color=colours)
        if min(row.values.values()) * 50 < max(row.values.values()):
            axes.set_xscale("log")
        better = "less" if row.smaller else "more"
        axes.set_title(f"{row.name} [{row.unit}, {better} is better]", fontsize=8, loc="left")
        axes.tick_params(labelsize=7)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measures, writes, prints."""
    chosen = sys.argv[1:] or list(SECTIONS)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        rows = physical.rows(folder)
        for section in chosen:
            print(f"{section}:", file=sys.stderr, flush=True)
            rows += SECTIONS[section].rows(folder)
        rows += physical.rows(folder)
    load = f"\nLoad of the machine at the end: {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors.\n"
    text = table(rows) + load
    sys.stdout.write(text)
    if not sys.argv[1:]:
        (kit.HERE / "results.md").write_text(text)
        picture(rows, kit.HERE / "results.png")


if __name__ == "__main__":
    main()
