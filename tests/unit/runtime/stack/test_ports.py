"""Ports: given, remembered, free."""

import socket
from pathlib import Path

import pytest

from shared.runtime.stack import Ports, PortTaken
from shared.runtime.stack.ports import FREE_PORTS, HOST, free_port


def test_a_port_stays_the_same_from_start_to_start(tmp_path: Path) -> None:
    first = Ports(tmp_path).take("kafka")
    assert first in FREE_PORTS
    assert Ports(tmp_path).take("kafka") == first
    assert Ports(tmp_path).take("postgres") != first


def test_a_given_port_is_taken_and_remembered(tmp_path: Path) -> None:
    wanted = free_port()
    assert Ports(tmp_path).take("http", wanted) == wanted
    assert Ports(tmp_path).take("http") == wanted


def test_a_given_port_that_is_in_use_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} for http is in use"):
            Ports(tmp_path).take("http", port)


def test_a_remembered_port_that_is_in_use_now_is_replaced(tmp_path: Path) -> None:
    port = Ports(tmp_path).take("kafka")
    with socket.create_server((HOST, port)):
        assert Ports(tmp_path).take("kafka") != port


def test_a_file_that_was_cut_off_forgets_the_ports_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"kafka": 2')
    assert Ports(tmp_path).take("kafka") in FREE_PORTS
