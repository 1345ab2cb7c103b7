"""From finished cells to rows: mean and deviation over seeds, beside the published figures."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ucal.benchmark.plan import Cell, Plan
from ucal.benchmark.published import Published
from ucal.benchmark.workplace import Result

METRICS = ("mAP", "rank1", "rank5", "rank10")
BEST = "best epoch, picked on the test set"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over seeds. `deviation` is the sample standard deviation, None for one seed."""

    values: tuple[float, ...]
    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Figure | None:
        """Summarise; None when a seed lacks the figure."""
        known = tuple(value for value in values if value is not None)
        if not known or len(known) != len(values):
            return None
        return cls(known, statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None)


@dataclass(frozen=True, slots=True)
class Row:
    """One variant: the last epoch's figures over its finished seeds. Metrics in percent, hours of people's work."""

    base: str
    variant: str
    title: str
    seeds: tuple[int, ...]
    figures: dict[str, Figure | None]  # mAP, rank1, rank5, rank10, f1, answers, hours, cost, minutes
    best: Figure | None  # mAP of the epoch that is best on the test set: not a result
    published: Published | None


def rows_of(plan: Plan, results: Mapping[str, Result]) -> tuple[Row, ...]:
    """Give a row for each variant with a finished cell, in the plan's order."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in plan.cells:
        if cell.id in results:
            groups.setdefault((cell.base, cell.variant.name), []).append(cell)
    return tuple(_row(cells, [results[cell.id] for cell in cells]) for cells in groups.values())


def _row(cells: Sequence[Cell], results: Sequence[Result]) -> Row:
    finals = [result["final"] for result in results]
    figures: dict[str, Figure | None] = {name: Figure.of([_percent(f[name]) for f in finals]) for name in METRICS}
    figures["f1"] = Figure.of([None if f["pairwise"] is None else f["pairwise"]["f1"] for f in finals])
    figures["answers"] = Figure.of([float(f["answers"]) for f in finals])
    figures["hours"] = Figure.of([f["human_seconds"] / 3600 for f in finals])
    figures["cost"] = Figure.of([f["cost_percent"] for f in finals])
    if cells[0].base == "supervised":  # every identity is given: no pairs were asked, and Eq. 7 counts nothing
        figures |= dict.fromkeys(("answers", "hours", "cost"))
    figures["minutes"] = Figure.of([sum(result["seconds"].values()) / 60 for result in results])
    first = cells[0]
    return Row(
        first.base,
        first.variant.name,
        first.variant.title,
        tuple(cell.seed for cell in cells),
        figures,
        Figure.of([best_of(result) for result in results]),
        first.variant.published,
    )


def best_of(result: Result) -> float | None:
    """Give the mAP, in percent, of the epoch that is best on the test set."""
    return max((100 * r["mAP"] for r in result["rounds"] if r["mAP"] is not None), default=None)


def to_json(plan: Plan, rows: Sequence[Row], comparable: Sequence[str] | None) -> dict[str, Any]:
    """Give rows, refusals and published rows, JSON-ready. `comparable`: as `ucal.datasets.published.differences`."""
    return {
        "preset": plan.benchmark.name,
        "title": plan.benchmark.title,
        "data_as_published": None if comparable is None else not comparable,
        "data_differences": list(comparable or ()),
        "rows": [asdict(row) for row in rows],
        "published_others": [asdict(other) for other in plan.benchmark.others],
        "refused": [asdict(refused) for refused in plan.refused],
    }


def to_markdown(plan: Plan, rows: Sequence[Row], comparable: Sequence[str] | None) -> str:
    """Give the table as a page."""
    head = (
        *("variant", "base", "seeds", "mAP", "published", "rank-1", "published"),
        *("rank-5", "published", "rank-10", "published"),
        *("answers", "published", "hours", "cost %", "published", "label F1"),
        *(f"mAP of the {BEST}", "minutes a run"),
    )
    lines = [f"# {plan.benchmark.title}", "", plan.benchmark.description, ""]
    lines += [*_notes(plan, comparable), ""]
    lines += [_line(head), _line(["---"] * len(head)), *(_line(_cells(row)) for row in rows)]
    lines += [_line(_others(other, len(head))) for other in plan.benchmark.others]
    missing = len({(c.base, c.variant.name, c.seed) for c in plan.cells}) - sum(len(row.seeds) for row in rows)
    lines += ["", f"{missing} of {len(plan.cells)} cells have no result yet."] if missing else []
    lines += ["", *(f"- {r.variant} on {r.base} was refused: {r.reason}" for r in plan.refused)] if plan.refused else []
    return "\n".join(lines).rstrip() + "\n"


def _notes(plan: Plan, comparable: Sequence[str] | None) -> list[str]:
    sources = {v.published.source for v in plan.benchmark.variants if v.published}
    sources |= {other.source for other in plan.benchmark.others}
    notes = [
        "mAP and ranks in percent on query and gallery after the last epoch: mean ± sample standard deviation over "
        "the seeds. Hours are a person's, at 2.5 s a pair (docs/methods.md).",
        f"The column “{BEST}” looks at the test set to choose: it is no result and is shown because such "
        "figures are often printed.",
    ]
    if sources:
        notes.append(
            f"Published: {'; '.join(sorted(sources))}. Published answers follow from the printed cost (Eq. 7)."
        )
    if sources and comparable is None:
        notes.append("**These are not the published data** (or under half of them): the rows are not comparable.")
    if comparable:
        notes.append(f"**The data differ from the published ones**: {'; '.join(comparable)}.")
    return [f"- {note}" for note in notes]


def _cells(row: Row) -> list[str]:
    figures, published = row.figures, row.published
    return [
        f"{row.variant} ({row.title})",
        row.base,
        " ".join(map(str, row.seeds)),
        _shown(figures["mAP"], 1),
        _plain(published.mAP if published else None, 1),
        _shown(figures["rank1"], 1),
        _plain(published.rank1 if published else None, 1),
        _shown(figures["rank5"], 1),
        _plain(published.rank5 if published else None, 1),
        _shown(figures["rank10"], 1),
        _plain(published.rank10 if published else None, 1),
        _shown(figures["answers"], 0),
        _plain(published.answers if published else None, 0),
        _shown(figures["hours"], 2),
        _shown(figures["cost"], 3),
        _plain(published.cost if published else None, 3),
        _shown(figures["f1"], 3),
        _shown(row.best, 1),
        _shown(figures["minutes"], 1),
    ]


def _others(other: Published, width: int) -> list[str]:
    cells = [
        f"{other.row} ({other.source})",
        "-",
        "-",
        "-",
        _plain(other.mAP, 1),
        "-",
        _plain(other.rank1, 1),
        "-",
        _plain(other.rank5, 1),
        "-",
        _plain(other.rank10, 1),
    ]
    cells += ["-", _plain(other.answers, 0), "-", "-", _plain(other.cost, 3)]
    return cells + ["-"] * (width - len(cells))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(figure: Figure | None, digits: int) -> str:
    if figure is None:
        return "-"
    spread = "" if figure.deviation is None else f" ± {figure.deviation:,.{digits}f}"
    return f"{figure.mean:,.{digits}f}{spread}"


def _plain(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value
