"""The installation's key, and what is made of it: sealed JSON, pseudonyms, the audit's seal.

AES-256-GCM with the row's table, owner and id as associated data: a row copied under another owner or id does not
open (`RowMismatch`). The key never enters the database.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.contracts.errors import OperatorMends
from bot.contracts.json import Json, canonical

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE = 12
_KEY_ID = 4


class RowMismatch(OperatorMends):
    """A sealed value does not belong to the row it was found in, or was changed."""


class Vault:
    """Seals JSON to its row. Built from 32 secret bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise OperatorMends(
                f"The installation's key has {len(key)} bytes, not {KEY_BYTES}.",
                "Set MESHCLAW_KEY to 32 bytes in URL-safe base64, or leave it out to use the key file.",
            )
        self._seal = AESGCM(_derive(key, b"seal"))
        self._audit = _derive(key, b"audit")
        self._names = _derive(key, b"names")
        self._key_id = hashlib.sha256(_derive(key, b"id")).digest()[:_KEY_ID]

    def seal(self, value: Json, *, table: str, owner: str, row: str) -> bytes:
        """The value as sealed bytes, bound to (table, owner, row)."""
        nonce = os.urandom(_NONCE)
        sealed = self._seal.encrypt(nonce, canonical(value), _bound(table, owner, row))
        return _FORMAT + self._key_id + nonce + sealed

    def open(self, sealed: bytes, *, table: str, owner: str, row: str) -> Any:
        """The JSON value again. Raises RowMismatch when it was sealed for another row, or changed, and
        OperatorMends when it was sealed with another key."""
        start = len(_FORMAT) + _KEY_ID
        if sealed[: len(_FORMAT)] != _FORMAT or len(sealed) < start + _NONCE:
            raise RowMismatch("A stored value is damaged.", "Restore the database from a backup.")
        if sealed[len(_FORMAT) : start] != self._key_id:
            raise OperatorMends(
                "The database was sealed with another key.",
                "Bring back the key file (or MESHCLAW_KEY) that belongs to this database.",
            )
        nonce = sealed[start : start + _NONCE]
        try:
            clear = self._seal.decrypt(nonce, sealed[start + _NONCE :], _bound(table, owner, row))
        except InvalidTag:
            raise RowMismatch(
                f"A stored value in {table} does not belong to its row.", "Restore the database from a backup."
            ) from None
        return json.loads(clear)

    def pseudonym(self, name: str) -> str:
        """A stable name (32 hex digits) that tells nothing without the key."""
        return hmac.new(self._names, name.encode(), hashlib.sha256).hexdigest()[:32]

    def mac(self, data: bytes) -> str:
        """The audit chain's keyed digest, hex."""
        return hmac.new(self._audit, data, hashlib.sha256).hexdigest()


def load_key(given: str | None, file: Path) -> bytes:
    """The key from the setting, else from the file, which is made on first start with mode 0600.

    Several starters at once agree on one key: the file appears whole or not at all. Raises OperatorMends.
    """
    if given:
        return _decode(given, "MESHCLAW_KEY")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another starter was first: its key counts
        finally:
            draft.unlink()
    if file.stat().st_mode & 0o077:
        raise OperatorMends(f"The key file {file.name} can be read by others.", f"Run: chmod 600 {file}")
    return _decode(file.read_text(encoding="ascii", errors="replace").strip(), file.name)


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise OperatorMends(f"The key in {where} is not 32 bytes of base64.", "Bring back the right key.")
    return key


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"meshclaw/" + purpose).derive(key)


def _bound(table: str, owner: str, row: str) -> bytes:
    return canonical([table, owner, row])
