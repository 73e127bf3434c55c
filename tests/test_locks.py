"""The locks pin what pyproject.toml asks for, every file by its hash, and nothing about where it came from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
RUNTIME = ROOT / "requirements.lock"
TEST = ROOT / "requirements-test.lock"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)")


def _pins(lock: Path) -> dict[str, str]:
    lines = lock.read_text().splitlines()
    found = (PIN.match(line) for line in lines)
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found if pin}


def _wanted(*, test: bool) -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    wanted = [*pyproject["build-system"]["requires"], *project["dependencies"]]
    if test:
        wanted += project["optional-dependencies"]["test"]
    return [Requirement(line) for line in wanted]


@pytest.mark.parametrize(("lock", "test"), [(RUNTIME, False), (TEST, True)], ids=["runtime", "test"])
def test_the_lock_pins_all_that_is_asked_for(lock: Path, test: bool) -> None:
    pins = _pins(lock)
    for requirement in _wanted(test=test):
        version = pins.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in {lock.name}: make lock"
        assert requirement.specifier.contains(version), f"{lock.name} has {version} for {requirement}: make lock"


def test_both_locks_agree() -> None:
    test = _pins(TEST)
    assert _pins(RUNTIME).items() <= test.items()


@pytest.mark.parametrize("lock", [RUNTIME, TEST], ids=lambda lock: lock.name)
def test_every_pin_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index-url" not in text
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert PIN.match(block), block[:80]
        assert "--hash=sha256:" in block, block[:80]
