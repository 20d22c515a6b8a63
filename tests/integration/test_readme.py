"""The README tells the truth: its code runs, its command is CI's, its map is the code's, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_code_runs(local_model, tmp_path):
    program = "\n".join(blocks("python"))

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert re.search(r"^assistant +2$", done.stdout, re.MULTILINE)
    assert re.search(r"^user +2$", done.stdout, re.MULTILINE)


def test_there_is_one_command_to_try_it_and_one_to_test_it():
    demo, tests = (block.strip() for block in blocks("sh"))

    assert demo.endswith("primer-nb demo")
    assert f"exec {tests}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_map_names_every_part_of_the_package_and_nothing_else():
    table = README.split("## The map of the code")[1].split("\n## ")[0]
    named = {
        Path(name).name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in row.split("`")[1::2]
    }
    parts = {path.name for path in (ROOT / "primer_nb").glob("[!.]*")} - {"__init__.py", "__pycache__", "py.typed"}

    assert named - parts == {"migrations", "notebooks", "binder", "tests"}
    assert parts - named == set()


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []
