"""Settings of models: where they are read from, and that what is wrong is named and never shown."""

import pytest

from bot.contracts.errors import OperatorMends
from bot.models import load
from bot.models.names import chain_of


def test_without_settings_there_is_no_model() -> None:
    settings = load()
    assert settings.model == settings.models == ()
    assert settings.model_url.startswith("http://127.0.0.1:")


def test_they_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "MESHCLAW_MODEL": "openai:gpt-5, local:llama3.2",
        "MESHCLAW_MODELS": "anthropic:claude-sonnet-5-5",
        "MESHCLAW_MODEL_URL": "http://gpu.example:8000/v1/",
        "MESHCLAW_MODEL_KEY": "k-local",
        "MESHCLAW_MODEL_SECONDS": "20",
        "MESHCLAW_MODEL_TOKENS": "512",
        "OPENAI_API_KEY": "k-openai",
        "OPENAI_BASE_URL": "https://proxy.example/v1",
        "ANTHROPIC_API_KEY": "k-anthropic",
        "GOOGLE_API_KEY": "k-google",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.model == chain_of("openai:gpt-5, local:llama3.2")
    assert settings.models == chain_of("anthropic:claude-sonnet-5-5")
    assert settings.model_url == "http://gpu.example:8000/v1"
    assert settings.openai_url == "https://proxy.example/v1"
    assert (settings.model_seconds, settings.model_tokens) == (20, 512)
    keys = [settings.key_of(provider) for provider in ("local", "openai", "anthropic", "google", "bedrock")]
    assert keys == ["k-local", "k-openai", "k-anthropic", "k-google", None]
    assert "k-" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MESHCLAW_MODEL", "sk-SECRET"),
        ("MESHCLAW_MODEL", "SECRET:gpt-5"),
        ("MESHCLAW_MODELS", "openai:SECRET SECRET"),
        ("MESHCLAW_MODEL_URL", "SECRET"),
        ("MESHCLAW_MODEL_URL", "http://SECRET:SECRET@host/v1"),
        ("MESHCLAW_MODEL_URL", "http://[SECRET/v1"),
        ("MESHCLAW_MODEL_URL", "http://host/v1?key=SECRET"),
        ("OPENAI_BASE_URL", "file:///SECRET"),
        ("ANTHROPIC_BASE_URL", "https://"),
        ("MESHCLAW_MODEL_SECONDS", "SECRET"),
        ("MESHCLAW_MODEL_SECONDS", "0"),
        ("MESHCLAW_MODEL_TOKENS", "-1"),
        ("AWS_REGION", "SECRET"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorMends) as wrong:
        load()
    assert wrong.value.message == f"Wrong setting: {variable}."
    assert wrong.value.mend
    assert "SECRET" not in wrong.value.message + wrong.value.mend
    assert wrong.value.__cause__ is None


def test_a_misspelt_provider_gives_the_right_one() -> None:
    with pytest.raises(OperatorMends) as wrong:
        load(model="antropic:claude-sonnet-5-5")
    assert "Did you mean anthropic:…?" in wrong.value.mend
