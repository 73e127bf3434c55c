"""What every test stands on: no network but this machine, no settings or home but its own; in CI nothing skips."""

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from postgres import (
    database_url,
    emptied_postgres,
    empty_database_url,
    migrated_postgres,
    migrated_sqlite,
    new_postgres,
    postgres_server,
    postgres_url,
)
from pydantic_settings import BaseSettings

__all__ = [  # fixtures of every test
    "database_url",
    "emptied_postgres",
    "empty_database_url",
    "migrated_postgres",
    "migrated_sqlite",
    "new_postgres",
    "postgres_server",
    "postgres_url",
]

IN_CI = os.environ.get("MESHCLAW_CI") == "1"
OURS = ("MESHCLAW_", "SLACK_", "OPENAI_", "ANTHROPIC_", "GOOGLE_", "AWS_", "TIKTOKEN_")
KEPT = {"MESHCLAW_CHAOS"}
"""Switches of the tests themselves; every other setting in the outer environment is taken away."""

settings.register_profile(
    "quick",
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining traces every line, for minutes
)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class Outside(Exception):
    """A test tried to reach another machine. Not an OSError: no code may mistake it for a server that is away."""


_tried: list[str] = []


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: sees every connection and look-up that Python code begins, whichever library begins it."""
    if event in ("socket.connect", "socket.sendto"):
        connection, address = args
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or _is_here(address[0]):
            return
        target = f"{address[0]}:{address[1]}"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        if _is_here(host):
            return
        if str(host).endswith(".invalid"):  # RFC 6761: never exists; answered here instead of by a name server
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        target = str(host)
    else:
        return
    _tried.append(target)
    raise Outside(f"tests reach this machine only, not {target}")


def pytest_configure(config: pytest.Config) -> None:
    for name in list(os.environ):
        if name.startswith(OURS) and name not in KEPT:
            del os.environ[name]
    home = os.environ["HOME"] = tempfile.mkdtemp(prefix="meshclaw-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    import bot.settings  # noqa: F401 - only now: its defaults lie in the home folder
    import connectors

    connectors.discover()
    for settings_class in BaseSettings.__subclasses__():
        settings_class.model_config["env_file"] = None
    sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def this_machine_only() -> Iterator[None]:
    """Fail the test that tried to reach another machine, also where the code under test swallowed the refusal."""
    _tried.clear()
    yield
    assert not _tried, f"reached for {', '.join(_tried)}"


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """One line each, to where this test's output goes: what an earlier test configured may be closed by now. Left to
    itself structlog draws tracebacks with all local variables, which takes seconds."""
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"skipped where nothing may skip: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _forbid_skip(report)
    return report
