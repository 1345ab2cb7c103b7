"""Lease, answer, undo: on both databases, also when two do it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.answer_schemas import AnswerNew
from backend.run_schemas import RunState
from backend.store import answering, answers, jobs, leases, questions, runs
from backend.store.models import Job, Person, Question, QuestionLease, utc_now
from backend.store.tallies import tallies_of
from tests.backend.world import Client, World
from ucal.memory import LabelMemory
from ucal.types import Verdict

PAIRS = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


def answer(question_id: str, verdict: str = "same", id_: str = "answer-0001", **more: Any) -> dict[str, Any]:
    return {"id": id_, "question_id": question_id, "verdict": verdict, **more}


def leased(client: Client, run_id: str, count: int = 12, held: list[str] | None = None) -> list[str]:
    said = client.api("POST", f"/runs/{run_id}/leases", {"count": count, "held": held or []}).json()
    return [lease["question"]["id"] for lease in said["leases"]]


def at_once(*calls: Callable[[], object]) -> list[Any]:
    """Do things at the same moment; give what each returned or raised."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def do(i: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[i] = call()
        except Exception as error:
            results[i] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


# -- leases


def test_the_best_questions_come_first_and_no_two_people_get_the_same(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS)
    one, two = both.annotator(), both.annotator()
    assert leased(one, run.id, 2) == ids[:2]
    assert leased(two, run.id, 12) == ids[2:]


def test_two_threads_racing_never_lease_one_question_twice(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS)
    people = [both.person(f"p{i}") for i in range(4)]

    def take(person: Person) -> list[str]:
        with both.scope() as session:
            return [one.question.id for one in leases.lease(session, run.id, person.id, (2, []), utc_now()).given]

    found = at_once(*(lambda person=person: take(person) for person in people))
    given = [id_ for ids_ in found for id_ in ids_]
    assert len(given) == len(set(given))
    assert len(given) >= 4  # a racer that met locked rows may come away with fewer, nobody with another's
    assert set(given) <= set(ids)


def test_a_reloaded_page_gets_its_own_questions_back(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS)
    one = both.annotator()
    assert leased(one, run.id, 2) == ids[:2]
    assert leased(one, run.id, 3) == ids[:3]
    assert leased(one, run.id, 2, held=ids[:3]) == ids[3:5]


def test_a_lease_runs_out_by_the_servers_clock_and_its_fence_grows(both: World):
    run = both.run(both.project())
    both.ask(run, PAIRS[0])
    a, b, now = both.person("a"), both.person("b"), utc_now()
    later = now + leases.LEASE + timedelta(seconds=1)
    with both.scope() as session:
        first = leases.lease(session, run.id, a.id, (1, []), now).given[0]
        assert not leases.lease(session, run.id, b.id, (1, []), now + timedelta(seconds=100)).given
        second = leases.lease(session, run.id, b.id, (1, []), later).given[0]
        assert second.fence == first.fence + 1
        assert leases.heartbeat(session, run.id, a.id, [second.question.id], later).withdrawn == [second.question.id]


def test_a_heartbeat_keeps_a_question_and_tells_what_to_drop(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:3])
    one = both.annotator()
    leased(one, run.id, 3)
    with both.scope() as session:
        questions.settle(session, run.id, [ids[1]])
    said = one.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": ids}).json()
    assert (said["withdrawn"], said["leases"], said["empty"]) == ([ids[1]], [], None)


def test_a_question_put_back_for_later_goes_behind_the_others(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:3])
    one = both.annotator()
    leased(one, run.id, 1)
    body = {"question_ids": [ids[0]], "later": True}
    assert one.api("POST", f"/runs/{run.id}/release", body).status_code == 204
    assert leased(one, run.id, 3) == [ids[1], ids[2], ids[0]]


def test_publishing_twice_changes_nothing_and_what_was_withdrawn_opens_again(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:2])
    with both.scope() as session:
        questions.settle(session, run.id, ids[:1])
    assert both.ask(run, *PAIRS[:3])[:2] == ids
    with both.scope(read_only=True) as session:
        assert questions.open_ids(session, run.id)[:2] == ids
        assert questions.counts(session, run.id, utc_now()) == (3, 3, 0)


@pytest.mark.parametrize(
    ("state", "control", "reason"),
    [
        (RunState.PAUSED, "none", "paused"),
        (RunState.ASKING, "pause", "paused"),
        (RunState.DONE, "none", "all_settled"),
        (RunState.FAILED, "none", "failed"),
        (RunState.CANCELLED, "none", "cancelled"),
    ],
)
def test_a_run_that_does_not_ask_gives_no_question_and_says_why(
    world: World, state: RunState, control: str, reason: str
):
    run = world.run(world.project(), state)
    world.ask(run, *PAIRS)
    with world.scope() as session:
        runs.get(session, run.id).control = control
    said = world.annotator().api("POST", f"/runs/{run.id}/leases", {}).json()
    assert (said["leases"], said["empty"]) == ([], reason)
    assert said["empty_detail"]


def test_an_empty_queue_names_its_cause(world: World):
    run = world.run(world.project(), RunState.EMBEDDING)
    one, two = world.annotator(), world.annotator()

    def why(client: Client) -> Any:
        return client.api("POST", f"/runs/{run.id}/leases", {}).json()["empty"]

    assert why(one) == "not_started"
    [id_] = world.ask(run, PAIRS[0])
    assert why(one) is None
    assert why(two) == "leased_to_others"
    assert two.api("POST", f"/runs/{run.id}/leases", {}).json()["empty_count"] == 1
    one.api("POST", f"/runs/{run.id}/answers", answer(id_))
    assert why(two) == "waiting_for_model"


def test_an_empty_queue_says_that_the_budget_is_spent(world: World):
    run = world.run(world.project(), budget=1)
    [id_] = world.ask(run, PAIRS[0])
    one = world.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(id_))
    assert one.api("POST", f"/runs/{run.id}/leases", {}).json()["empty"] == "budget_spent"


# -- answers


def test_an_answer_is_stored_with_its_wake_up_before_it_is_acknowledged(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:2])
    with both.scope() as session:
        job = jobs.claim(session, "worker", utc_now())
        assert job is not None
        jobs.finish(session, job.key, "worker", utc_now())
    one = both.annotator("maria")
    leased(one, run.id)
    said = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], fence=1, seconds=1.5, swapped=True, shown=["x"]))
    assert said.status_code == 200
    body = said.json()
    assert (body["answer"]["person"], body["answer"]["late"], body["answer"]["undone"]) == ("maria", False, False)
    assert (body["progress"]["answered_round"], body["progress"]["open_round"]) == (1, 1)
    assert (body["progress"]["answered_by_me"], body["progress"]["answered_total"]) == (1, 1)
    with both.scope(read_only=True) as session:
        [stored] = answers.read_log(session, run.id)
        assert (stored.left, stored.right, stored.verdict, stored.seconds) == (0, 1, Verdict.SAME, 1.5)
        assert session.get_one(Job, f"advance_run:{run.id}").state == "waiting"
        found = session.get_one(Question, (run.id, ids[0]))
        assert (found.state, session.query(QuestionLease).filter_by(question_id=found.id).count()) == ("answered", 0)


def test_the_same_id_and_body_gives_the_first_result_and_another_body_is_refused(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:2])
    one = both.annotator()
    path = f"/runs/{run.id}/answers"
    first = one.api("POST", path, answer(ids[0])).json()["answer"]
    assert one.api("POST", path, answer(ids[0])).json()["answer"] == first
    other = one.api("POST", path, answer(ids[0], "different"))
    assert (other.status_code, other.json()["error"]) == (409, "AnswerConflictError")
    elsewhere = one.api("POST", path, answer(ids[1]))
    assert elsewhere.status_code == 409
    with both.scope(read_only=True) as session:
        assert len(answers.read_log(session, run.id)) == 1


def test_one_answer_sent_many_times_at_once_counts_once(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    person = both.person("p")
    clients = [both.browser(person) for _ in range(4)]
    path = f"/runs/{run.id}/answers"
    said = at_once(*(lambda client=client: client.api("POST", path, answer(ids[0])).status_code for client in clients))
    assert said == [200] * 4
    with both.scope(read_only=True) as session:
        assert len(answers.read_log(session, run.id)) == 1


def test_two_people_answering_one_question_at_once_are_both_kept(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    one, two = both.annotator(), both.annotator()
    path = f"/runs/{run.id}/answers"
    said = at_once(
        lambda: one.api("POST", path, answer(ids[0], id_="answer-a")).status_code,
        lambda: two.api("POST", path, answer(ids[0], "different", "answer-b")).status_code,
    )
    assert said == [200, 200]
    with both.scope(read_only=True) as session:
        assert {one.verdict for one in answers.read(session, run.id)} == {Verdict.SAME, Verdict.DIFFERENT}
        assert len(answers.read_log(session, run.id)) == 1  # the second is an extra vote


def test_nobody_votes_twice_on_one_question(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    one = both.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    again = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], id_="answer-0002"))
    assert (again.status_code, again.json()["error"]) == (409, "AlreadyAnsweredError")


def test_a_late_answer_still_counts(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    one = both.annotator()
    leased(one, run.id)
    with both.scope() as session:
        session.query(QuestionLease).one().expires_at = utc_now() - timedelta(seconds=1)
    said = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0])).json()
    assert said["answer"]["late"] is True
    assert both.question_state(run, ids[0]) == "answered"


def test_an_answer_settles_what_follows_from_it(both: World):
    run = both.run(both.project())
    ids = both.ask(run, (0, 1), (1, 2), (0, 2), (4, 5))
    one = both.annotator()
    leased(one, run.id)
    path = f"/runs/{run.id}/answers"
    assert one.api("POST", path, answer(ids[0], id_="answer-1")).json()["withdrawn"] == []
    said = one.api("POST", path, answer(ids[1], "different", "answer-2")).json()
    assert said["withdrawn"] == [ids[2]]
    assert (said["progress"]["settled_round"], said["progress"]["open_round"]) == (1, 1)
    assert one.api("POST", f"/runs/{run.id}/leases", {"held": ids[2:]}).json()["withdrawn"] == [ids[2]]


def test_in_pair_mode_nothing_is_inferred(world: World):
    run = world.run(world.project(), memory="pair")
    ids = world.ask(run, (0, 1), (1, 2), (0, 2))
    one = world.annotator()
    for i in (0, 1):
        said = one.api("POST", f"/runs/{run.id}/answers", answer(ids[i], id_=f"answer-{i}"))
        assert said.json()["withdrawn"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verdict": "bad_image"}, 422),
        ({"verdict": "same", "bad_sides": ["left"]}, 422),
        ({"verdict": "perhaps"}, 422),
        ({"verdict": "bad_image", "bad_sides": ["left", "right"]}, 200),
        ({"verdict": "same", "question_id": "no-such-question"}, 404),
        ({"verdict": "same", "id": "short"}, 422),
        ({"verdict": "same", "more": 1}, 422),
    ],
)
def test_an_answer_says_exactly_what_is_needed(world: World, body: dict[str, Any], status: int):
    run = world.run(world.project())
    [id_] = world.ask(run, PAIRS[0])
    said = world.annotator().api("POST", f"/runs/{run.id}/answers", answer(id_) | body)
    assert said.status_code == status, said.text
    if status == 200:
        with world.scope(read_only=True) as session:
            assert answers.read_log(session, run.id)[0].bad_rows == (0, 1)


def test_an_answer_after_the_end_of_the_run_is_kept_and_wakes_nobody(world: World):
    run = world.run(world.project(), RunState.DONE)
    [id_] = world.ask(run, PAIRS[0])
    with world.scope() as session:
        session.delete(session.get_one(Job, f"advance_run:{run.id}"))
    assert world.annotator().api("POST", f"/runs/{run.id}/answers", answer(id_)).status_code == 200
    with world.scope(read_only=True) as session:
        assert not jobs.pending(session, f"advance_run:{run.id}")


# -- undo


def test_undo_brings_that_very_question_back_to_that_person(both: World):
    run = both.run(both.project())
    ids = both.ask(run, *PAIRS[:2])
    one, two = both.annotator(), both.annotator()
    leased(one, run.id, 1)
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    said = one.api("POST", f"/runs/{run.id}/answers/answer-0001/undo").json()
    assert (said["answer"]["undone"], said["lease"]["question"]["id"]) == (True, ids[0])
    assert said["progress"]["answered_total"] == said["progress"]["answered_by_me"] == 0
    assert leased(two, run.id) == ids[1:]
    again = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], "different", "answer-0002"))
    assert again.status_code == 200
    with both.scope(read_only=True) as session:
        log = answers.read_log(session, run.id)
    assert [event.retracts for event in log] == [None, "answer-0001", None]
    assert LabelMemory(12, answers=log).verdict(0, 1) is Verdict.DIFFERENT


def test_undo_done_twice_is_done_once(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    one = both.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    path = f"/runs/{run.id}/answers/answer-0001/undo"
    said = at_once(lambda: one.api("POST", path).status_code, lambda: one.api("POST", path).status_code)
    assert said == [200, 200]
    with both.scope(read_only=True) as session:
        assert len(answers.read_log(session, run.id)) == 2


def test_undo_opens_what_was_settled_only_by_that_answer(both: World):
    run = both.run(both.project())
    ids = both.ask(run, (0, 1), (1, 2), (0, 2))
    one = both.annotator()
    for i in (0, 1):
        one.api("POST", f"/runs/{run.id}/answers", answer(ids[i], id_=f"answer-{i}"))
    assert both.question_state(run, ids[2]) == "settled"
    one.api("POST", f"/runs/{run.id}/answers/answer-1/undo")
    assert [both.question_state(run, id_) for id_ in ids] == ["answered", "open", "open"]


def test_undo_of_an_earlier_rounds_answer_asks_that_question_again(both: World):
    run = both.run(both.project())
    ids = both.ask(run, PAIRS[0])
    one = both.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    with both.scope() as session:
        later = runs.get(session, run.id)
        later.round = 1
        runs.set_state(later, RunState.TRAINING, utc_now())
    said = one.api("POST", f"/runs/{run.id}/answers/answer-0001/undo").json()
    assert (said["lease"]["question"]["id"], said["answer"]["undone"]) == (ids[0], True)
    again = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], "different", "answer-0002"))
    assert again.status_code == 200
    assert both.question_state(run, ids[0]) == "answered"


def test_undo_after_the_end_of_the_run_takes_the_answer_back_but_asks_no_more(world: World):
    run = world.run(world.project())
    ids = world.ask(run, PAIRS[0])
    one = world.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    with world.scope() as session:
        runs.set_state(runs.get(session, run.id), RunState.DONE, utc_now())
    said = one.api("POST", f"/runs/{run.id}/answers/answer-0001/undo").json()
    assert (said["lease"], said["answer"]["undone"]) == (None, True)
    assert world.question_state(run, ids[0]) == "closed"


def test_an_undo_says_beforehand_what_it_reverses(both: World):
    run = both.run(both.project())
    ids = both.ask(run, (0, 1), (2, 3), (1, 2), (3, 4), (6, 7))
    one = both.annotator()
    for i, verdict in enumerate(("same", "same", "same", "different", "same")):
        one.api("POST", f"/runs/{run.id}/answers", answer(ids[i], verdict, f"answer-{i}"))
    path = f"/runs/{run.id}/answers"
    assert one.api("GET", f"{path}/answer-2/undo").json() == {"parts": [2, 2], "later": 1}
    assert one.api("GET", f"{path}/answer-3/undo").json() == {"parts": [], "later": 0}
    assert one.api("POST", f"{path}/answer-2/undo").json()["reverses"] == {"parts": [2, 2], "later": 1}
    assert one.api("GET", f"{path}/answer-2/undo").json() == {"parts": [], "later": 0}
    assert one.api("GET", f"{path}/no-such-answer/undo").status_code == 404
    assert both.annotator().api("GET", f"{path}/answer-2/undo").status_code == 403  # somebody else's answer
    assert both.admin().api("GET", f"{path}/answer-2/undo").status_code == 200


def test_a_bad_image_withdraws_the_other_questions_of_that_image(both: World):
    run = both.run(both.project())
    ids = both.ask(run, (0, 1), (1, 2), (3, 4), (0, 5))
    one = both.annotator()
    leased(one, run.id, 4)
    said = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], "bad_image", bad_sides=["right"])).json()
    assert said["withdrawn"] == [ids[1]]
    one.api("POST", f"/runs/{run.id}/answers/answer-0001/undo")
    assert [both.question_state(run, id_) for id_ in ids] == ["open"] * 4


def test_only_the_person_or_an_admin_takes_an_answer_back(world: World):
    run = world.run(world.project())
    ids = world.ask(run, PAIRS[0])
    one, two, admin = world.annotator(), world.annotator(), world.admin()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0]))
    path = f"/runs/{run.id}/answers/answer-0001/undo"
    assert two.api("POST", path).status_code == 403
    assert admin.api("POST", path).status_code == 200
    assert one.api("GET", f"/runs/{run.id}/answers").json()[0]["undone"] is True
    assert one.api("POST", f"/runs/{run.id}/answers/undo:answer-0001/undo").status_code == 404
    assert one.api("POST", f"/runs/{run.id}/answers/nothing-such/undo").status_code == 404


def test_answers_are_listed_newest_first_ones_own_or_all(world: World):
    run = world.run(world.project())
    ids = world.ask(run, *PAIRS[:3])
    one, two, admin = world.annotator(), world.annotator(), world.admin()
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], id_="answer-1"))
    two.api("POST", f"/runs/{run.id}/answers", answer(ids[1], id_="answer-2"))
    one.api("POST", f"/runs/{run.id}/answers", answer(ids[2], id_="answer-3"))

    def listed(query: str, client: Client = one) -> list[str]:
        return [found["id"] for found in client.api("GET", f"/runs/{run.id}/answers?{query}").json()]

    assert listed("") == ["answer-3", "answer-1"]
    assert listed("mine=false", admin) == ["answer-3", "answer-2", "answer-1"]
    assert listed("mine=false&limit=1", admin) == ["answer-3"]
    assert listed("mine=false&limit=1&offset=1", admin) == ["answer-2"]
    assert listed("", admin) == []
    refused = one.api("GET", f"/runs/{run.id}/answers?mine=false")
    assert (refused.status_code, refused.json()["error"]) == (403, "ForbiddenError")
    one.api("POST", f"/runs/{run.id}/answers/answer-3/undo")
    assert listed("standing=true") == ["answer-1"]


# -- the log


def test_the_log_gives_back_what_was_added_and_an_id_counts_once(both: World):
    from ucal.types import Answer

    run = both.run(both.project())
    log = [
        Answer(f"a{i}", i, i + 1, Verdict.SAME, "q", "oracle", 2, 2.5, "2024-05-06T07:08:09+00:00") for i in range(1200)
    ]
    with both.scope() as session:
        answers.append_log(session, run.id, log[:700])
        answers.append_log(session, run.id, log[300:])
    with both.scope(read_only=True) as session:
        assert answers.read_log(session, run.id) == log
        assert tallies_of(session).of(session, run.id)[0].answers == 1200


def test_an_answer_that_was_rolled_back_is_not_remembered(both: World):
    run = both.run(both.project())
    ids = both.ask(run, (0, 1), (1, 2), (0, 2))
    person = both.person("p")

    def give(i: int, verdict: str, *, broken: bool = False) -> list[str]:
        body = AnswerNew(id=f"answer-{verdict}-{i}", question_id=ids[i], verdict=verdict)  # type: ignore[arg-type]
        with both.scope() as session:
            given = answering.answer(session, runs.get(session, run.id), person, body, utc_now())
            if broken:
                raise ZeroDivisionError
            return given.withdrawn

    with pytest.raises(ZeroDivisionError):
        give(0, "same", broken=True)
    assert give(1, "same") == []  # would settle (0, 2) if the first answer were still remembered
    assert give(0, "different") == [ids[2]]
