"""`meshclaw run`, killed at a chosen moment. Production code knows nothing of it: the points are wrapped from outside.

Run as a program it imports MeshClaw once and forks a life for each order it reads: one JSON object a line with
`folder`, `environment`, `life` and `at`, the number of the crossing to die at (0: none). It answers with the pid. A
life writes its crossings to `crossings.LIFE`, its mails' renames to `renames`, its output to `out.LIFE` and `err.LIFE`.
"""

import functools
import gc
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import bot.app
from bot import cli
from connectors.slack.sender import Sender

_SENT = ("post", "update", "remove", "whisper", "publish_home")


class Crossings:
    """Counts what is crossed, and kills the process at the chosen number."""

    def __init__(self, log: Path, at: int) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._at = at
        self._numbers = itertools.count(1)
        self._one_by_one = threading.Lock()

    def cross(self, name: str) -> None:
        with self._one_by_one:
            os.write(self._log, f"{name}\n".encode())
            if next(self._numbers) == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()  # nothing more runs here, however long the signal takes

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def crossed(*args: Any, **more: Any) -> Any:
            self.cross(f"before {name}")
            result = call(*args, **more)
            self.cross(f"after {name}")
            return result

        return crossed

    def around_async(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        async def crossed(*args: Any, **more: Any) -> Any:
            self.cross(f"before {name}")
            result = await call(*args, **more)
            self.cross(f"after {name}")
            return result

        return crossed


def wrap(folder: Path, crossings: Crossings) -> None:
    """Every commit of any database session, DBOS's too; every message sent; every rename of a mail."""
    DefaultDialect.do_commit = crossings.around("commit", DefaultDialect.do_commit)  # type: ignore[method-assign]
    for name in _SENT:
        setattr(Sender, name, crossings.around_async(name, getattr(Sender, name)))
    rename, mail = os.rename, str(folder / "mail")
    renames = os.open(folder / "renames", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def renamed(source: Any, target: Any, **more: Any) -> None:
        if not str(source).startswith(mail):
            rename(source, target, **more)
            return
        crossings.cross("before rename")
        rename(source, target, **more)
        os.write(renames, f"{source}\t{target}\n".encode())
        crossings.cross("after rename")

    os.rename = renamed  # type: ignore[assignment]


def live(order: dict[str, Any]) -> int:
    """One life, from start to its end."""
    folder = Path(order["folder"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / f"{name}.{order['life']}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(order["environment"])
    wrap(folder, Crossings(folder / f"crossings.{order['life']}", order["at"]))
    return cli.main(["run"])


def serve() -> None:
    """Fork a life for each order until standard input ends."""
    assert threading.active_count() == 1, "a fork needs a process without threads"
    assert bot.app
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not kept
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            code = 1
            try:
                code = live(json.loads(line))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    serve()
