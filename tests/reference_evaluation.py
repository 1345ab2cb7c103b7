"""Slow literal forms of the measures: sort everything, walk over every pair."""

from __future__ import annotations

import itertools
import math

import numpy as np


def retrieval(query, gallery, query_ids, gallery_ids, query_cams, gallery_cams):
    """Sort the whole gallery for each query and walk down the list."""
    precisions, firsts, penalties = [], [], []
    for features, identity, camera in zip(query, query_ids, query_cams, strict=True):
        if identity < 0:
            continue
        ranked = []
        for row in range(len(gallery)):
            product = float(np.dot(features.astype(np.float64), gallery[row].astype(np.float64)))
            ranked.append((np.float32(2.0 - 2.0 * product), row))
        ranked.sort()
        matches = []
        for _, row in ranked:
            junk = gallery_ids[row] == identity and gallery_cams[row] == camera and camera >= 0
            if gallery_ids[row] >= 0 and not junk:
                matches.append(bool(gallery_ids[row] == identity))
        if not any(matches):
            continue
        positions = [place for place, match in enumerate(matches, start=1) if match]
        precisions.append(sum(hits / place for hits, place in enumerate(positions, start=1)) / len(positions))
        firsts.append(positions[0])
        penalties.append(len(positions) / positions[-1])
    n = len(precisions)
    if n == 0:
        return None
    cmc = [sum(first <= rank for first in firsts) / n for rank in range(1, 51)]
    return {"mAP": sum(precisions) / n, "cmc": cmc, "mINP": sum(penalties) / n, "n_queries": n}


def groups_of(labels):
    """Give each outlier a label of its own."""
    return [("alone", row) if label == -1 else ("group", label) for row, label in enumerate(labels)]


def known(labels, identities):
    """Leave out rows of unknown identity."""
    kept = [row for row, identity in enumerate(identities) if identity >= 0]
    groups = groups_of(labels)
    return [groups[row] for row in kept], [int(identities[row]) for row in kept]


def pair_counts(labels, identities):
    """Count pairs that are (together in both, together in labels, together in truth, all)."""
    groups, truth = known(labels, identities)
    both = claimed = true = total = 0
    for i, j in itertools.combinations(range(len(truth)), 2):
        together, one = groups[i] == groups[j], truth[i] == truth[j]
        both, claimed, true, total = both + (together and one), claimed + together, true + one, total + 1
    return both, claimed, true, total


def wrong_rows(labels, identities):
    """Count each cluster's identities and name the rows of the others."""
    wrong = []
    for label in set(labels.tolist()) - {-1}:
        rows = [row for row in range(len(labels)) if labels[row] == label and identities[row] >= 0]
        counts = {}
        for row in rows:
            counts[int(identities[row])] = counts.get(int(identities[row]), 0) + 1
        majority = min(counts, key=lambda identity: (-counts[identity], identity), default=math.nan)
        wrong += [row for row in rows if identities[row] != majority]
    return sorted(wrong)
