"""Who comes in, how long they stay, and what keeps others out."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.auth import fingerprint, hash_password, make_login_link
from backend.routes import people as routes
from backend.schemas import Role
from backend.store.models import ApiToken, LoginSession, Person, utc_now
from tests.backend.world import PASSWORD, Client, World, make_world


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def maria(world: World, password_hash: str) -> Person:
    return world.person("Maria", password_hash=password_hash)


def sign_in(client: Client, name: str = "maria", password: str = PASSWORD):
    return client.api("POST", "/session", {"name": name, "password": password})


def test_a_password_opens_a_session_whose_cookie_no_script_can_read(world: World, maria: Person):
    client = world.anonymous()
    said = sign_in(client)
    assert said.status_code == 200
    assert said.json()["person"]["name"] == "Maria"
    cookie = said.headers["set-cookie"]
    assert re.fullmatch(r"ucal_session=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", cookie)
    assert client.api("GET", "/session").json() == said.json()
    with world.scope(read_only=True) as session:
        assert session.get(LoginSession, fingerprint(client.cookies["ucal_session"])) is not None
        assert session.get(LoginSession, client.cookies["ucal_session"]) is None


def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path, sqlite_url: str, password_hash: str):
    world = make_world(tmp_path, sqlite_url, https=True)
    world.person("maria", password_hash=password_hash)
    cookie = sign_in(world.anonymous()).headers["set-cookie"]
    assert cookie.startswith("__Host-ucal_session=")
    assert cookie.endswith("; Secure")
    world.close()


def test_signing_in_again_rotates_the_session_and_signing_out_ends_it(world: World, maria: Person):
    client = world.anonymous()
    sign_in(client)
    first = client.cookies["ucal_session"]
    sign_in(client)
    second = client.cookies["ucal_session"]
    assert first != second
    old = world.anonymous()
    old.cookies.set("ucal_session", first)
    assert old.api("GET", "/session").status_code == 401
    assert client.api("DELETE", "/session").status_code == 204
    old.cookies.set("ucal_session", second)
    assert old.api("GET", "/session").status_code == 401


def test_a_wrong_name_and_a_wrong_password_look_the_same(world: World, maria: Person):
    wrong_name, wrong_password = sign_in(world.anonymous(), "nobody"), sign_in(world.anonymous(), password="x")
    assert wrong_name.status_code == wrong_password.status_code == 401
    assert wrong_name.json() == wrong_password.json()


def test_guessing_is_slowed_down_by_name_and_by_address(world: World, maria: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(routes, "MAX_BY_NAME", 2)
    monkeypatch.setattr(routes, "MAX_BY_ADDRESS", 4)
    client = world.anonymous()
    assert [sign_in(client, password="x").status_code for _ in range(2)] == [401, 401]
    said = sign_in(client)  # the right password, too late
    assert (said.status_code, said.json()["error"]) == (429, "TooManyAttemptsError")
    assert int(said.headers["retry-after"]) > 0
    assert sign_in(client, "other").status_code == 401
    assert sign_in(client, "another").status_code == 429


def test_behind_a_trusted_proxy_the_limit_is_each_callers_own(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    """Otherwise one guesser would lock everybody out; and only a trusted proxy is believed."""
    monkeypatch.setattr(routes, "MAX_BY_ADDRESS", 2)
    world = make_world(tmp_path, sqlite_url, trusted_proxies="10.1.0.0/16, 192.0.2.1")

    def guess(peer: str, caller: str, name: str) -> int:
        client = Client(world.app, headers={"x-ucal": "1", "x-forwarded-for": caller}, client=(peer, 4000))
        return sign_in(client, name, "x").status_code

    assert [guess("10.1.2.3", "203.0.113.7", f"a{i}") for i in range(3)] == [401, 401, 429]
    assert guess("10.1.2.3", "203.0.113.8", "b") == 401  # another caller behind the same proxy
    assert guess("192.0.2.1", "203.0.113.7", "c") == 429  # the guesser by another proxy
    assert guess("10.1.2.3", "203.0.113.99, 203.0.113.7", "d") == 429  # what the caller itself wrote is not believed
    stranger = [guess("198.51.100.5", f"203.0.113.{i}", f"e{i}") for i in range(3)]  # no proxy of ours
    assert stranger == [401, 401, 429]
    world.close()


def test_a_session_ends_after_twelve_idle_hours_and_after_seven_days(world: World):
    client = world.annotator()
    for column, age in ((LoginSession.seen_at, timedelta(hours=12)), (LoginSession.expires_at, timedelta())):
        with world.scope() as session:
            session.execute(update(LoginSession).values({column: utc_now() - age}))
        assert client.api("GET", "/session").status_code == 401
        with world.scope() as session:
            session.execute(update(LoginSession).values({LoginSession.seen_at: utc_now()}))


def test_using_a_session_keeps_it_alive(world: World):
    client = world.annotator()
    with world.scope() as session:
        session.execute(update(LoginSession).values(seen_at=utc_now() - timedelta(hours=11)))
    assert client.api("GET", "/session").status_code == 200
    with world.scope(read_only=True) as session:
        assert session.query(LoginSession).one().seen_at > utc_now() - timedelta(minutes=1)


def test_a_link_signs_in_once(world: World):
    with world.scope() as session:
        token = make_login_link(session, world.person_in(session, "maria"))
    client = world.anonymous()
    assert client.api("POST", "/session/link", {"token": token}).status_code == 200
    assert client.api("GET", "/session").json()["embedded"] is True
    again = world.anonymous().api("POST", "/session/link", {"token": token})
    assert (again.status_code, again.json()["error"]) == (401, "SignInError")


def test_a_link_runs_out(world: World):
    with world.scope() as session:
        token = make_login_link(session, world.person_in(session, "maria"), utc_now() - timedelta(hours=13))
    assert world.anonymous().api("POST", "/session/link", {"token": token}).status_code == 401


def test_somebody_switched_off_is_out_at_once_everywhere(world: World, maria: Person):
    admin, client = world.admin(), world.browser(maria)
    secret = client.api("POST", "/tokens", {"label": "script"}).json()["secret"]
    program = world.anonymous(authorization=f"Bearer {secret}")
    assert program.api("GET", "/session").status_code == 200
    assert admin.api("PATCH", f"/people/{maria.id}", {"active": False}).json()["active"] is False
    for shut in (client.api("GET", "/session"), program.api("GET", "/session"), sign_in(world.anonymous())):
        assert shut.status_code == 401


def test_a_new_password_ends_all_sessions(world: World, maria: Person):
    client = world.browser(maria)
    world.admin().api("PATCH", f"/people/{maria.id}", {"password": "another password"})
    assert client.api("GET", "/session").status_code == 401
    assert sign_in(world.anonymous(), password="another password").status_code == 200


def test_the_last_admin_stays(world: World):
    person = world.person("root", Role.ADMIN)
    client = world.browser(person)
    for change in ({"active": False}, {"role": "annotator"}):
        said = client.api("PATCH", f"/people/{person.id}", change)
        assert (said.status_code, said.json()["error"]) == (409, "StateError")


def test_a_name_is_taken_whatever_its_case(world: World, maria: Person):
    said = world.admin().api("POST", "/people", {"name": "MARIA", "password": "0123456789"})
    assert (said.status_code, said.json()["error"]) == (409, "NameTakenError")


def test_an_api_token_works_without_cookie_and_header_until_it_is_taken_back(world: World):
    client = world.annotator()
    made = client.api("POST", "/tokens", {"label": "script", "days": 3}).json()
    assert made["secret"].startswith("ucal_")
    program = Client(world.app, headers={"authorization": f"Bearer {made['secret']}"})
    assert program.api("POST", "/tokens", {"label": "second"}).status_code == 201
    listed = client.api("GET", "/tokens").json()
    assert [token["label"] for token in listed] == ["second", "script"]
    assert "secret" not in listed[0]
    assert listed[1]["last_used_at"] is not None
    assert world.annotator().api("DELETE", f"/tokens/{made['id']}").status_code == 404
    assert client.api("DELETE", f"/tokens/{made['id']}").status_code == 204
    assert program.api("GET", "/session").status_code == 401


def test_an_api_token_runs_out(world: World):
    client = world.annotator()
    made = client.api("POST", "/tokens", {"label": "script"}).json()
    with world.scope() as session:
        session.execute(update(ApiToken).values(expires_at=utc_now()))
    program = Client(world.app, headers={"authorization": f"Bearer {made['secret']}"})
    assert program.api("GET", "/session").status_code == 401
    assert Client(world.app, headers={"authorization": "Bearer nonsense"}).api("GET", "/session").status_code == 401


# -- other sites


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x-ucal": "0"}, 403),
        ({"x-ucal": "1"}, 201),
        ({"x-ucal": "1", "origin": "http://testserver"}, 201),
        ({"x-ucal": "1", "origin": "http://evil.example"}, 403),
        ({"x-ucal": "1", "origin": "http://testserver.evil.example"}, 403),
        ({"x-ucal": "1", "origin": "null"}, 403),
    ],
)
def test_a_changing_request_by_cookie_comes_from_this_site(world: World, headers: dict[str, str], status: int):
    client = world.annotator()
    del client.headers["x-ucal"]
    assert client.api("POST", "/tokens", {"label": "x"}, headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/session", "/session/link"])
def test_nobody_is_signed_in_by_another_site(world: World, path: str):
    client = world.anonymous()
    del client.headers["x-ucal"]
    said = client.api("POST", path, {"name": "a", "password": "b", "token": "c"})
    assert (said.status_code, said.json()["error"]) in [(403, "CrossSiteError"), (422, "ValidationError")]
    body = {"token": "c"} if path.endswith("link") else {"name": "a", "password": "b"}
    assert client.api("POST", path, body).json()["error"] == "CrossSiteError"
