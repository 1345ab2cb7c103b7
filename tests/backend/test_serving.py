"""The socket that is served."""

from __future__ import annotations

import socket

import pytest

from backend.serving import _listen
from backend.settings import Settings
from tests.services import HOST
from ucal.errors import UcalError


def test_an_answer_is_sent_at_once():
    with _listen(Settings(host=HOST, port=0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as served:
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_named():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UcalError, match=f"cannot listen on {HOST}:{port}"):
            _listen(Settings(host=HOST, port=port))
