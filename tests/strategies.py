"""Hypothesis strategies of the domain: features of several kinds, labels, logs of answers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ucal.types import Answer, FloatArray, IntArray, Verdict

KINDS = ("separable", "chained", "duplicates", "identical", "noise", "grid")


def make_features(kind: str, n: int, d: int, seed: int) -> FloatArray:
    """Give (n, d) rows of length 1 of one kind; the same arguments give the same rows.

    separable: tight groups of about 8; chained: neighbours along an arc; duplicates: each row
    several times; identical: one row n times; noise: all directions; grid: few distinct values, so
    that many similarities tie exactly in truth though not in float32 sums.
    """
    generator = np.random.default_rng((seed, n, d))
    if kind == "separable":
        centres = generator.normal(size=(n // 8 + 1, d))
        rows = centres[generator.integers(0, len(centres), n)] + 0.15 * generator.normal(size=(n, d))
    elif kind == "chained":
        angles = np.sort(generator.uniform(0, 2.5, n))[:, None] * np.arange(1, d + 1)
        rows = np.where(np.arange(d) % 2, np.sin(angles), np.cos(angles))
    elif kind == "duplicates":
        rows = generator.normal(size=(n // 5 + 1, d))[generator.integers(0, n // 5 + 1, n)]
    elif kind == "identical":
        rows = np.tile(generator.normal(size=d), (n, 1))
    elif kind == "noise":
        rows = generator.normal(size=(n, d))
    else:
        rows = generator.integers(0, 2, (n, d)) + np.eye(1, d)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / lengths).astype(np.float32)


def features(max_n: int = 60, min_n: int = 1) -> st.SearchStrategy[FloatArray]:
    """Draw features of any kind."""
    return st.builds(
        make_features, st.sampled_from(KINDS), st.integers(min_n, max_n), st.integers(2, 12), st.integers(0, 10**6)
    )


def labels(n: int, clusters: int = 6) -> st.SearchStrategy[IntArray]:
    """Draw labels (n,), outliers among them."""
    return st.lists(st.integers(-1, clusters - 1), min_size=n, max_size=n).map(lambda x: np.array(x, np.int64))


def answers(n: int, most: int = 25) -> st.SearchStrategy[list[Answer]]:
    """Draw answers on rows 0..n-1: any verdicts, contradictions and bad images among them."""
    pair = st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True)
    verdict = st.sampled_from((*[Verdict.SAME, Verdict.DIFFERENT] * 4, Verdict.UNSURE, Verdict.BAD_IMAGE))
    return st.lists(st.tuples(pair, verdict), max_size=most).map(
        lambda drawn: [_answer(i, pair[0], pair[1], verdict) for i, (pair, verdict) in enumerate(drawn)]
    )


def _answer(i: int, left: int, right: int, verdict: Verdict) -> Answer:
    bad = (left,) if verdict is Verdict.BAD_IMAGE else ()
    return Answer(id=f"a{i}", left=left, right=right, verdict=verdict, bad_rows=bad)
