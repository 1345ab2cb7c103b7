"""What comes out of a run: the JSON object of `ucal simulate` and of the API, and the files of an export."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import resource
import sys
from typing import Any

from ucal.loop import Parts
from ucal.runs import RunFolder, export_identities
from ucal.state import State
from ucal.types import Image


def result_of(state: State, parts: Parts) -> dict[str, Any]:
    """Give the result as one JSON-ready object: config, versions, rounds, final, why it stopped."""
    rounds = [report.to_json() for report in state.reports]
    return {
        "config": parts.config.to_dict(),
        "versions": versions(),
        "seed": parts.config.seed,
        "n": parts.n,
        "rounds": rounds,
        "final": rounds[-1] if rounds else None,
        "seconds": _seconds(state),
        "stopped": state.stopped,
        "peak_rss_mb": peak_rss_mb(),
    }


def versions() -> dict[str, str]:
    """Give the versions that figures depend on."""
    packages = ("ucal", "torch", "numpy", "scipy", "scikit-learn")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}


def peak_rss_mb() -> float:
    """Give this process's peak memory in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def export(folder: RunFolder, state: State, parts: Parts, images: tuple[Image, ...]) -> None:
    """Write the run's files: identities, answers, features, weights, settings and result."""
    import numpy as np

    from ucal.runs import write_atomically

    export_identities(folder, images, folder.load_array(state.labels))
    folder.save_text("answers.jsonl", "".join(json.dumps(a.to_json()) + "\n" for a in parts.log.read()))
    folder.save_text("config.json", json.dumps(parts.config.to_dict(), indent=1) + "\n")
    folder.save_text("result.json", json.dumps(result_of(state, parts), indent=1) + "\n")
    learner = parts.learner.at(state.learner)
    names = np.array([image.key for image in images])

    def write_features(path: Any) -> None:
        with path.open("wb") as file:
            np.savez(file, feats=learner.features(), filenames=names)

    write_atomically(folder.path("features.npz"), write_features)
    if parts.config.train:
        write_atomically(folder.path("weights.safetensors"), learner.save)


def _seconds(state: State) -> dict[str, float]:
    total: dict[str, float] = {}
    for report in state.reports:
        for step, seconds in report.seconds.items():
            total[step] = round(total.get(step, 0.0) + seconds, 3)
    return total
