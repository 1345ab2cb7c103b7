"""A run whose questions want two votes goes on with their verdicts, and gives the clusters of one process."""

from __future__ import annotations

from backend.answer_schemas import AnswerNew
from backend.run_schemas import RunState
from backend.store import answering, questions, runs
from backend.store.models import Person, Project, utc_now
from backend.store.session import session_scope
from tests.worker.test_advance import PEOPLE, plain_hashes
from tests.worker.toy import Toy, work_until_idle


def say(toy: Toy, run_id: str, question_id: str, name: str, verdict: str) -> None:
    with session_scope(toy.sessions) as session:
        person = session.query(Person).filter_by(name=name).one()
        body = AnswerNew(id=f"{name}-{question_id[:20]}", question_id=question_id, verdict=verdict)
        answering.answer(session, runs.get(session, run_id), person, body, utc_now())


def test_two_votes_a_question_and_a_third_where_they_disagree_give_the_clusters_of_an_oracle(toy):
    with session_scope(toy.sessions) as session:
        session.get_one(Project, toy.project_id).votes = 2
        session.add_all([Person(name="bob", role="annotator"), Person(name="eve", role="annotator")])
    run_id, work, asked = toy.start(PEOPLE), toy.work(), 0
    while True:
        work_until_idle(work)
        with session_scope(toy.sessions) as session:
            open_ = questions.open_ids(session, run_id)
            if not open_:
                break
            row = questions.find(session, run_id, open_[0])
        right, wrong = ("same", "different")[:: 1 if row.left_row // 8 == row.right_row // 8 else -1]
        say(toy, run_id, row.id, "ann", right)
        work_until_idle(work)
        with session_scope(toy.sessions) as session:
            assert questions.find(session, run_id, row.id).state == "open"  # one vote decides nothing
        slips = asked % 3 == 0
        say(toy, run_id, row.id, "eve", wrong if slips else right)
        if slips:
            say(toy, run_id, row.id, "bob", right)
        asked += 1
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == plain_hashes(toy)
    assert len(toy.log(run_id)) == asked > 10
    assert all(event.id.startswith("verdict:") for event in toy.log(run_id))
