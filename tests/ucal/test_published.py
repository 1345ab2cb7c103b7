"""The published figures: consistent with each other, and with the papers where these are at hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ucal.benchmark.published import CC_PAGE, FIGURES, GCL1, GCL2, GCL3, TABLE1, TABLE2, Published, figure

COLUMNS = {"market1501": 0, "dukemtmc": 1, "msmt17": 2}


@pytest.fixture(scope="module")
def papers(shared: Path) -> dict[str, str]:
    """Give the papers' texts by the short name of the source."""
    texts = {}
    for path in sorted((shared / "seeds").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        first = text[:200]
        for name, mark in (("UCAL", "Clustering Active Learning"), ("GCL", "Clever Neighbours")):
            if mark in first:
                texts[name] = text
        if "Cluster Contrast for Unsupervised Person Re-Identification" in text[:300]:
            texts["CC"] = text
    if set(texts) != {"UCAL", "GCL", "CC"}:
        pytest.skip(f"the papers' texts are not all at {shared}/seeds")
    return texts


def numbers(line: str) -> list[str]:
    """Give a printed row's figures: its cells from the first that is a number."""
    cells = line.split("\t")
    first = next(at for at, cell in enumerate(cells) if re.fullmatch(r"[\d.]+", cell))
    return cells[first:]


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if re.match(start, line))


def test_every_row_is_there_once_and_is_a_percentage() -> None:
    keys = [(f.source, f.data, f.row) for f in FIGURES]
    assert len(set(keys)) == len(keys)
    for f in FIGURES:
        ranks = [r for r in (f.rank1, f.rank5, f.rank10) if r is not None]
        assert ranks == sorted(ranks)
        assert all(0 < value <= 100 for value in (*ranks, *([f.mAP] if f.mAP else [])))


def test_published_costs_are_the_answers_that_the_papers_costs_stand_for() -> None:
    assert figure(TABLE2, "market1501", "SNPS+MPPS").answers == 62_748
    assert figure(TABLE2, "msmt17", "SNPS+MPPS").answers == 175_576
    assert figure(TABLE1, "dukemtmc", "UCAL").answers == 81_888
    assert figure(TABLE1, "market1501", "Supervised").answers is None
    assert figure(TABLE1, "market1501", "Baseline").answers == 0


@pytest.mark.parametrize("data", ["market1501", "msmt17"])
def test_the_modules_costs_add_up_to_both(data: str) -> None:
    both = figure(TABLE2, data, "SNPS+MPPS").cost
    parts = [figure(TABLE2, data, row).cost for row in ("SNPS", "MPPS")]
    assert both is not None
    assert sum(part or 0.0 for part in parts) == pytest.approx(both, abs=0.005)


@pytest.mark.shared
@pytest.mark.parametrize("published", [f for f in FIGURES if f.source == TABLE1], ids=lambda f: f"{f.data}-{f.row}")
def test_ucals_table_1_is_as_printed(papers: dict[str, str], published: Published) -> None:
    values = numbers(line_of(papers["UCAL"], rf"(ours)?\t{published.row}\b"))
    at = 5 * COLUMNS[published.data]
    wanted = [published.rank1, published.rank5, published.rank10, published.mAP, published.cost]
    assert [float(value) for value in values[at : at + 5]] == wanted


@pytest.mark.shared
@pytest.mark.parametrize("published", [f for f in FIGURES if f.source == TABLE2], ids=lambda f: f"{f.data}-{f.row}")
def test_ucals_table_2_is_as_printed(papers: dict[str, str], published: Published) -> None:
    table = papers["UCAL"][papers["UCAL"].index("wiethous") :]
    values = numbers(line_of(table, re.escape(published.row) + r"\t"))
    at = 0 if published.data == "market1501" else 5
    wanted = [published.rank1, published.rank5, published.rank10, published.mAP, published.cost]
    assert [float(value) for value in values[at : at + 5]] == wanted


@pytest.mark.shared
@pytest.mark.parametrize("published", [f for f in FIGURES if f.source == GCL1], ids=lambda f: f"{f.data}-{f.row}")
def test_gcl_scls_table_1_is_as_printed(papers: dict[str, str], published: Published) -> None:
    """Our copy lacks the first column (rank-1 on Market-1501) of these rows: the text has it for the paper's own."""
    values = numbers(line_of(papers["GCL"], {"CC": r"CC \(Dai", "Ours": r"Ours\t"}[published.row]))
    by_data = {"market1501": [None, *values[:2]], "dukemtmc": values[2:5], "msmt17": values[5:8]}[published.data]
    rank1, rank5, score = (None if value is None else float(value) for value in by_data)
    assert (rank5, score) == (published.rank5, published.mAP)
    if rank1 is not None:
        assert rank1 == published.rank1
    elif published.row == "Ours":
        assert f"with {published.rank1}% in R1 and {published.mAP}% in mAP" in papers["GCL"]
    else:
        assert published.rank1 is None


@pytest.mark.shared
@pytest.mark.parametrize(
    "published", [f for f in FIGURES if f.source in (GCL2, GCL3)], ids=lambda f: f"{f.source[-1]}-{f.data}-{f.row}"
)
def test_gcl_scls_ablations_are_as_printed(papers: dict[str, str], published: Published) -> None:
    table = papers["GCL"][papers["GCL"].index(f"{published.source.split(', ')[1]}: ") :]
    name = {"k = 1": "k = 1", "k = 2": "k = 2", "k = 4": "k = 4"}.get(published.row, published.row)
    values = [float(value) for value in re.findall(r"\d+\.\d", line_of(table, re.escape(name) + r"\t"))]
    at = 2 if published.source == GCL2 and published.data == "market1501" else 0
    assert values[at : at + 2] == [published.mAP, published.rank1]
    if published.source == GCL3:
        assert values[2:] == [published.rank5, published.rank10]


@pytest.mark.shared
def test_cluster_contrasts_page_has_its_figures(papers: dict[str, str]) -> None:
    page = papers["CC"]
    for name, metric, value in (
        ("Market1501 (test)", "Rank-1 Accuracy", figure(CC_PAGE, "market1501", "Cluster Contrast").rank1),
        ("Market 1501", "mAP", figure(CC_PAGE, "market1501", "Cluster Contrast").mAP),
        ("Duke MTMC-reID (test)", "Rank-1", figure(CC_PAGE, "dukemtmc", "Cluster Contrast").rank1),
        ("DukeMTMC (test)", "mAP", figure(CC_PAGE, "dukemtmc", "Cluster Contrast").mAP),
        ("MSMT17 (test)", "Rank-1 Acc", figure(CC_PAGE, "msmt17", "Cluster Contrast").rank1),
        ("VeRi-776 (test)", "Rank-1", figure(CC_PAGE, "veri776", "Cluster Contrast").rank1),
    ):
        found = re.search(re.escape(name) + r"\s*" + re.escape(metric) + r"(\d+(?:\.\d+)?)", page)
        assert found is not None, name
        assert float(found[1]) == value
    assert re.search(r"MSMT17\s*mAP0\.33", page)
    assert figure(CC_PAGE, "msmt17", "Cluster Contrast").mAP == 33.0
