"""Names of models: what a person types, and what was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.models.names import PROVIDERS, ModelName, chain_of, chosen_among, is_word, name_of, nearest

OFFERED = chain_of("openai:gpt-5, anthropic:claude-sonnet-5-5, local:llama3.2")


@pytest.mark.parametrize(
    ("typed", "provider", "word"),
    [
        ("openai:gpt-5", "openai", "gpt-5"),
        ("  OpenAI : gpt-5 ", "openai", "gpt-5"),
        ("local:llama3.2:3b-instruct-q4_K_M", "local", "llama3.2:3b-instruct-q4_K_M"),
        ("local:Qwen/Qwen3-8B", "local", "Qwen/Qwen3-8B"),
        (
            "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
    ],
)
def test_a_name_is_a_provider_and_the_providers_word(typed: str, provider: str, word: str) -> None:
    assert name_of(typed) == ModelName(provider, word)


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ("opnai:gpt-5", "openai:…"),
        ("antropic:claude", "anthropic:…"),
        ("ollama:llama3.2", "local:…"),
        ("lm-studio:qwen", "local:…"),
        ("gemini:2.5-pro", "google:…"),
        ("gpt-5", "openai:gpt-5"),
        ("claude-sonnet-5-5", "anthropic:claude-sonnet-5-5"),
        ("llama3.2", "local:llama3.2"),
        ("zzz:x", "openai, anthropic, bedrock, google or local"),
        ("openai:", "openai:gpt-5"),
        ("local:two words", "local:llama3.2"),
        ("openai:<@U1>", "openai:gpt-5"),
    ],
)
def test_a_wrong_name_gives_the_nearest_right_one(typed: str, mend: str) -> None:
    with pytest.raises(PersonMends) as wrong:
        name_of(typed)
    assert mend in wrong.value.mend


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_the_persons_to_mend(typed: str) -> None:
    try:
        name = name_of(typed)
    except PersonMends:
        return
    assert name.provider in PROVIDERS
    assert is_word(name.word)
    assert name_of(str(name)) == name


def test_a_chain_keeps_its_order_and_each_name_once() -> None:
    chain = chain_of("local:b, openai:a,, local:b ,")
    assert list(map(str, chain)) == ["local:b", "openai:a"]
    assert chain_of(" ") == ()
    with pytest.raises(PersonMends, match="too many"):
        chain_of(",".join(f"local:m{number}" for number in range(9)))


def test_what_is_chosen_is_offered_and_nothing_is_added() -> None:
    assert chosen_among("local:llama3.2", OFFERED) == chain_of("local:llama3.2")
    assert chosen_among("local:llama3.2, openai:gpt-5", OFFERED) == chain_of("local:llama3.2, openai:gpt-5")


@pytest.mark.parametrize(
    ("typed", "mend"),
    [("openai:gpt5", "Did you mean openai:gpt-5?"), ("", "Choose among openai:gpt-5, "), ("google:x", "Choose among")],
)
def test_what_is_not_offered_is_the_persons_to_mend(typed: str, mend: str) -> None:
    with pytest.raises(PersonMends) as wrong:
        chosen_among(typed, OFFERED)
    assert mend in wrong.value.mend


def test_without_a_model_nothing_can_be_chosen() -> None:
    with pytest.raises(PersonMends, match="No model is set up"):
        chosen_among("openai:gpt-5", ())


def test_the_nearest_word_is_like_it_or_there_is_none() -> None:
    assert nearest("GPT5", ["gpt-5", "o3"]) == "gpt-5"
    assert nearest("mistral", ["gpt-5", "o3"]) is None
