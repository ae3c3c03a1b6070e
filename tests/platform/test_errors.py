"""What an error says of itself, and what all of its sort say."""

from __future__ import annotations

from multiprocessing import Pipe

from errata.errors import BadInput


def test_a_kind_is_the_sentence_without_its_names() -> None:
    inner = BadInput("{} must be a number, not {!r}", "start", "soon {}")
    assert str(inner) == "start must be a number, not 'soon {}'"
    assert inner.kind == "… must be a number, not '…'"
    outer = BadInput("in {}: {}", "a.vtt", inner)
    assert (str(outer), outer.kind) == (f"in a.vtt: {inner}", f"in …: {inner.kind}")
    assert outer.names == ("a.vtt", "start", "soon {}"), "one for each …"


def test_a_sentence_without_names_is_left_as_it_stands() -> None:
    error = BadInput('write {"start": 0}')
    assert str(error) == error.kind == 'write {"start": 0}'


def test_an_error_that_another_process_raised_keeps_its_kind() -> None:
    here, there = Pipe()
    there.send(BadInput("there is no {!r}", "x"))
    error = here.recv()
    assert isinstance(error, BadInput)
    assert (str(error), error.kind) == ("there is no 'x'", "there is no '…'")
