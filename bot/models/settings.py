"""What an installation may set for models."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.contracts.errors import OperatorMends, PersonMends
from bot.models.names import Chain, chain_of

_PREFIX = "MESHCLAW_"


def _chain(value: object) -> object:
    try:
        return chain_of(value) if isinstance(value, str) else value
    except PersonMends as error:
        raise ValueError(f"{error.message} {error.mend}") from None


def _base_url(value: object) -> object:
    """An address without the last slash. What is wrong with it is said without it: it may hold a password."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value.strip())
        well = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        well = False
    if not well:
        raise ValueError("An address begins with http:// or https:// and a server's name.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("An address has no user, password, query or fragment; the key has a setting of its own.")
    return value.strip().rstrip("/")


_Chain = Annotated[Chain, NoDecode, BeforeValidator(_chain)]
_BaseUrl = Annotated[str, BeforeValidator(_base_url)]


class ModelSettings(BaseSettings):
    """Read from the environment, or the file `.env`, each time it is made."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix=_PREFIX, extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    model: _Chain = Field(default=(), description="The models MeshClaw uses: the second where the first fails, …")
    models: _Chain = Field(default=(), description="What people may choose besides.")
    model_url: _BaseUrl = Field(default="http://127.0.0.1:11434/v1", description="The server of local:… models.")
    model_key: SecretStr | None = Field(default=None, description="The key that server wants, if it wants one.")
    model_seconds: float = Field(default=180, gt=0, le=3600, description="Longest time for one request.")
    model_first_seconds: float = Field(default=60, gt=0, le=3600, description="Longest wait for its first word.")
    model_tokens: int = Field(default=8192, ge=1, le=1_000_000, description="Most tokens one answer may have.")

    openai_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    openai_url: _BaseUrl = Field(default="https://api.openai.com/v1", validation_alias=AliasChoices("OPENAI_BASE_URL"))
    anthropic_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("ANTHROPIC_API_KEY"))
    anthropic_url: _BaseUrl = Field(
        default="https://api.anthropic.com", validation_alias=AliasChoices("ANTHROPIC_BASE_URL")
    )
    google_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("GOOGLE_API_KEY"))
    bedrock_region: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_REGION"), pattern="^[a-z0-9-]+$"
    )

    def key_of(self, provider: str) -> str | None:
        """The provider's key, in the clear. Bedrock has none of ours: AWS finds its own credentials."""
        keys = {
            "openai": self.openai_key,
            "anthropic": self.anthropic_key,
            "google": self.google_key,
            "local": self.model_key,
        }
        secret = keys.get(provider)
        return secret.get_secret_value() if secret else None


KEY_VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google": "GOOGLE_API_KEY",
    "local": "MESHCLAW_MODEL_KEY",
    "bedrock": "the AWS credentials",
}
URL_VARIABLES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "local": "MESHCLAW_MODEL_URL"}


def load(**given: object) -> ModelSettings:
    """The settings; `given` go before the environment. Raises OperatorMends naming what is wrong, never its value."""
    try:
        return ModelSettings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        names = ", ".join(sorted({_variable(str(problem["loc"][0])) for problem in error.errors()}))
        reasons = sorted({str(problem["msg"]).removeprefix("Value error, ") for problem in error.errors()})
        raise OperatorMends(f"Wrong setting: {names}.", " ".join(reasons)) from None


def _variable(field: str) -> str:
    """The environment variable of a field, as pydantic names the field in errors."""
    known = ModelSettings.model_fields.get(field)
    alias = known.validation_alias if known else None
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return field if field.isupper() else f"{_PREFIX}{field.upper()}"
