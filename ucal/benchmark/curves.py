"""Curves over the labelling cost: what each variant has reached after so many answers, and what it gained.

Source: UCAL, Figure 2 (the improvement over the base clustering model during training, with its cost).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ucal.benchmark.plan import Cell, Plan
from ucal.benchmark.workplace import Result
from ucal.runs import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure

BASELINE = "baseline"
# Okabe and Ito's colours, told apart by colour-blind people too
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"


@dataclass(frozen=True, slots=True)
class Point:
    """A variant after an epoch: means (and the sample deviation) over the seeds. mAP and gain in percent points."""

    base: str
    variant: str
    epoch: int
    answers: float
    cost: float
    mAP: float  # noqa: N815 - the field's name everywhere
    deviation: float
    gain: float | None  # over the baseline of the same seed and epoch; None without one
    gain_deviation: float | None
    f1: float | None  # pairwise, of the labels; None where identities are not known
    f1_deviation: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What a panel draws: its title, and of a point the height and how much it deviates."""

    title: str
    of: Callable[[Point], tuple[float | None, float | None]]
    line: bool = True  # variants that asked nothing are drawn as a line at their last epoch


_MAP = Measure("mAP, %", lambda p: (p.mAP, p.deviation))
_GAIN = Measure("mAP over the baseline of the same epoch, points", lambda p: (p.gain, p.gain_deviation), line=False)
_F1 = Measure("pairwise F1 of the labels", lambda p: (p.f1, p.f1_deviation))


def points_of(plan: Plan, results: Mapping[str, Result]) -> tuple[Point, ...]:
    """Give a point for each variant and epoch that was evaluated on all of the variant's finished seeds."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in plan.cells:
        if cell.id in results:
            groups.setdefault((cell.base, cell.variant.name), []).append(cell)
    points: list[Point] = []
    for (base, variant), cells in groups.items():
        runs = [_by_epoch(results[cell.id]) for cell in cells]
        bases = [_by_epoch(results.get(f"{base}-{BASELINE}-seed{cell.seed}")) for cell in cells]
        shared = sorted(set.intersection(*(set(run) for run in runs)))
        points += [_point(base, variant, epoch, [r[epoch] for r in runs], _at(bases, epoch)) for epoch in shared]
    return tuple(points)


def _by_epoch(result: Result | None) -> dict[int, dict[str, float | None]]:
    if result is None:
        return {}
    return {
        int(r["round"]): {
            "answers": r["answers"],
            "cost": r["cost_percent"],
            "mAP": 100 * r["mAP"],
            "f1": None if r["pairwise"] is None else r["pairwise"]["f1"],
        }
        for r in result["rounds"]
        if r["mAP"] is not None
    }


def _at(bases: Sequence[dict[int, dict[str, float | None]]], epoch: int) -> list[float] | None:
    """Give the baselines' mAP, seed by seed; None where one is missing."""
    found = [base[epoch]["mAP"] for base in bases if epoch in base]
    known = [value for value in found if value is not None]
    return known if len(known) == len(bases) else None


def _point(
    base: str, variant: str, epoch: int, runs: Sequence[dict[str, float | None]], below: list[float] | None
) -> Point:
    def column(name: str) -> list[float]:
        return [value for run in runs if (value := run[name]) is not None]

    scores = column("mAP")
    gains = None if below is None else [score - floor for score, floor in zip(scores, below, strict=True)]
    f1 = column("f1")
    return Point(
        base,
        variant,
        epoch,
        statistics.fmean(column("answers")),
        statistics.fmean(column("cost")),
        statistics.fmean(scores),
        _deviation(scores),
        None if gains is None else statistics.fmean(gains),
        None if gains is None else _deviation(gains),
        statistics.fmean(f1) if f1 else None,
        _deviation(f1),
    )


def _deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def to_csv(points: Sequence[Point]) -> str:
    """Give the points as a table: one line each."""
    head = "base,variant,epoch,answers,cost_percent,mAP,mAP_deviation,gain,gain_deviation,label_f1,label_f1_deviation"
    lines = [
        ",".join(
            [p.base, p.variant, str(p.epoch)]
            + [
                "" if value is None else f"{value:.6g}"
                for value in (p.answers, p.cost, p.mAP, p.deviation, p.gain, p.gain_deviation, p.f1, p.f1_deviation)
            ]
        )
        for p in points
    ]
    return "\n".join([head, *lines]) + "\n"


def draw(points: Sequence[Point], title: str, folder: Path) -> tuple[Path, ...]:
    """Draw curves.svg and curves.png: mAP, its gain over the base, and the labels' F1, against answers and cost.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (the extra `figures`).
    """
    measures = (_MAP, _GAIN, _F1) if any(p.f1 is not None for p in points) else (_MAP, _GAIN)

    def fill(figure: Figure, panels: Sequence[Axes]) -> None:
        for panel, measure in zip(panels, measures, strict=True):
            _panel(panel, points, measure)
        put_legend(figure, panels[0], 7)

    return drawn((5.0 * len(measures), 4.2), (1, len(measures)), title, fill, folder)


def drawn(
    size: tuple[float, float],
    grid: tuple[int, int],
    title: str,
    fill: Callable[[Figure, Sequence[Axes]], None],
    folder: Path,
) -> tuple[Path, ...]:
    """Write curves.svg and curves.png: panels (rows, columns) that `fill` draws on, the same bytes every time.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (the extra `figures`).
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "ucal", "svg.fonttype": "none", "font.size": 9, "axes.grid": True}):
        figure = Figure(figsize=size, layout="constrained")
        fill(figure, figure.subplots(*grid, squeeze=False).ravel().tolist())
        figure.suptitle(title)
        paths = (folder / "curves.svg", folder / "curves.png")
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {}

            def write(part: Path, kind: str = path.suffix[1:], metadata: dict[str, None] = metadata) -> None:
                figure.savefig(part, format=kind, dpi=150, metadata=metadata)

            write_atomically(path, write)
    return paths


def put_legend(figure: Figure, panel: Axes, columns: int) -> None:
    """Put a panel's legend below the figure."""
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=max(1, min(columns, len(labels))))


def _panel(axes: Axes, points: Sequence[Point], measure: Measure) -> None:
    bases = list(dict.fromkeys(p.base for p in points))
    for number, (base, variant) in enumerate(dict.fromkeys((p.base, p.variant) for p in points)):
        curve = [p for p in points if (p.base, p.variant) == (base, variant)]
        label = variant if len(bases) == 1 or base == "supervised" else f"{variant} ({base})"
        colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
        asked = _while_asking(curve)
        heights = [height for height, _ in map(measure.of, asked) if height is not None]
        if len(heights) < len(asked):
            continue
        if curve[-1].answers == 0:
            if measure.line:
                axes.axhline(heights[-1], color=colour, linestyle="--", label=f"{label}, last epoch")
            continue
        x = [p.answers for p in asked]
        spreads = [spread or 0.0 for _, spread in map(measure.of, asked)]
        axes.plot(x, heights, color=colour, marker=marker, markersize=4, label=label)
        low, high = (
            [height + sign * spread for height, spread in zip(heights, spreads, strict=True)] for sign in (-1, 1)
        )
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel("answers")
    axes.set_ylabel(measure.title)
    if not measure.line:
        axes.axhline(0.0, color="0.4", linewidth=0.8)
    _cost_axis(axes, points)


def _while_asking(curve: Sequence[Point]) -> Sequence[Point]:
    """Leave out the epochs before the first answer but the last of them."""
    silent = [p for p in curve if p.answers == 0]
    return [*silent[-1:], *(p for p in curve if p.answers > 0)]


def _cost_axis(axes: Axes, points: Sequence[Point]) -> None:
    """Put Eq. 7's percentage on the upper axis."""
    asked = next((p for p in points if p.answers > 0), None)
    if asked is None:
        return
    per_answer = asked.cost / asked.answers
    upper = axes.secondary_xaxis("top", functions=(_times(per_answer), _times(1 / per_answer)))
    upper.set_xlabel("labelling cost, % of all pairs (Eq. 7)")


def _times(factor: float) -> Callable[[ArrayLike], NDArray[np.float64]]:
    return lambda values: np.asarray(values, dtype=np.float64) * factor
