"""Structured logs, one JSON object a line on standard error.

What may be logged is listed: codes, ids, names of classes. Anything else is withheld, and of other people's
libraries only the place in their code is told, since their words may hold a message's body.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "error",
        "error_id",
        "exception",
        "agent",
        "action",
        "tool",
        "key",
        "code",
    }
    | {"where", "job", "connector", "seconds", "count", "port", "version", "at"}
)
_OURS = ("bot", "handlers", "connectors", "engine", "gate", "slack")


def configure(level: str = "INFO") -> None:
    """Set up structlog and the standard library's loggers. `level` is a name such as INFO."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_it_broke,
            withhold,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlacesOnly())
    handler.addFilter(_worth_telling)
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def withhold(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the listed fields, and say of the others only that they were there."""
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    withheld = sorted(set(event) - set(kept))
    return {**kept, "withheld": withheld} if withheld else kept


def _where_it_broke(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its class and the places it went through: its words may quote what a person wrote."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        places, trace = [], error.__traceback__
        while trace:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["exception"] = {"class": type(error).__name__, "places": places[-12:]}
    return event


def _worth_telling(record: logging.LogRecord) -> bool:
    """Bolt warns of what is meant so, such as an authorize function of our own."""
    return record.levelno >= logging.ERROR or not record.name.startswith("slack_bolt")


class _PlacesOnly(logging.Formatter):
    """Other libraries' records: level, logger, place, and the class of an exception; never their words."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "event": "library",
            "level": record.levelname.lower(),
            "logger": record.name,
            "at": f"{record.filename}:{record.lineno}",
        }
        if record.exc_info and record.exc_info[0]:
            event["error"] = record.exc_info[0].__name__
        return str(structlog.processors.JSONRenderer()(None, "", event))
