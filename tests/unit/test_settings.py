"""Settings: whatever is wrong with one is told by its name, never by its value."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import OperatorMends
from bot.settings import Settings, load, ready, revealed

SECRETS = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "key", "database_url")


def told(error: OperatorMends) -> str:
    return f"{error.message} {error.mend} {error!r} {error.__cause__}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "hunter2"),
        ("PORT", "-99999871"),
        ("PORT", "99999871"),
        ("MESHCLAW_LOG_LEVEL", "hunter2"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorMends) as raised:
        load()
    assert variable in raised.value.message
    assert value not in told(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__


@given(st.text(min_size=8, max_size=30).filter(lambda text: text.strip() == text))
def test_no_given_value_is_ever_in_the_error(value: str) -> None:
    with pytest.raises(OperatorMends) as raised:
        load(port=f"x{value}", log_level=f"x{value}", data=object())
    assert f"x{value}" not in told(raised.value)


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_not_shown_by_the_settings(name: str) -> None:
    settings = load(**{name: "hunter2"})
    assert revealed(getattr(settings, name)) == "hunter2"
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter2" not in shown


def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MESHCLAW_KEY", "SLACK_BOT_TOKEN", "PORT"):
        monkeypatch.setenv(name, "")
    settings = load()
    assert (settings.key, settings.slack_bot_token, settings.port) == (None, None, 3000)
    assert revealed(None) is None


def test_every_secret_is_held_as_one() -> None:
    held = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert held == set(SECRETS)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    assert ready(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OperatorMends, match="cannot be made"):
        ready(tmp_path / "file" / "below")
