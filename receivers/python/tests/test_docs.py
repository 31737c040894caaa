"""The code of the documentation runs, and passes the type checker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from signing import SECRET
from vectors import ROOT

PAGES = ("docs/receiving/python.md", "receivers/python/README.md")


def blocks(page: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


BLOCKS = [
    pytest.param(block, id=f"{page} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), start=1)
]


def test_there_are_blocks() -> None:
    assert len(BLOCKS) > 8


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_runs_by_itself(block: str, tmp_path: Path) -> None:
    file = tmp_path / "block.py"
    file.write_text(block, "utf-8")
    environment = {**os.environ, "WEBHOOK_SECRETS": SECRET}
    command = [sys.executable, "-W", "error", str(file)]
    ended = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_every_block_passes_the_type_checker(tmp_path: Path) -> None:
    files: list[str] = []
    for page in PAGES:
        for number, block in enumerate(blocks(page)):
            file = tmp_path / f"{Path(page).stem.lower()}_{number}.py"
            file.write_text(block, "utf-8")
            files.append(str(file))
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--cache-dir",
        str(tmp_path),
        "--config-file",
        "",
        *files,
    ]
    ended = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
