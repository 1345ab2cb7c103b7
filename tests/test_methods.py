"""docs/methods.md under test: what its tables name is there, has its source in its docstring, and is tested."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from ucal.benchmark.published import FIGURES, GCL1, TABLE1, TABLE2, figure
from ucal.config import RunConfig, parse_setting

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
PAPERS = {  # what a docstring calls a source
    "UCAL": r"\bUCAL\b",
    "SpCL": r"\bSpCL\b|Self-paced Contrastive",
    "CC": r"Cluster Contrast",
    "GCL": r"\bGCL\b|Clever Neighbours",
    "MCL": r"\bMCL\b|Meta Clustering",
    "SPAL": r"\bSPAL\b",
    "CA-Jaccard": r"CA-Jaccard",
}
PRINTED = {"UCAL": 7, "GCL": 8}  # numbered equations of the documents


@dataclass(frozen=True)
class Row:
    """A row of a table of equations."""

    source: str
    says: str
    functions: tuple[str, ...]
    settings: str
    tests: tuple[str, ...]


def section(title: str) -> str:
    """Give the text below a heading, up to the next one of its level."""
    level = title.split()[0]
    return re.split(rf"^{level} ", PAGE.split(f"\n{title}", 1)[1], maxsplit=1, flags=re.M)[0]


def cells_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def rows() -> list[Row]:
    found = []
    for cells in cells_of(section("## Equations")):
        assert len(cells) == 5, f"expected source, says, function, settings, test, got {cells}"
        if cells[0] != "source":
            found.append(
                Row(cells[0], cells[1], tuple(CODE.findall(cells[2])), cells[3], tuple(CODE.findall(cells[4])))
            )
    return found


ROWS = rows()
NAMES = [f"{row.source}: {row.says[:40]}" for row in ROWS]


def found(name: str) -> tuple[object, ...]:
    """Give the module, the class and the function that a dotted name stands for, as many as it has."""
    words = name.split(".")
    for length in range(len(words), 0, -1):
        try:
            module = importlib.import_module(".".join(words[:length]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        parts: list[object] = [module]
        for word in words[length:]:
            assert hasattr(parts[-1], word), f"{name}: {words[length - 1]} has no {word}"
            parts.append(getattr(parts[-1], word))
        return tuple(parts)
    raise AssertionError(f"{name}: no such module")


def numbers(text: str) -> set[int]:
    """Give the equations that a docstring names: "Eq. 4", "Eqs. 2-4", "Eqs. 1 and 2"."""
    named: set[int] = set()
    for first, word, last in re.findall(r"Eqs?\.\s+(\d+)(?:\s*(-|,|and)\s*(\d+))?", text):
        named |= set(range(int(first), int(last) + 1)) if word == "-" else {int(n) for n in (first, last) if n}
    return named


@cache
def names_in(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_tables_have_a_row_for_every_numbered_equation_of_the_documents():
    for paper, last in PRINTED.items():
        listed = {n for row in ROWS if row.source.startswith(f"{paper} ") for n in numbers(row.source)}
        assert listed == set(range(1, last + 1))
    assert {row.source.split()[0] for row in ROWS} >= set(PAPERS)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_a_row_names_exists_and_says_where_it_comes_from(row: Row):
    assert row.functions, "expected a function"
    paper = row.source.split()[0].rstrip(",")
    for name in row.functions:
        if not name.startswith("ucal."):
            raise AssertionError(f"expected a full name, got {name}")
        parts = found(name)
        told = "\n".join(inspect.getdoc(part) or "" for part in parts)
        assert inspect.getdoc(parts[-1]) or isinstance(parts[-1], ModuleType), f"{name} has no docstring"
        if paper in PAPERS:
            assert re.search(PAPERS[paper], told), f"the docstrings of {name} do not name {paper}"
        missing = numbers(row.source) - numbers(told)
        assert not missing, f"the docstrings of {name} do not name Eq. {sorted(missing)}"


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_tests_of_a_row_are_there(row: Row):
    assert row.tests, "expected a test"
    for name in row.tests:
        file, sign, test = name.partition("::")
        path = ROOT / "tests" / "ucal" / file
        assert sign, f"expected file::test, got {name}"
        assert path.is_file(), f"no {path.relative_to(ROOT)}"
        assert test.startswith("test_"), name
        assert test in names_in(path), f"{file} has no {test}"


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_settings_of_a_row_have_the_defaults_it_states(row: Row):
    config = RunConfig()
    for name, stated in re.findall(r"`(\w+)`(?: ([\d.]+))?", row.settings):
        assert hasattr(config, name), f"no setting {name}"
        if stated:
            assert getattr(config, name) == float(stated), f"{name} is {getattr(config, name)}, not {stated}"


def test_the_other_readings_are_settings_that_are_accepted():
    table = cells_of(section("## Readings: where the paper is silent or contradicts itself"))
    named = [word for cells in table for word in CODE.findall(cells[-1])]
    given = [word for word in named if re.fullmatch(r"\w+=[\w.-]+", word)]
    assert len(given) > 15
    for word in given:
        name, value = parse_setting(word)
        assert getattr(RunConfig().replace(**{name: value}), name) == value
    for word in set(named) - set(given):
        if re.fullmatch(r"[a-z_0-9]+", word):
            assert hasattr(RunConfig(), word) or word in ("average", "random"), word
    numbered = [int(cells[0]) for cells in table if cells[0].isdigit()]
    assert numbered == list(range(1, len(numbered) + 1))


def test_the_policies_own_tables_name_what_is_there():
    for cells in cells_of(section("## The efficient policy (`policy=efficient`)")):
        for name in CODE.findall(cells[2]):
            if name.startswith("ucal."):
                found(name)


def test_the_published_figures_are_those_that_the_benchmark_prints():
    text = section("## Published figures to set ours beside (mAP / rank-1)")
    table = [cells for cells in cells_of(text) if len(cells) == 8 and cells[0] != "source"]
    assert len(table) == len(FIGURES)
    for cells, f in zip(table, FIGURES, strict=True):
        assert cells[:3] == [f.source, f.data, f.row]
        values = [float(cell) if cell else None for cell in cells[3:]]
        assert values == [f.mAP, f.rank1, f.rank5, f.rank10, f.cost]


def test_the_summary_quotes_the_tables():
    summary = {cells[0]: cells[1:] for cells in cells_of(section("## Published figures to set ours beside"))}
    for column, data in enumerate(("market1501", "dukemtmc", "msmt17")):
        best = figure(TABLE1, data, "UCAL")
        bound = figure(TABLE1, data, "Supervised")
        assert summary["UCAL"][column].startswith(f"{best.mAP:.1f} / {best.rank1:.1f}, ")
        assert summary["its supervised bound"][column] == f"{bound.mAP:.1f} / {bound.rank1:.1f}"
        ours = figure(GCL1, data, "Ours")
        gcl = next(values for name, values in summary.items() if name.startswith("GCL + SCL, no labels"))
        assert gcl[column] == f"{ours.mAP:.1f} / {ours.rank1:.1f}"
        base = {
            f.mAP
            for source in (TABLE1, TABLE2)
            for f in FIGURES
            if (f.source, f.data, f.row) == (source, data, "Baseline")
        }
        assert summary["its baseline"][column].split(" / ")[0] == "-".join(f"{value:.1f}" for value in sorted(base))
