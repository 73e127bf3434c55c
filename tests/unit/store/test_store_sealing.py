"""The vault: what is sealed opens in its own row alone, under its own key alone, unchanged alone."""

import base64
import multiprocessing
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import OperatorMends
from bot.contracts.json import Json
from bot.store.sealing import KEY_BYTES, RowMismatch, Vault, load_key

KEY = bytes(range(KEY_BYTES))
VAULT = Vault(KEY)
names = st.text(max_size=12)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(values, names, names, names)
def test_what_was_sealed_opens_again_in_its_row(value: Json, table: str, owner: str, row: str) -> None:
    sealed = VAULT.seal(value, table=table, owner=owner, row=row)
    assert VAULT.open(sealed, table=table, owner=owner, row=row) == value


@given(st.tuples(names, names, names), st.tuples(names, names, names))
def test_a_value_in_another_row_refuses(its: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    sealed = VAULT.seal({"secret": 1}, table=its[0], owner=its[1], row=its[2])
    if its == other:
        return
    with pytest.raises(RowMismatch):
        VAULT.open(sealed, table=other[0], owner=other[1], row=other[2])


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "bc", "d"), ("ab", "c", "d")), (("a", "b", "c/d"), ("a", "b/c", "d")), (("t", "", "x"), ("t", "x", ""))],
)
def test_parts_of_a_row_are_not_run_together(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    sealed = VAULT.seal(1, table=one[0], owner=one[1], row=one[2])
    with pytest.raises(RowMismatch):
        VAULT.open(sealed, table=other[0], owner=other[1], row=other[2])


def test_every_changed_bit_refuses() -> None:
    sealed = VAULT.seal({"token": "xoxb-1"}, table="t", owner="o", row="r")
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(OperatorMends):
                VAULT.open(bytes(changed), table="t", owner="o", row="r")


@given(st.integers(min_value=0))
def test_a_cut_value_refuses(length: int) -> None:
    sealed = VAULT.seal({"token": "xoxb-1"}, table="t", owner="o", row="r")
    with pytest.raises(OperatorMends):
        VAULT.open(sealed[: length % len(sealed)], table="t", owner="o", row="r")


def test_another_key_is_named_as_what_is_wrong() -> None:
    sealed = VAULT.seal("x", table="t", owner="o", row="r")
    with pytest.raises(OperatorMends, match="another key") as raised:
        Vault(bytes(KEY_BYTES)).open(sealed, table="t", owner="o", row="r")
    assert not isinstance(raised.value, RowMismatch)
    assert "MESHCLAW_KEY" in raised.value.mend


def test_the_same_value_is_never_sealed_to_the_same_bytes() -> None:
    sealed = {VAULT.seal("x", table="t", owner="o", row="r") for _ in range(200)}
    assert len(sealed) == 200


def test_nothing_clear_and_no_key_is_in_what_is_sealed() -> None:
    sealed = VAULT.seal({"subject": "Your biopsy result"}, table="t", owner="T1/U1", row="r")
    assert b"biopsy" not in sealed
    assert b"U1" not in sealed
    assert KEY not in sealed


def test_pseudonyms_tell_nothing_without_the_key_and_stay_the_same() -> None:
    name = VAULT.pseudonym("T1/U1")
    assert name == Vault(KEY).pseudonym("T1/U1")
    assert name != Vault(bytes(KEY_BYTES)).pseudonym("T1/U1")
    assert name != VAULT.pseudonym("T1/U2")
    assert len(name) == 32
    assert "U1" not in name


def test_the_key_file_is_made_once_with_mode_0600(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = load_key(None, tmp_path / "new" / "installation.key")
    finally:
        os.umask(before)
    file = tmp_path / "new" / "installation.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(key) == KEY_BYTES
    assert load_key(None, file) == key
    assert [path.name for path in file.parent.iterdir()] == ["installation.key"]


def test_starters_in_threads_agree_on_one_key(tmp_path: Path) -> None:
    for number in range(20):
        file = tmp_path / str(number) / "installation.key"
        with ThreadPoolExecutor(8) as threads:
            keys = set(threads.map(lambda _: load_key(None, file), range(16)))  # noqa: B023 - done before the next
        assert len(keys) == 1
        assert len(list(file.parent.iterdir())) == 1


def _load(file: Path) -> bytes:
    return load_key(None, file)


def test_starters_in_processes_agree_on_one_key(tmp_path: Path) -> None:
    file = tmp_path / "installation.key"
    with multiprocessing.get_context("forkserver").Pool(3) as processes:
        keys = set(processes.map(_load, [file] * 12, chunksize=1))
        processes.close()
        processes.join()
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o644])
def test_a_key_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "installation.key"
    load_key(None, file)
    file.chmod(mode)
    with pytest.raises(OperatorMends, match="can be read by others") as raised:
        load_key(None, file)
    assert f"chmod 600 {file}" in raised.value.mend


@pytest.mark.parametrize("damaged", [b"", b"short", b"!" * 44, "ü".encode() * 22, b"\xff\xfe", b"A" * 40])
def test_a_damaged_key_file_is_told_without_its_content(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "installation.key"
    file.touch(mode=0o600)
    file.write_bytes(damaged)
    with pytest.raises(OperatorMends, match="not 32 bytes of base64") as raised:
        load_key(None, file)
    shown = f"{raised.value.message} {raised.value.mend}"
    assert not damaged or damaged.decode(errors="replace") not in shown


def test_a_key_in_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    given_key = base64.urlsafe_b64encode(KEY).decode()
    assert load_key(given_key, tmp_path / "installation.key") == KEY
    assert load_key(given_key.rstrip("="), tmp_path / "installation.key") == KEY
    assert not (tmp_path / "installation.key").exists()
    with pytest.raises(OperatorMends, match="MESHCLAW_KEY") as raised:
        load_key(given_key[:-6], tmp_path / "installation.key")
    assert given_key[:8] not in f"{raised.value.message} {raised.value.mend}"
