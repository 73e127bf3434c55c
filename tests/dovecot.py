"""A throwaway Dovecot 2.3 over TLS on free ports of this machine, with its mail in a directory of the test's."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from grp import getgrgid
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

STARTING_SECONDS = 15.0
USER, PASSWORD = "alice", "sEcret wörd%1@/"
"""One user with an awkward password; any other name logs in with `secret` and gets a mailbox of its own."""

_CONF = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_home = {dir}/mail/%u
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
mail_max_userip_connections = 50
auth_failure_delay = 0
mailbox_list_index = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={user} gid={group}
}}
namespace inbox {{
  inbox = yes
  separator = /
  {folders}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{extra}
"""

ARCHIVE = "mailbox Archive {\n special_use = \\Archive\n auto = create\n }\n"
NEITHER = "imap_capability = IMAP4rev1 SASL-IR ID ENABLE IDLE LITERAL+ NAMESPACE LIST-EXTENDED SPECIAL-USE"
NO_MOVE = f"{NEITHER} UIDPLUS"
NO_TLS = "ssl = no"


def missing() -> str:
    """Why there can be no Dovecot here; empty when there can."""
    if not shutil.which("dovecot") and not Path("/usr/sbin/dovecot").exists():
        return "dovecot is not installed"
    return ""


@dataclass
class Dovecot:
    """A running server. `tls` and `plain`: its ports; `ca`: the certificate to trust."""

    directory: Path
    tls: int
    plain: int
    process: "subprocess.Popen[bytes]"

    @property
    def ca(self) -> Path:
        return self.directory / "cert.pem"

    def home(self, user: str) -> Path:
        """The Maildir of a user."""
        return self.directory / "mail" / user / "Maildir"

    def kill_sessions(self) -> None:
        """Cut every open session, as a crash would."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended by itself
                if "imap" in Path(f"/proc/{child}/comm").read_text():
                    os.kill(int(child), signal.SIGKILL)

    def adopt(self, path: Path) -> None:
        """Let the server own what a test wrote into its mail."""
        if os.getuid() == 0:
            user = pwd.getpwnam(_account()[0])
            for inside in [path, *path.rglob("*")]:
                os.chown(inside, user.pw_uid, user.pw_gid)


def _account() -> tuple[str, str]:
    """User and group the server runs as: oneself, or an unprivileged one when one is root."""
    if os.getuid():
        user = pwd.getpwuid(os.getuid())
        return user.pw_name, getgrgid(user.pw_gid).gr_name
    user = pwd.getpwnam("nobody")
    return user.pw_name, getgrgid(user.pw_gid).gr_name


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _certificate(directory: Path, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "key.pem").write_bytes(encoded)


@contextmanager
def dovecot(*, folders: str = ARCHIVE, extra: str = "", host: str = "localhost") -> Iterator[Dovecot]:
    """Run a server in a directory of its own until the context ends. `folders`: mailbox sections of the namespace;
    `extra`: further settings; `host`: whom the certificate names."""
    with TemporaryDirectory(prefix="dovecot") as directory, _running(Path(directory), folders, extra, host) as server:
        yield server


@contextmanager
def _running(directory: Path, folders: str, extra: str, host: str) -> Iterator[Dovecot]:
    user, group = _account()
    for name in ("run", "state", "mail"):
        (directory / name).mkdir()
    _certificate(directory, host)
    (directory / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n", encoding="utf-8")
    tls, plain = _free_port(), _free_port()
    text = _CONF.format(dir=directory, user=user, group=group, tls=tls, plain=plain, folders=folders, extra=extra)
    (directory / "dovecot.conf").write_text(text, encoding="utf-8")
    command = ["dovecot", "-F", "-c", str(directory / "dovecot.conf")]
    if os.getuid() == 0:
        command = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command]
        account = pwd.getpwnam(user)
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)
    environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"}
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _wait(directory, process, plain)
        yield Dovecot(directory, tls, plain, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait(directory: Path, process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    log = directory / "log"
    said = (directory / "output").read_text() + (log.read_text() if log.exists() else "")
    raise RuntimeError(f"Dovecot did not start: {said}")
