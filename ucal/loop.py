"""The whole algorithm on one page: `advance` does one short step of a run that any part may answer late.

EMBED     features of the training rows, from the learner as it was saved
CLUSTER   features -> labels (DBSCAN; SpCL's reliability)
ASK       for each stage of the proposer: propose, let the annotator answer, until nothing is open
TRAIN     one epoch on the labels that break no answer
EVALUATE  the round's report; next round, or DONE

Every step starts from the saved state and files, draws its randomness from (seed, round) and gives
a new state; done twice, it gives the same. So a run may be killed anywhere and goes on.
Source: UCAL 3.3 (cluster -> SNPS -> MPPS -> train one epoch).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ucal.budget import fit_all, room_left, run_room
from ucal.clustering import cluster_hash
from ucal.config import RunConfig
from ucal.costs import cost_percent, total_cost
from ucal.evaluation import Retrieval, adjusted_rand, normalized_mutual_information, pairwise
from ucal.events import Event, Sink
from ucal.memory import LabelMemory
from ucal.reorganise import keep_locked, reorganise
from ucal.replay import Replay
from ucal.runs import Checkpointed, RunFolder
from ucal.seams import AHEAD, Annotator, AnswerLog, Clusterer, Constrain, Learner, Organiser, Proposer, Scene
from ucal.stage import Stage
from ucal.state import Report, State
from ucal.types import OUTLIER, Answer, FloatArray, IntArray, Question, Step


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of (`ucal.build` makes them from a RunConfig)."""

    config: RunConfig
    n: int  # training rows
    learner: Checkpointed
    cluster: Clusterer
    propose: Proposer | None  # None = nothing is asked
    annotate: Annotator
    log: AnswerLog
    folder: RunFolder
    truth: IntArray | None  # (n,) identities, where all are known
    evaluate: Callable[[Learner], Retrieval | None]  # on query and gallery
    sink: Sink
    proceed: Callable[[State], bool]  # True: close this round's questions, train with the answers so far
    constrain: Constrain | None = None  # clusters anew by the answers (SPAL); None = the base's labels stay
    organise: Organiser | None = None  # makes the labels of rounds that ask; None = `reorganise` on the base labels
    replay: Replay = field(default_factory=Replay)  # the memory between steps
    imported: tuple[Answer, ...] = ()  # links that came with the data
    stop: Callable[[State], bool] = lambda state: False  # True: this round is the last one


def advance(state: State, parts: Parts) -> State:
    """Do one step and give the new state; the same object when the run waits for answers (or is over)."""
    if state.step is Step.DONE:
        return state
    began = time.perf_counter()
    after = _STEPS[state.step](state, parts)
    if after is state:
        return state
    seconds = round(time.perf_counter() - began, 4)
    parts.sink(Event("step", {"round": state.round, "step": state.step.value, "seconds": seconds}))
    if after.round == state.round and after.step is not Step.DONE:
        total = after.seconds | {state.step.value: round(after.seconds.get(state.step.value, 0.0) + seconds, 4)}
        after = dataclasses.replace(after, seconds=total)
    return dataclasses.replace(after, version=state.version + 1)


def memory_of(parts: Parts, first: int | None = None) -> LabelMemory:
    """Replay the log, as far as it was not replayed before; only its `first` events where they are counted."""
    return parts.replay.first(first, parts.n, parts.config.memory, parts.log.read(), parts.imported)


# -- embed, cluster --------------------------------------------------------------------------------


def _embed(state: State, parts: Parts) -> State:
    if state.learner is None:
        features = parts.learner.learner.features()
        name = parts.learner.save("r0000.start.safetensors")
        state = dataclasses.replace(state, learner=name)
    else:
        features = parts.learner.at(state.learner).features()
    name = parts.folder.save_array(_name(state, "features.npy"), features)
    return dataclasses.replace(state, features=name, step=Step.CLUSTER)


def _cluster(state: State, parts: Parts) -> State:
    features = parts.folder.load_array(state.features)
    clustering = parts.cluster(features, state.threshold)
    labels = parts.folder.save_array(_name(state, "base.npy"), clustering.labels)
    distance = None
    kept = parts.config.snps_similarity == "jaccard" or parts.constrain is not None
    if kept and clustering.distance is not None:
        distance = parts.folder.save_sparse(_name(state, "distance.npz"), clustering.distance)
    return dataclasses.replace(
        state,
        base_labels=labels,
        distance=distance,
        threshold=clustering.threshold,
        step=Step.ASK,
        stage=0,
        questions=None,
        idle=(),
        room=None,
    )


# -- ask -------------------------------------------------------------------------------------------


def _ask(state: State, parts: Parts) -> State:
    """Hear what is asked, or look for the next stage that has something to ask.

    Stages with nothing to ask are passed in the same step: what is still open from before stays open meanwhile.
    """
    memory = memory_of(parts)
    while _asks(state, parts, memory):
        if state.questions is not None:
            return _hear(state, parts, memory)
        proposed = _propose(_looked(state, memory), parts, memory)
        if proposed.questions:
            return proposed
        state = _next_stage(proposed, parts)
    _leave_open(state, parts, memory)
    return _settle_labels(_looked(state, memory), parts, memory)


def _looked(state: State, memory: LabelMemory) -> State:
    """Note how much was heard before it is decided what is asked next."""
    return dataclasses.replace(state, heard=(*state.heard, memory.n_events))


def _hear(state: State, parts: Parts, memory: LabelMemory) -> State:
    """Take what has been answered of this stage; the same object when there is nothing yet."""
    asking = Stage(state, parts.config, memory)
    heard, new = parts.replay.lend(), []
    for answer in parts.annotate(asking.open_questions()):
        if memory.add(answer):
            new.append(answer)
            asking.take(answer)
    parts.log.append(new)
    parts.replay.give_back(memory, heard + [answer.id for answer in new])
    if next(Stage(state, parts.config, memory).open_questions(), None) is not None:
        return dataclasses.replace(state) if new else state
    return _next_stage(state, parts)


def _next_stage(state: State, parts: Parts) -> State:
    assert parts.propose is not None
    idle = () if state.questions else (*state.idle, parts.propose.stages[state.stage])
    return dataclasses.replace(state, stage=state.stage + 1, questions=None, idle=idle, room=None)


def _asks(state: State, parts: Parts, memory: LabelMemory) -> bool:
    """Say whether this round has something left to ask."""
    if parts.propose is None or state.round < parts.config.query_from:
        return False
    spent = room_left(parts.config, memory, state.round).is_none
    return not (spent or _is_dry(state, parts) or parts.proceed(state))


def _is_dry(state: State, parts: Parts) -> bool:
    """Say whether each stage that is left had nothing to ask in this round; also when no stage is left."""
    return parts.propose is not None and set(parts.propose.stages[state.stage :]) <= set(state.idle)


def _leave_open(state: State, parts: Parts, memory: LabelMemory) -> None:
    """Leave pages open while the model trains (setting ask_ahead), so that nobody waits; withdraw all else.

    They are what the features and answers of now would ask. What is answered meanwhile belongs to this round and is
    known to the next one; the labels and the training of this round know what was answered before. The next round's
    first questions withdraw the rest.
    """
    config, room = parts.config, room_left(parts.config, memory, state.round)
    ahead: Sequence[Question] = ()
    if parts.propose is not None and config.ask_ahead > 0 and config.annotator == "people" and config.train:
        last = state.round + 1 >= config.epochs or parts.stop(state)
        if not last and not room.is_none and state.round >= config.query_from:
            ahead = parts.propose(_scene(state, parts, memory, AHEAD))
    parts.annotate(fit_all(ahead, room))


def _scene(state: State, parts: Parts, memory: LabelMemory, stage: str) -> Scene:
    return Scene(
        round=state.round,
        stage=stage,
        features=parts.folder.load_array(state.features),
        labels=_labels_now(state, parts, memory),
        memory=memory,
        distance=parts.folder.load_sparse(state.distance) if state.distance else None,
    )


def _propose(state: State, parts: Parts, memory: LabelMemory) -> State:
    assert parts.propose is not None
    scene = _scene(state, parts, memory, parts.propose.stages[state.stage])
    labels, questions = scene.labels, tuple(parts.propose(scene))
    clusters = len(np.unique(labels[labels != OUTLIER]))
    room = max(1, int(parts.config.merge_cap * clusters)) if parts.config.merge_cap > 0 else 0
    return dataclasses.replace(state, questions=questions, room=room if scene.stage == "merge" else None)


def _labels_now(state: State, parts: Parts, memory: LabelMemory) -> IntArray:
    features = parts.folder.load_array(state.features)
    if parts.organise is not None and state.round >= parts.config.query_from:
        return keep_locked(parts.organise.labels(features, memory, state.round), memory)
    if parts.constrain is not None and state.distance is not None:
        distance = parts.folder.load_sparse(state.distance)
        return reorganise(parts.constrain(distance, features, memory, state.threshold), features, memory)
    return reorganise(parts.folder.load_array(state.base_labels), features, memory)


def _settle_labels(state: State, parts: Parts, memory: LabelMemory) -> State:
    labels = parts.folder.save_array(_name(state, "labels.npy"), _labels_now(state, parts, memory))
    step = Step.TRAIN if parts.config.train else Step.EVALUATE
    return dataclasses.replace(state, labels=labels, questions=None, room=None, step=step)


# -- train, evaluate -------------------------------------------------------------------------------


def _train(state: State, parts: Parts) -> State:
    labels = parts.folder.load_array(state.labels)
    memory = memory_of(parts, _settled(state))
    weights = _weights(state, parts, memory)
    learner = parts.learner.at(state.learner)
    parts.learner.changing()
    loss = learner.train(labels, memory.excluded_rows(), state.round, weights)
    name = parts.learner.save(_name(state, "learner.safetensors"))
    return dataclasses.replace(state, learner=name, loss=loss, step=Step.EVALUATE)


def _settled(state: State) -> int | None:
    """Count the events that the round's labels know; None = all (a round that an earlier version began)."""
    return state.heard[-1] if state.heard else None


def _weights(state: State, parts: Parts, memory: LabelMemory) -> FloatArray | None:
    """Give what each row counts in training, (n,); None = all alike."""
    if parts.config.unconfirmed == "whole" or parts.organise is None or state.round < parts.config.query_from:
        return None
    return parts.organise.weights(parts.folder.load_array(state.features), memory, state.round)


def _evaluate(state: State, parts: Parts) -> State:
    memory = memory_of(parts)
    stopped = _why_stop(state, parts, memory)
    report = _report(state, parts, memory_of(parts, _settled(state)), last=stopped is not None)
    parts.sink(Event("round", {"round": report.round, "f1": (report.pairwise or {}).get("f1"), "mAP": report.mAP}))
    state = dataclasses.replace(state, reports=(*state.reports, report))
    if stopped is not None:
        return dataclasses.replace(state, step=Step.DONE, stopped=stopped)
    step = Step.EMBED if parts.config.train else Step.ASK
    fresh = dataclasses.replace(state, stage=0, idle=(), heard=(), loss=None, seconds={})
    return dataclasses.replace(fresh, round=state.round + 1, step=step)


def _why_stop(state: State, parts: Parts, memory: LabelMemory) -> str | None:
    if state.round + 1 >= parts.config.epochs:
        return "all rounds are done"
    if parts.stop(state):
        return "stopped after this round, as was asked"
    if state.round < parts.config.query_from or (parts.config.train and not _idle(state, parts, memory)):
        return None
    if run_room(parts.config, memory).is_none:
        return "the budget is spent"
    if parts.propose is None or not _answered_since(state.round, memory):
        if parts.organise is not None:
            return parts.organise.why_dry(parts.folder.load_array(state.features), memory, state.round)
        return "nothing left to ask"
    return None


def _idle(state: State, parts: Parts, memory: LabelMemory) -> bool:
    """Say whether a run that trains is over: no answer for so many rounds, and now nothing or no budget to ask."""
    first = state.round + 1 - parts.config.idle_rounds
    if parts.propose is None or parts.config.idle_rounds == 0 or first < parts.config.query_from:
        return False
    ended = _is_dry(state, parts) or run_room(parts.config, memory).is_none
    return ended and not _answered_since(first, memory)


def _answered_since(round_: int, memory: LabelMemory) -> bool:
    return any(answer.round >= round_ for answer in memory.answers)


def _report(state: State, parts: Parts, memory: LabelMemory, *, last: bool) -> Report:
    labels = parts.folder.load_array(state.labels)
    cost = total_cost(memory.answers)
    report = Report(
        round=state.round,
        answers=cost.answers,
        actions=cost.actions,
        human_seconds=cost.seconds,
        human_seconds_strict=cost.strict,
        inferred=memory.n_inferred(),
        known=memory.n_imported(),
        conflicts=len(memory.conflicts()),
        cost_percent=cost_percent(cost.answers, parts.n),
        clusters=len(np.unique(labels[labels != OUTLIER])),
        outliers=int((labels == OUTLIER).sum()),
        loss=state.loss,
        cluster_hash=cluster_hash(labels),
        heard=state.heard,
        seconds=state.seconds,
    )
    if parts.truth is not None:
        score = pairwise(labels, parts.truth)
        report = dataclasses.replace(
            report,
            pairwise={"precision": score.precision, "recall": score.recall, "f1": score.f1},
            ari=adjusted_rand(labels, parts.truth),
            nmi=normalized_mutual_information(labels, parts.truth),
        )
    scores = _retrieval(state, parts, last=last)
    if scores is None:
        return report
    return dataclasses.replace(
        report, mAP=scores.mAP, rank1=scores.rank1, rank5=scores.rank5, rank10=scores.rank10, mINP=scores.mINP
    )


def _retrieval(state: State, parts: Parts, *, last: bool) -> Retrieval | Report | None:
    if not parts.config.train and state.reports:  # given features: retrieval cannot have changed
        return state.reports[-1]
    if not last and (state.round + 1) % parts.config.evaluate_every:
        return None
    return parts.evaluate(parts.learner.at(state.learner))


def _name(state: State, what: str) -> str:
    return f"r{state.round:04d}.{what}"


_STEPS: dict[Step, Callable[[State, Parts], State]] = {
    Step.EMBED: _embed,
    Step.CLUSTER: _cluster,
    Step.ASK: _ask,
    Step.TRAIN: _train,
    Step.EVALUATE: _evaluate,
}
