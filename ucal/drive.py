"""Drive a run to its end (or to where it waits for people), saving after every step."""

from __future__ import annotations

from ucal.loop import Parts, advance
from ucal.runs import FolderStates
from ucal.state import State
from ucal.types import Step


def drive(parts: Parts, states: FolderStates) -> State:
    """Advance until the run is over or waits; goes on from the saved state."""
    state = states.load() or State()
    while state.step is not Step.DONE:
        after = advance(state, parts)
        if after is state:
            break
        states.save(after, expected=state.version)
        parts.folder.forget_others(after)
        state = after
    return state
