"""The command line: `meshclaw demo | workspace | run | triage | doctor | policy | audit | migrate`."""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import webbrowser
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bot import logs
from bot.contracts.connectors import Connection
from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.tools import Tool
from bot.settings import load, ready

_DEMO_PORT = 8930


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Errors are one or two lines on standard error."""
    args = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], Awaitable[int]] = args.run
    try:
        logs.configure(load().log_level)
        return asyncio.run(_until_signalled(run(args)))
    except MeshClawError as error:
        print(f"meshclaw: {error.message}", file=sys.stderr)
        if error.mend:
            print(f"  {error.mend}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meshclaw", description="A team of AI agents for every person in Slack.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a local workspace and MeshClaw in one process; no Slack account needed")
    demo.add_argument("--port", type=_port, default=_DEMO_PORT, help="default: %(default)s")
    demo.add_argument("--data", type=Path, help="folder to keep everything in (default: ~/.meshclaw/demo)")
    demo.add_argument("--mail", metavar="URL", help="maildir:PATH, imap://USER:PASSWORD@HOST:PORT or imaps://…")
    demo.add_argument("--no-browser", action="store_true", help="do not open the page")
    demo.set_defaults(run=_demo)

    workspace = commands.add_parser("workspace", help="the local Slack-compatible workspace alone")
    workspace.add_argument("--port", type=_port, default=_DEMO_PORT, help="default: %(default)s")
    workspace.add_argument("--data", type=Path, help="folder to keep it in (default: ~/.meshclaw/workspace)")
    workspace.set_defaults(run=_workspace)

    run = commands.add_parser("run", help="MeshClaw, against Slack or the server named by SLACK_API_URL")
    run.add_argument("--http", action="store_true", help="signed requests on PORT instead of Socket Mode")
    run.set_defaults(run=_run)

    triage = commands.add_parser("triage", help="sort a mailbox and print it; changes nothing, needs no Slack")
    triage.add_argument("--mail", metavar="URL", required=True, help="maildir:PATH, imap://… or imaps://…")
    triage.add_argument("--me", metavar="ADDRESS", help="your own address (default: learned from the mailbox)")
    triage.add_argument("--json", action="store_true", help="one JSON object a line for each mail")
    triage.set_defaults(run=_triage)

    doctor = commands.add_parser("doctor", help="check the installation, one line each with the mend")
    doctor.set_defaults(run=_doctor)
    policy = commands.add_parser("policy", help="what MeshClaw may do, and who may allow it").add_subparsers(
        required=True, metavar="check"
    )
    check = policy.add_parser(
        "check", help="validate the policy and print it; with a call, say what would become of it"
    )
    check.add_argument("tool", nargs="?", help="such as mail.move")
    check.add_argument("arguments", nargs="?", default="{}", metavar="JSON", help="the tool's arguments")
    check.add_argument("--person", metavar="ID", default="", help="who asks: a Slack user id")
    check.add_argument("--channel", metavar="ID", default="", help="where they ask (default: direct messages)")
    check.set_defaults(run=_check_policy)
    _add_audit(commands.add_parser("audit", help="prove that the audit was not tampered with, or print it"))
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=_migrate)
    return parser


def _add_audit(audit: argparse.ArgumentParser) -> None:
    commands = audit.add_subparsers(required=True, metavar="verify|export")
    verify = commands.add_parser("verify", help="look for links changed, missing or moved; 1 when there are")
    verify.add_argument("--anchor", type=Path, metavar="FILE", help="heads kept outside (default: the policy's file)")
    verify.add_argument("--head", action="append", default=[], metavar='"SEQ SEAL"', help="a head from the channel")
    verify.set_defaults(run=_verify_audit)
    export = commands.add_parser("export", help="every link, one JSON object a line; people's own things as digests")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    export.set_defaults(run=_export_audit)


def _port(text: str) -> int:
    """0 takes a free one."""
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: take a number from 0 to 65535")
    return int(text)


async def _demo(args: argparse.Namespace) -> int:
    from bot.demo import demo

    data = ready(args.data or load().data / "demo")
    with _port_errors(args.port):
        async with demo.running(args.port, data.resolve(), args.mail) as workspace:
            print(f"MeshClaw is ready: {workspace.url}", flush=True)
            if not args.no_browser:
                await asyncio.to_thread(webbrowser.open, workspace.url)
            await _forever()
    return 0


async def _workspace(args: argparse.Namespace) -> int:
    from bot.workspace.server import Workspace

    data = ready(args.data or load().data / "workspace")
    with _port_errors(args.port):
        workspace = await Workspace.start(port=args.port, data=data.resolve())
    try:
        print(f"Workspace is ready: {workspace.url}", flush=True)
        await _forever()
    finally:
        await workspace.stop()
    return 0


async def _run(args: argparse.Namespace) -> int:
    from bot import app as composition

    settings = load()
    async with composition.running(settings) as app:
        if args.http:
            with _port_errors(settings.port):
                async with composition.listening_by_http(app, settings) as port:
                    print(f"MeshClaw is listening: port {port}, path /slack/events", flush=True)
                    await _forever()
        else:
            async with composition.listening_by_socket(app, settings):
                print("MeshClaw is connected.", flush=True)
                await _forever()
    return 0


async def _triage(args: argparse.Namespace) -> int:
    from bot.agents.triage import sorting
    from bot.agents.triage.verdict import Verdict
    from bot.contracts.mail import Mail
    from bot.views.triage import BUCKETS
    from connectors.email import standalone

    async def quiet(phase: str, done: int, whole: int | None) -> None:
        if not args.json and sys.stderr.isatty():
            print(f"\r{phase}: {done}{f' of {whole}' if whole else ''} …", end="", file=sys.stderr, flush=True)

    def show(mail: Mail, verdict: Verdict) -> None:
        reasons = list(verdict.reasons)
        if args.json:
            line = {"message_id": mail.message_id, "bucket": verdict.bucket.value}
            print(json.dumps({**line, "confidence": round(verdict.confidence, 3), "reasons": reasons}))
        else:
            print(f"{BUCKETS[verdict.bucket.value]:<18}{_printable(f'{mail.sender}  {mail.subject}')[:120]}")
            print(f"{'':<18}{_printable('; '.join(reasons))}")

    async with standalone(args.mail) as mailbox:
        mind = await sorting.read_history(mailbox, [args.me] if args.me else [], quiet)
        folder = await sorting.find_folder(mailbox, "")
        now = datetime.now(UTC)
        await sorting.sort_folder(mailbox, folder, mind, now, since=None, take=show, progress=quiet)
        if folder.count == 0:
            print(f"There is no mail in {folder.name}.", file=sys.stderr)
    return 0


def _printable(text: str) -> str:
    """What a mail says, unable to command the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


async def _doctor(_args: argparse.Namespace) -> int:
    from bot import doctor

    checks = await doctor.examine(load())
    for check in checks:
        print(f"{'ok  ' if check.well else 'FAIL' if check.needed else 'note'}  {check.name}: {check.says}")
        if not check.well and check.mend:
            print(f"      mend: {check.mend}")
    return 1 if any(check.needed and not check.well for check in checks) else 0


async def _check_policy(args: argparse.Namespace) -> int:
    from bot.gate.policy import asked, judge, parse_check, unmatched
    from bot.gate.policy_file import load as load_policy
    from bot.views import policy as views

    path = load().policy
    policy = load_policy(path)
    tools = _tools()
    call = parse_check(f"{args.tool} {args.arguments}") if args.tool else None
    if call is None:
        print(f"{path or 'No policy file: the built-in rules hold alone'}, version {policy.version}")
        lines = [*views.built_in_text(policy), *(views.rule_text(rule) for rule in policy.rules)]
        lines += [f"note: no tool is called {pattern} (rule “{name}”)" for name, pattern in unmatched(policy, tools)]
    else:
        name, given = call
        tool = tools.get(name)
        if tool is not None:
            tool.check(given)
        seen = asked(tool, name, given, person=args.person, channel=args.channel)
        lines = views.judged_text(views.Judged(name, judge(policy, seen), args.person))
        lines += [f"{facet} = {value}" for facet, values in seen.facets.items() for value in values]
        lines += [] if tool else [f"Tools: {', '.join(sorted(tools))}"]
    print("\n".join(map(_printable, lines)))
    return 0


def _tools() -> dict[str, Tool]:
    """Every tool there is, by name, with no account behind it: good for asking what a call is, and nothing else."""
    import connectors

    services = [module.connector(_NoAccounts()) for module in connectors.discover().values()]
    return {tool.name: tool for service in services for tool in service.tools()}


class _NoAccounts:
    """Connections nobody has made."""

    async def get(self, person: Person, connector: str) -> Connection | None:
        return None


async def _verify_audit(args: argparse.Namespace) -> int:
    from bot import app as composition
    from bot.gate import anchor, policy_file
    from bot.gate.audit import Audit

    settings = load()
    heads = []
    for text in args.head:
        heads += (found := anchor.parse_heads(text))
        if not found:
            raise MeshClawError(f"{_printable(text[:100])!r} is no head.", "Give number and seal: --head '1234 5e884…'")
    kept_in = policy_file.load(settings.policy).audit_file
    if file := args.anchor or (Path(kept_in) if kept_in else None):
        heads += await anchor.read(file)
    async with composition.open_storage(settings) as storage:
        audit = Audit(storage.database, storage.vault)
        breach = await audit.verify(heads)
        last = await audit.head()
    if breach:
        print(f"The audit does not hold at {breach}.")
        return 1
    print(f"The chain is whole, {last.seq if last else 0} links long. Heads kept outside that agree: {len(heads)}.")
    if not heads:
        print("Without a head kept outside a cut-off end would not show: see [audit] in the policy.")
    return 0


async def _export_audit(args: argparse.Namespace) -> int:
    from bot import app as composition
    from bot.gate.audit import Audit

    async with composition.open_storage(load()) as storage:
        with _output(args.out) as out:
            async for link in Audit(storage.database, storage.vault).export():
                print(json.dumps(link), file=out)
    return 0


@contextlib.contextmanager
def _output(file: Path | None) -> Iterator[TextIO]:
    """Standard output, or a new file for its owner alone: what was there already is kept."""
    if file is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise MeshClawError(f"{file} cannot be written: {error.strerror}.", "Choose another with --out.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        yield out


async def _migrate(_args: argparse.Namespace) -> int:
    from bot import app as composition

    async with composition.open_storage(load()):
        print("The database is up to date.")
    return 0


async def _until_signalled(work: Awaitable[int]) -> int:
    """Run to the end, or until SIGTERM or SIGINT, leaving through every `finally`."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def _forever() -> None:
    gc.freeze()  # all that was loaded stays: the collector need not look through it again and again
    await asyncio.Event().wait()


@contextlib.contextmanager
def _port_errors(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (13, 98, 48):  # EACCES, EADDRINUSE on Linux and macOS
            raise
        raise MeshClawError(f"Port {port} cannot be used: {error.strerror}.", "Choose another with --port.") from None


if __name__ == "__main__":
    sys.exit(main())
