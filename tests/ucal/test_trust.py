"""What rows that only the model put into a cluster weigh in training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.fakes import blobs
from tests.ucal.test_efficient import CONFIG, parts_of
from ucal.datasets.dataset import Dataset
from ucal.drive import drive
from ucal.errors import ConfigError
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.refusals import refuse_nonsense
from ucal.runs import FolderStates, RunFolder
from ucal.types import OUTLIER, Answer, Image, Verdict


def test_the_anchors_rows_weigh_one_and_what_the_model_attached_weighs_its_probability():
    features, _ = blobs()
    asks = EfficientProposer(CONFIG)
    memory = LabelMemory(len(features))
    labels, weights = asks.labels(features, memory, 0), asks.weights(features, memory, 0)
    assert weights.shape == (len(features),)
    assert ((weights > 0) & (weights <= 1)).all()
    plan = asks.planner.plan(features, memory, 0)
    anchors = np.isin(plan.labelled.parts.of, plan.labelled.anchors)
    assert (weights[anchors] == 1).all()
    attached = ~anchors & (labels != OUTLIER)
    assert attached.any()
    assert (weights[attached] < 1).all()
    rows = np.flatnonzero(plan.labels == plan.labels[np.flatnonzero(attached)[0]])
    said = [Answer(f"a{row}", int(rows[0]), int(row), Verdict.SAME) for row in rows[1:]]
    confirmed = asks.weights(features, LabelMemory(len(features), answers=said), 0)
    assert (confirmed[rows] == 1).all()


@pytest.mark.parametrize(("setting", "given"), [("whole", False), ("probability", True)])
def test_the_learner_is_given_weights_only_where_the_setting_asks_for_them(tmp_path, setting, given):
    parts = parts_of(tmp_path, CONFIG.replace(train=True, epochs=2, unconfirmed=setting))
    heard = []
    learner = parts.learner.learner
    plain = learner.train

    def train(labels, excluded, round_, weights=None):
        heard.append(weights)
        return plain(labels, excluded, round_, weights)

    learner.train = train
    drive(dataclasses.replace(parts), FolderStates(RunFolder(tmp_path)))
    assert len(heard) == 2
    assert all((weights is not None) is given for weights in heard)


@pytest.mark.parametrize("change", [{"policy": "none"}, {"base": "spcl"}])
def test_it_is_refused_where_nothing_knows_or_nothing_uses_a_probability(change, tmp_path):
    images = tuple(Image(f"{row}.png", f"{row}.png", identity=1) for row in range(4))
    config = CONFIG.replace(train=True, unconfirmed="probability", **change)
    with pytest.raises(ConfigError, match="unconfirmed 'probability' needs policy 'efficient'"):
        refuse_nonsense(config, Dataset("d", "folder", tmp_path, train=images))
