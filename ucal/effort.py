"""What it costs people to reach a quality: curves out of results, and policies set side by side.

A result is the JSON object of `ucal simulate`; here it is read, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

TARGETS = (0.8, 0.9, 0.95, 0.99)  # pairwise F1 that the table gives the actions for


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run stood after a round: what people had done, and how good the labels were."""

    answers: int
    actions: int
    seconds: float
    strict: float
    f1: float
    ari: float
    mAP: float | None = None  # noqa: N815 - the field's own spelling


def curve_of(result: Mapping[str, Any]) -> list[Point]:
    """Read a result's rounds, in order.

    Raises:
        KeyError: the result is not one of `ucal simulate`, or its data have no identities.
    """
    return [
        Point(
            round_["answers"],
            round_["actions"],
            round_["human_seconds"],
            round_["human_seconds_strict"],
            round_["pairwise"]["f1"],
            round_["ari"],
            round_.get("mAP"),
        )
        for round_ in result["rounds"]
    ]


def reaching(curve: Sequence[Point], f1: float) -> Point | None:
    """Give the first point with this pairwise F1; None where the run never has it."""
    return next((point for point in curve if point.f1 >= f1), None)


def at_actions(curve: Sequence[Point], actions: int) -> Point | None:
    """Give the last point with at most so many actions; None where the run begins with more."""
    return next((point for point in reversed(curve) if point.actions <= actions), None)


def best(curve: Sequence[Point]) -> Point:
    """Give the first point with the run's best F1."""
    return max(curve, key=lambda point: point.f1)


def compare(curves: Mapping[str, Sequence[Point]], paper: str = "ucal-pair", own: str = "efficient") -> dict[str, Any]:
    """Set a policy beside the paper's: F1 at the paper's own number of actions, and actions for its own best F1.

    Gives `paper_actions`, `paper_f1`, `own_f1` (at no more actions), `own_actions` (for the paper's
    F1; None = never) and `ratio` = paper_actions / own_actions. The paper's policy is taken at its best F1.
    """
    theirs = best(curves[paper])
    ours = at_actions(curves[own], theirs.actions)
    same = reaching(curves[own], theirs.f1)
    return {
        "paper_actions": theirs.actions,
        "paper_f1": theirs.f1,
        "own_f1": None if ours is None else ours.f1,
        "own_actions": None if same is None else same.actions,
        "ratio": None if same is None else theirs.actions / max(1, same.actions),
    }


def table(curves: Mapping[str, Sequence[Sequence[Point]]]) -> str:
    """Give a Markdown table: for each policy (its runs, a seed each) mean actions / seconds to each F1, and the end.

    A dash: not every run reaches it.
    """
    heads = ["policy", *(f"F1 {target:.2f}" for target in TARGETS), "end: actions", "end: F1", "end: ARI"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, runs in curves.items():
        cells = [_cost([reaching(run, target) for run in runs]) for target in TARGETS]
        last = [run[-1] for run in runs]
        cells.append(f"{mean(point.actions for point in last):,.0f}")
        cells += [f"{mean(point.f1 for point in last):.3f}", f"{mean(point.ari for point in last):.3f}"]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def _cost(points: Sequence[Point | None]) -> str:
    reached = [point for point in points if point is not None]
    if len(reached) < len(points) or not reached:
        return "-"
    return f"{mean(point.actions for point in reached):,.0f} / {mean(point.seconds for point in reached):,.0f} s"
