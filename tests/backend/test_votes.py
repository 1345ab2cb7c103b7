"""Several people a question: nobody twice, no question over its votes, one verdict in the memory, undo decides anew."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.run_schemas import RunState
from backend.store import answers, jobs, leases, questions, runs
from backend.store.models import Answer, Job, Project, Question, QuestionLease, Run, utc_now
from tests.backend.test_questions import PAIRS, answer, at_once, leased
from tests.backend.world import Client, World
from ucal.memory import LabelMemory
from ucal.types import Verdict

SAME, DIFFERENT = "same", "different"


def voting(world: World, votes: int = 2, n: int = 12, **more: Any) -> tuple[Any, Client]:
    """Give a run of a project that wants so many votes, and an admin."""
    project, admin = world.project(n), world.admin()
    said = admin.api("PATCH", f"/projects/{project.id}", {"votes": votes} | more)
    assert said.status_code == 200, said.text
    return world.run(project), admin


def say(client: Client, run: Any, question_id: str, verdict: str, id_: str) -> dict[str, Any]:
    said = client.api("POST", f"/runs/{run.id}/answers", answer(question_id, verdict, id_))
    assert said.status_code == 200, said.text
    found: dict[str, Any] = said.json()
    return found


def memory_of(world: World, run: Any) -> list[tuple[int, int, Verdict]]:
    with world.scope(read_only=True) as session:
        memory = LabelMemory(12, answers=answers.read_log(session, run.id))
    return [(one.left, one.right, one.verdict) for one in memory.answers]


# -- leases


def test_as_many_people_hold_a_question_as_it_wants_votes(both: World):
    run, _ = voting(both)
    ids = both.ask(run, *PAIRS[:2])
    one, two, three = both.annotator(), both.annotator(), both.annotator()
    assert leased(one, run.id) == ids
    assert leased(two, run.id) == ids
    assert leased(three, run.id) == []
    said = three.api("POST", f"/runs/{run.id}/leases", {}).json()
    assert (said["empty"], said["empty_count"]) == ("leased_to_others", 2)
    say(one, run, ids[0], SAME, "answer-1")
    assert leased(three, run.id) == []  # the vote took the slot of its lease
    body = {"question_ids": [ids[1]]}
    assert two.api("POST", f"/runs/{run.id}/release", body).status_code == 204
    assert leased(three, run.id) == [ids[1]]


def test_racing_people_never_hold_more_than_the_votes_that_are_wanted(both: World):
    run, _ = voting(both)
    ids = both.ask(run, *PAIRS)
    clients = [both.annotator() for _ in range(5)]

    def held() -> dict[str, int]:
        with both.scope(read_only=True) as session:
            rows = session.query(QuestionLease.question_id).filter_by(run_id=run.id).all()
        return {id_: [row[0] for row in rows].count(id_) for id_ in ids}

    at_once(*(lambda client=client: leased(client, run.id, 3) for client in clients))
    assert max(held().values()) <= 2
    for client in 3 * clients:  # who met locked rows waits, and those who hold more than a share leave it some
        leased(client, run.id, 5)
        assert max(held().values()) <= 2
    assert held() == dict.fromkeys(ids, 2)


def test_while_others_wait_nobody_takes_more_than_an_equal_share(both: World):
    run, _ = voting(both, votes=1)
    one, two, three = both.annotator(), both.annotator(), both.annotator()
    for client in (one, two):
        assert leased(client, run.id) == []
    ids = both.ask(run, *PAIRS)
    first = leased(one, run.id)
    assert first == ids[:3]  # half of five, for `two` waits
    assert leased(one, run.id, held=first) == []  # it still waits
    second = leased(two, run.id)
    assert second == ids[3:]
    assert leased(three, run.id) == []
    one.api("POST", f"/runs/{run.id}/release", {"question_ids": first})
    assert leased(two, run.id, held=second) == [ids[0]]  # (3 free + 2 held) / 2, rounded up
    assert leased(three, run.id) == ids[1:3]


def test_who_holds_more_than_a_share_gives_the_last_ones_back_when_somebody_waits(both: World):
    run, _ = voting(both, votes=1, n=30)
    ids = both.ask(run, *((2 * i, 2 * i + 1) for i in range(10)))
    one, two = both.annotator(), both.annotator()
    assert leased(one, run.id) == ids
    assert leased(two, run.id) == []
    said = say(one, run, ids[0], SAME, "answer-1")
    assert said["withdrawn"] == ids[6:]  # nine are held, half of them are kept
    assert leased(two, run.id) == ids[6:]
    held = {"question_ids": ids[1:]}
    assert one.api("POST", f"/runs/{run.id}/heartbeat", held).json()["withdrawn"] == ids[6:]


def test_what_nobody_who_waits_could_answer_is_not_taken_back(world: World):
    run, _ = voting(world, votes=2)
    ids = world.ask(run, *PAIRS)
    one, two, three = world.annotator(), world.annotator(), world.annotator()
    for i, id_ in enumerate(ids[:4]):
        say(three, run, id_, SAME, f"answer-{i}")
    assert (leased(one, run.id), leased(two, run.id)) == (ids, ids[4:])
    assert leased(three, run.id) == []  # it waits for the last one only
    assert say(one, run, ids[0], SAME, "answer-one")["withdrawn"] == ids[4:]


def test_who_answered_all_there_is_counts_as_waiting_no_more(world: World):
    run, _ = voting(world, votes=2)
    ids = world.ask(run, *PAIRS)
    one, two = world.annotator(), world.annotator()
    for i, id_ in enumerate(ids):
        say(one, run, id_, SAME, f"answer-{i}")
    assert leased(one, run.id) == []
    assert leased(two, run.id) == ids  # all of it: nothing of this is for the first


def test_nobody_votes_twice_and_the_queue_says_whom_it_waits_for(both: World):
    run, _ = voting(both)
    ids = both.ask(run, PAIRS[0])
    one = both.annotator()
    say(one, run, ids[0], SAME, "answer-1")
    again = one.api("POST", f"/runs/{run.id}/answers", answer(ids[0], id_="answer-2"))
    assert (again.status_code, again.json()["error"]) == (409, "AlreadyAnsweredError")
    said = one.api("POST", f"/runs/{run.id}/leases", {}).json()
    assert (said["leases"], said["empty"], said["empty_count"]) == ([], "waiting_for_votes", 1)


# -- verdicts


def test_the_verdict_enters_the_memory_once_and_single_votes_do_not(both: World):
    run, _ = voting(both)
    ids = both.ask(run, (0, 1), (1, 2), (0, 2))
    one, two = both.annotator(), both.annotator()
    first = say(one, run, ids[0], SAME, "answer-1")
    assert (memory_of(both, run), both.question_state(run, ids[0])) == ([], "open")
    assert first["progress"]["answered_total"] == 1
    say(two, run, ids[0], SAME, "answer-2")
    assert (memory_of(both, run), both.question_state(run, ids[0])) == ([(0, 1, Verdict.SAME)], "answered")
    say(one, run, ids[1], SAME, "answer-3")
    last = say(two, run, ids[1], SAME, "answer-4")
    assert last["withdrawn"] == [ids[2]]  # it follows from two verdicts
    assert last["progress"]["answered_total"] == 4  # people's, not the verdicts


def test_a_third_decides_where_two_disagree(both: World):
    run, _ = voting(both)
    ids = both.ask(run, PAIRS[0])
    people = [both.annotator() for _ in range(4)]
    say(people[0], run, ids[0], SAME, "answer-1")
    say(people[1], run, ids[0], DIFFERENT, "answer-2")
    assert both.question_state(run, ids[0]) == "open"
    assert leased(people[2], run.id) == ids
    assert leased(people[3], run.id) == []  # one more, not two
    say(people[2], run, ids[0], DIFFERENT, "answer-3")
    assert memory_of(both, run) == [(0, 1, Verdict.DIFFERENT)]
    assert both.question_state(run, ids[0]) == "answered"


def test_a_late_answer_is_kept_as_an_extra_vote_and_looked_at_when_another_goes(both: World):
    run, admin = voting(both)
    ids = both.ask(run, PAIRS[0])
    people = [both.annotator(f"p{i}") for i in range(3)]
    for i, verdict in enumerate((SAME, SAME, DIFFERENT)):
        say(people[i], run, ids[0], verdict, f"answer-{i}")
    assert memory_of(both, run) == [(0, 1, Verdict.SAME)]
    assert len(admin.api("GET", f"/runs/{run.id}/answers?mine=false").json()) == 3
    people[0].api("POST", f"/runs/{run.id}/answers/answer-0/undo")  # same and different are left: one more is wanted
    assert (memory_of(both, run), both.question_state(run, ids[0])) == ([], "open")


def test_only_what_decides_wakes_the_run(both: World):
    run, _ = voting(both)
    ids = both.ask(run, PAIRS[0])

    def finished() -> None:
        with both.scope() as session:
            job = jobs.claim(session, "worker", utc_now())
            assert job is not None
            jobs.finish(session, job.key, "worker", utc_now())

    def waits() -> bool:
        with both.scope(read_only=True) as session:
            return session.get_one(Job, f"advance_run:{run.id}").state == "waiting"

    finished()
    one, two = both.annotator(), both.annotator()
    say(one, run, ids[0], SAME, "answer-1")
    assert not waits()
    say(two, run, ids[0], SAME, "answer-2")
    assert waits()


def test_two_last_votes_at_once_make_one_verdict(both: World):
    run, _ = voting(both)
    ids = both.ask(run, PAIRS[0])
    clients = [both.annotator() for _ in range(2)]
    calls = [
        lambda client=client, i=i: say(client, run, ids[0], SAME, f"answer-{i}") for i, client in enumerate(clients)
    ]
    at_once(*calls)
    assert memory_of(both, run) == [(0, 1, Verdict.SAME)]
    with both.scope(read_only=True) as session:
        found = session.scalars(select(Answer).where(Answer.source == "votes")).all()
        assert [(one.person_id, one.counts) for one in found] == [("", True)]


# -- undo


def test_undo_of_a_vote_takes_the_verdict_back_and_a_changed_vote_decides_anew(both: World):
    run, _ = voting(both)
    ids = both.ask(run, (0, 1), (1, 2), (0, 2))
    one, two = both.annotator(), both.annotator()
    for k, (client, verdict) in enumerate(((one, SAME), (two, SAME))):
        for i in (0, 1):
            say(client, run, ids[i], verdict, f"answer-{k}-{i}")
    assert both.question_state(run, ids[2]) == "settled"
    path = f"/runs/{run.id}/answers/answer-1-1/undo"
    assert two.api("GET", path).json()["parts"] == [2, 1]
    said = two.api("POST", path).json()
    assert said["lease"]["question"]["id"] == ids[1]
    assert said["reverses"]["parts"] == [2, 1]
    assert [both.question_state(run, id_) for id_ in ids] == ["answered", "open", "open"]
    assert memory_of(both, run) == [(0, 1, Verdict.SAME)]
    say(two, run, ids[1], DIFFERENT, "answer-9")
    assert both.question_state(run, ids[1]) == "open"  # they disagree: a third decides
    three = both.annotator()
    say(three, run, ids[1], DIFFERENT, "answer-10")
    assert memory_of(both, run) == [(0, 1, Verdict.SAME), (1, 2, Verdict.DIFFERENT)]
    assert one.api("GET", f"/runs/{run.id}/answers/answer-0-1/undo").json()["parts"] == []


def test_undo_of_a_vote_that_changes_nothing_leaves_the_verdict(both: World):
    run, _ = voting(both, votes=1)
    ids = both.ask(run, PAIRS[0])
    one, two = both.annotator(), both.annotator()
    say(one, run, ids[0], SAME, "answer-1")
    say(two, run, ids[0], SAME, "answer-2")  # late: an extra vote
    said = one.api("POST", f"/runs/{run.id}/answers/answer-1/undo").json()
    assert (said["lease"], said["reverses"]["parts"]) == (None, [])
    assert memory_of(both, run) == [(0, 1, Verdict.SAME)]  # by the other one's vote
    two.api("POST", f"/runs/{run.id}/answers/answer-2/undo")
    assert (memory_of(both, run), both.question_state(run, ids[0])) == ([], "open")


def test_where_the_two_that_are_left_agree_no_third_is_wanted_any_more(both: World):
    run, _ = voting(both)
    ids = both.ask(run, PAIRS[0])
    clients = [both.annotator() for _ in range(3)]
    for i, verdict in enumerate((SAME, DIFFERENT, SAME)):
        say(clients[i], run, ids[0], verdict, f"answer-{i}")
    clients[1].api("POST", f"/runs/{run.id}/answers/answer-1/undo")
    assert (memory_of(both, run), both.question_state(run, ids[0])) == ([(0, 1, Verdict.SAME)], "answered")


def test_after_the_end_of_the_run_an_undone_vote_asks_no_more(world: World):
    run, _ = voting(world)
    ids = world.ask(run, PAIRS[0])
    one, two = world.annotator(), world.annotator()
    say(one, run, ids[0], SAME, "answer-1")
    say(two, run, ids[0], SAME, "answer-2")
    with world.scope() as session:
        runs.set_state(runs.get(session, run.id), RunState.DONE, utc_now())
    assert two.api("POST", f"/runs/{run.id}/answers/answer-2/undo").json()["lease"] is None
    assert (memory_of(world, run), world.question_state(run, ids[0])) == ([], "closed")


# -- which questions want more


@pytest.mark.parametrize(("left", "right", "votes"), [(4, 4, 2), (4, 3, 1), (1, 9, 1)])
def test_large_groups_want_a_second_vote(world: World, left: int, right: int, votes: int):
    run, _ = voting(world, n=24, second_votes="large")
    id_ = world.ask_large(run, range(left), range(12, 12 + right))
    with world.scope(read_only=True) as session:
        assert session.get_one(Question, (run.id, id_)).votes_base == votes


def test_a_surprising_answer_wants_a_second_one(world: World):
    run, _ = voting(world, n=36, second_votes="surprise")
    small, large = world.ask(run, (0, 1))[0], world.ask_large(run, range(11), range(12, 24))
    one, two = world.annotator(), world.annotator()
    say(one, run, small, SAME, "answer-1")
    assert world.question_state(run, small) == "answered"
    say(one, run, large, SAME, "answer-2")  # .02 of 11 x 12 pairs: 2.6 of them expected to be wrong
    assert world.question_state(run, large) == "open"
    say(two, run, large, SAME, "answer-3")
    assert world.question_state(run, large) == "answered"


def test_a_projects_votes_hold_for_questions_asked_from_then_on(world: World):
    run, admin = voting(world, votes=1)
    early = world.ask(run, PAIRS[0])
    with world.scope(read_only=True) as session:
        project_id = session.get_one(Project, run.project_id).id
    shown = admin.api("PATCH", f"/projects/{project_id}", {"votes": 3, "second_votes": "all", "gold_rate": 0.1}).json()
    assert (shown["votes"], shown["second_votes"], shown["gold_rate"]) == (3, "all", 0.1)
    late = world.ask(run, PAIRS[1])
    with world.scope(read_only=True) as session:
        found = [session.get_one(Question, (run.id, id_)).votes_wanted for id_ in early + late]
    assert found == [1, 3]
    for body in ({"votes": 0}, {"votes": 10}, {"second_votes": "some"}, {"gold_rate": 0.6}, {"gold_rate": -0.1}):
        assert admin.api("PATCH", f"/projects/{project_id}", body).status_code == 422


def test_a_run_may_have_votes_of_its_own(both: World):
    run, admin = voting(both, votes=2)
    with both.scope(read_only=True) as session:
        project_id = session.get_one(Run, run.id).project_id
    path, config = f"/projects/{project_id}/runs", {"annotator": "people", "query_from": 0}
    shown = admin.api("GET", f"/runs/{run.id}").json()
    assert (shown["votes"], shown["second_votes"], shown["own_votes"]) == (2, "all", False)
    said = admin.api("POST", path, {"config": config, "votes": 1})
    assert said.status_code == 201, said.text
    own = said.json()
    assert (own["votes"], own["second_votes"], own["own_votes"]) == (1, "all", True)
    large = admin.api("POST", path, {"config": config, "votes": 3, "second_votes": "large"}).json()
    assert (large["votes"], large["second_votes"], large["own_votes"]) == (3, "large", True)
    admin.api("PATCH", f"/projects/{project_id}", {"votes": 5})  # of those that have none of their own
    wanted = []
    for id_ in (run.id, own["id"], large["id"]):
        with both.scope(read_only=True) as session:
            here = session.get_one(Run, id_)
        small, big = both.ask(here, PAIRS[0])[0], both.ask_large(here, range(4), range(6, 10))
        with both.scope(read_only=True) as session:
            wanted.append([session.get_one(Question, (id_, asked)).votes_base for asked in (small, big)])
    assert wanted == [[5, 5], [1, 1], [1, 3]]
    for body in ({"votes": 0}, {"votes": 10}, {"second_votes": "some"}):
        assert admin.api("POST", path, {"config": config, **body}).status_code == 422


def test_a_settled_question_takes_its_leases_along(both: World):
    run, _ = voting(both)
    ids = both.ask(run, *PAIRS[:2])
    one, two = both.annotator(), both.annotator()
    leased(one, run.id)
    leased(two, run.id)
    with both.scope() as session:
        questions.settle(session, run.id, ids[:1])
        assert leases.count_held(session, run.id, utc_now()) == 1
    for client in (one, two):
        said = client.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": ids}).json()
        assert said["withdrawn"] == ids[:1]


def test_a_budget_of_actions_counts_a_verdict_once_however_many_voted(both: World):
    project, admin = both.project(12), both.admin()
    admin.api("PATCH", f"/projects/{project.id}", {"votes": 2})
    run = both.run(project, budget_actions=2)
    (id_,) = both.ask(run, (0, 1))
    clients = [both.annotator() for _ in range(2)]
    for i, client in enumerate(clients):
        say(client, run, id_, SAME, f"answer-{i}")
    with both.scope() as session:
        runs.set_state(session.get_one(Run, run.id), RunState.TRAINING, utc_now())
    assert admin.api("GET", f"/runs/{run.id}").json()["actions"] == 2  # what people did
    empty = clients[0].api("POST", f"/runs/{run.id}/leases", {}).json()["empty"]
    assert empty == "waiting_for_model"  # one action of the budget is left
