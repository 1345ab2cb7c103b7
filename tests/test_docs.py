"""The documentation under test: links lead somewhere, commands exist, files named are there, marked code runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MARK = "<!-- run -->"  # the python block after this line is run

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")


def ids(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def pieces(page: Path) -> list[str]:
    """Give what the page shows as code: inline pieces and the lines of shell blocks."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line.removeprefix("$ ").strip()
        for language, body in FENCE.findall(text)
        if language in ("sh", "bash", "console", "")
        for line in body.replace("\\\n", " ").splitlines()
    ]
    return lines + INLINE.findall(FENCE.sub("", text))


def commands(program: str) -> list[str]:
    """Give the second words after `program` in all pages."""
    pattern = re.compile(rf"(?:^|&& |; |\.venv/bin/|python -m ){program} ([a-z][a-z0-9-]*)")
    return sorted({word for page in PAGES for piece in pieces(page) for word in pattern.findall(piece)})


def slug(heading: str) -> str:
    """Name a heading as its anchor is named."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_link_to_a_file_or_a_heading_resolves(page: Path):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            broken.append(target)
        elif anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            broken += [target] if anchor not in map(slug, headings) else []
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_source_file_named_in_code_type_is_there(page: Path):
    pattern = re.compile(
        r"^(?:ucal|backend|worker|migrations|tests|docs|benchmarks|docker)/[\w./-]+\.(?:py|md|yml|csv|json)$"
    )
    absent = [piece for piece in pieces(page) if pattern.match(piece) and not (ROOT / piece).exists()]
    assert not absent


def test_every_make_target_named_exists():
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = commands("make")
    assert named, "expected the pages to name make targets"
    assert set(named) <= targets


@pytest.mark.parametrize("name", commands("ucal"))
def test_every_ucal_command_named_has_help(name: str):
    ucal = Path(sys.executable).with_name("ucal")
    done = subprocess.run([str(ucal), name, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()


def marked_blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for match in re.finditer(re.escape(MARK) + r"\n+```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            found.append((str(page.relative_to(ROOT)), match.group(1)))
    return found


@pytest.mark.parametrize(("page", "code"), marked_blocks(), ids=lambda value: value if value.endswith(".md") else "")
def test_marked_python_runs_as_it_stands(page: str, code: str, tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{page}:\n{done.stderr}"


def test_the_scripts_that_the_pages_rely_on_are_executable():
    assert shutil.which(str(ROOT / ".ci" / "run")), "expected .ci/run to be executable"
