"""What scenarios share: a Dovecot over TLS."""

from collections.abc import Iterator

import pytest

from tests.dovecot import Dovecot, dovecot, missing


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Dovecot]:
    """One Dovecot for all; a test takes a user of its own (password `secret`)."""
    if missing():
        pytest.skip(missing())
    with dovecot() as running:
        yield running


@pytest.fixture
def trusted(mail_server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    """The same, its certificate trusted by this process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.ca))
    return mail_server
