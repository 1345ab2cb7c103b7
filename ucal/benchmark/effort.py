"""The effort table: what people do until the clusters are right, policies side by side on the same features."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ucal.benchmark.curves import drawn, put_legend
from ucal.benchmark.plan import Plan
from ucal.benchmark.workplace import Result
from ucal.effort import TARGETS, Point, best, compare, curve_of, reaching, table

if TYPE_CHECKING:
    from ucal.benchmark.curves import Axes, Figure

Curves = dict[str, dict[int, list[Point]]]
"""variant -> seed -> curve, in the plan's order"""

PAPER, OWN, SIMILAR = "ucal-pair", "efficient", "similar"
_COLOURS = ("#000000", "#999999", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7", "#009E73", "#0072B2")


def curves_of(plan: Plan, results: Mapping[str, Result]) -> Curves:
    """Read the curves of the finished cells."""
    curves: Curves = {}
    for cell in plan.cells:
        if cell.id in results:
            curves.setdefault(cell.variant.name, {})[cell.seed] = curve_of(results[cell.id])
    order = [variant.name for variant in plan.benchmark.variants]
    return dict(sorted(curves.items(), key=lambda item: order.index(item[0])))


def to_markdown(plan: Plan, curves: Curves, least: int) -> str:
    """Give the page: actions and seconds to each F1, the end, and the ratios. least = n - K."""
    config = plan.cells[0].config
    missing = len(plan.cells) - sum(len(runs) for runs in curves.values())
    lines = [f"# {plan.benchmark.title}", "", plan.benchmark.description, ""]
    lines += [
        "- Actions (key presses or clicks) / estimated seconds until pairwise F1 is reached, mean over the seeds; "
        "- = not by every seed. A page costs 1 + toggles actions and 4 s + .7 s a toggle (docs/methods.md).",
        f"- An oracle with {config.error:.0%} wrong and {config.unsure:.0%} unsure answers; nothing is trained.",
    ]
    lines.append(f"- n - K = {least:,}: what pairs alone need at least, whatever their order.")
    lines += ["", table({name: list(runs.values()) for name, runs in curves.items()}), ""]
    lines += [_strict(curves), ""] if OWN in curves else []
    lines += [f"- {text}" for text in ratios(curves, least)]
    lines += ["", f"{missing} of {len(plan.cells)} cells have no result yet."] if missing else []
    lines += ["", *(f"- {r.variant} was refused: {r.reason}" for r in plan.refused)] if plan.refused else []
    return "\n".join(lines).rstrip() + "\n"


def _strict(curves: Curves) -> str:
    """Say what the other page-time model makes of the efficient policy's seconds."""
    parts = []
    for target in TARGETS:
        points = [reaching(curve, target) for curve in curves[OWN].values()]
        reached = [point.strict for point in points if point is not None]
        if len(reached) == len(points):
            parts.append(f"F1 {target:.2f} {statistics.fmean(reached):,.0f} s")
    told = ", ".join(parts) or "none reached"
    return f"By the stricter page time (2 s + .3 s a tile + .7 s a toggle), {OWN}: {told}."


def ratios(curves: Curves, least: int) -> list[str]:
    """Say how the efficient policy stands to the paper's, to most similar pairs with closure, and to n - K."""
    found = []
    for seed, own in curves.get(OWN, {}).items():
        if seed in curves.get(PAPER, {}):
            sides = compare({PAPER: curves[PAPER][seed], OWN: own}, PAPER, OWN)
            own_f1 = "-" if sides["own_f1"] is None else f"{sides['own_f1']:.3f}"
            at = f"{sides['paper_actions']:,} actions: {PAPER} F1 {sides['paper_f1']:.3f}, {OWN} {own_f1}"
            ratio = sides["ratio"]
            gain = "never reaches it" if ratio is None else f"{sides['own_actions']:,} actions, {ratio:.1f} times fewer"
            found.append(f"seed {seed}: at {at}; for that F1 {OWN} needs {gain}")
        for name, cost in _others(curves, seed, least):
            for target in TARGETS:
                mine, theirs = reaching(own, target), cost(target)
                if mine is not None and theirs is not None:
                    ratio = theirs / max(1, mine.actions)
                    found.append(f"seed {seed}: F1 {target:.2f} with {ratio:.2f} times fewer actions than {name}")
    return found


def _others(curves: Curves, seed: int, least: int) -> list[tuple[str, Callable[[float], int | None]]]:
    others: list[tuple[str, Callable[[float], int | None]]] = []
    if seed in curves.get(SIMILAR, {}):
        curve = curves[SIMILAR][seed]

        def similar(target: float) -> int | None:
            point = reaching(curve, target)
            return None if point is None else point.actions

        others.append((f"{SIMILAR} pairs with closure", similar))
    others.append(("n - K", lambda target: least if target == TARGETS[-1] else None))
    return others


def to_json(plan: Plan, curves: Curves, least: int) -> dict[str, Any]:
    """Give the table JSON-ready: for each variant and seed the cost of each F1, the best and the end."""
    rows = [
        {
            "variant": name,
            "seed": seed,
            "to_f1": {f"{target:.2f}": _cost(reaching(curve, target)) for target in TARGETS},
            "best": _cost(best(curve)),
            "end": _cost(curve[-1]),
        }
        for name, runs in curves.items()
        for seed, curve in runs.items()
    ]
    return {
        "preset": plan.benchmark.name,
        "title": plan.benchmark.title,
        "n_less_k": least,
        "rows": rows,
        "ratios": ratios(curves, least),
        "refused": [{"variant": r.variant, "reason": r.reason} for r in plan.refused],
    }


def _cost(point: Point | None) -> dict[str, float | int] | None:
    if point is None:
        return None
    return {
        "answers": point.answers,
        "actions": point.actions,
        "seconds": point.seconds,
        "seconds_strict": point.strict,
        "f1": point.f1,
        "ari": point.ari,
    }


def to_csv(curves: Curves) -> str:
    """Give every round of every run: one line each."""
    lines = ["variant,seed,round,answers,actions,seconds,seconds_strict,f1,ari,mAP"]
    for name, runs in curves.items():
        for seed, curve in runs.items():
            for number, p in enumerate(curve):
                values = (p.answers, p.actions, p.seconds, p.strict, p.f1, p.ari)
                score = "" if p.mAP is None else f"{p.mAP:.6g}"
                lines.append(f"{name},{seed},{number},{','.join(f'{value:.8g}' for value in values)},{score}")
    return "\n".join(lines) + "\n"


def draw(curves: Curves, title: str, folder: Path) -> tuple[Path, ...]:
    """Draw curves.svg and curves.png: F1 against answers, actions and hours (both page times), ARI against actions.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (the extra `figures`).
    """

    def fill(figure: Figure, panels: Sequence[Axes]) -> None:
        _panel(panels[0], curves, "answers (pairs judged)", lambda p: p.answers)
        _panel(panels[1], curves, "actions (key presses or clicks)", lambda p: p.actions)
        _panel(panels[2], curves, "estimated hours; dashed: the stricter page time", lambda p: p.seconds / 3600)
        _panel(panels[2], curves, None, lambda p: p.strict / 3600)
        _panel(panels[3], curves, "actions (key presses or clicks)", lambda p: p.actions, ari=True)
        put_legend(figure, panels[0], 8)

    return drawn((11, 8), (2, 2), title, fill, folder)


def _panel(axes: Axes, curves: Curves, label: str | None, cost: Callable[[Point], float], *, ari: bool = False) -> None:
    """Draw a curve a seed; without a label, dashed and over what is there."""
    for number, (name, runs) in enumerate(curves.items()):
        for turn, curve in enumerate(runs.values()):
            heights = [p.ari if ari else p.f1 for p in curve]
            named = name if turn == 0 and label is not None else None
            colour, style = _COLOURS[number % len(_COLOURS)], "-" if label is not None else "--"
            if curve[-1].answers == 0:
                axes.axhline(heights[-1], color=colour, linestyle=":", label=named)
            else:
                axes.plot([cost(p) for p in curve], heights, color=colour, linestyle=style, label=named, linewidth=1.2)
    if label is not None:
        axes.set_xlabel(label)
        axes.set_ylabel("adjusted Rand index" if ari else "pairwise F1")
        axes.set_ylim(0.0, 1.02)


def fewest_pairs(identities: Sequence[int]) -> int:
    """Give n - K: the pairs that must be called the same before every identity is one group."""
    return len(identities) - len(set(identities))
