"""Logs hold codes, ids and places; never what somebody wrote, whichever way it comes."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs

SECRET = "Your biopsy result xoxb-1"
texts = st.text(max_size=10)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error once logs are set up."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, before = logging.getLogger(), (logging.getLogger().level, list(logging.getLogger().handlers))
    logs.configure("DEBUG")
    yield stream
    structlog.reset_defaults()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@given(st.dictionaries(texts | st.sampled_from(sorted(logs.ALLOWED)), texts, max_size=8))
def test_only_listed_fields_pass_and_of_the_others_their_names(event: dict[str, str]) -> None:
    out = dict(logs.withhold(None, "info", dict(event)))
    withheld = sorted(set(event) - logs.ALLOWED)
    assert out.pop("withheld", []) == withheld
    assert out == {name: value for name, value in event.items() if name in logs.ALLOWED}


@pytest.mark.parametrize("field", ["text", "subject", "body", "args", "token", "password", "blocks", "exc", "message"])
def test_no_field_that_could_hold_a_text_is_listed(field: str) -> None:
    assert field not in logs.ALLOWED


def test_a_field_that_is_not_listed_is_withheld(written: io.StringIO) -> None:
    structlog.get_logger("t").info("done", agent="triage", subject=SECRET)
    line = json.loads(written.getvalue())
    assert (line["event"], line["agent"], line["withheld"]) == ("done", "triage", ["subject"])
    assert SECRET not in written.getvalue()


def test_of_an_exception_its_class_and_places_are_told(written: io.StringIO) -> None:
    def breaks() -> None:
        raise ValueError(SECRET)

    try:
        breaks()
    except ValueError as error:
        structlog.get_logger("t").error("failed", exc_info=error)
    line = json.loads(written.getvalue())
    assert line["exception"]["class"] == "ValueError"
    assert any("breaks" in place for place in line["exception"]["places"])
    assert SECRET not in written.getvalue()


def test_of_other_libraries_the_place_alone_is_told(written: io.StringIO) -> None:
    logger = logging.getLogger("some.library")
    try:
        raise KeyError(SECRET)
    except KeyError:
        logger.exception("could not handle %s", SECRET, extra={"body": SECRET})
    line: dict[str, Any] = json.loads(written.getvalue())
    assert (line["logger"], line["error"], line["level"]) == ("some.library", "KeyError", "error")
    assert line["at"].startswith("test_logs.py:")
    assert SECRET not in written.getvalue()


def test_every_line_is_one_json_object(written: io.StringIO) -> None:
    structlog.get_logger("t").info("a\nb", code="x\ny")
    logging.getLogger("lib").warning("a\nb")
    lines = written.getvalue().splitlines()
    assert len([json.loads(line) for line in lines]) == 2
