"""What an installation sets: `MESHCLAW_*` and `SLACK_*` in the environment or in `.env`."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.contracts.errors import OperatorMends, PersonMends
from bot.contracts.usage import Ceiling, read_ceiling

_PREFIX = "MESHCLAW_"
_LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda level: str(level).upper())]


class Settings(BaseSettings):
    """All settings, with their defaults."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix=_PREFIX, extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    data: Path = Field(default=Path.home() / ".meshclaw", description="Folder for the database and the key.")
    database_url: SecretStr | None = Field(default=None, description="sqlite:///FILE or postgresql://…; default: DATA.")
    key: SecretStr | None = Field(default=None, description="32 bytes, URL-safe base64; default: a file in DATA.")
    policy: Path | None = Field(default=None, description="What may be done; default: policy.toml in DATA, if there.")
    agents: Path | None = Field(default=None, description="Agents for all, as files; default: agents in DATA.")
    log_level: _LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_BOT_TOKEN"))
    slack_app_token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_APP_TOKEN"))
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET"))
    slack_api_url: str | None = Field(default=None, validation_alias=AliasChoices("SLACK_API_URL"))
    host: str = Field(default="0.0.0.0", description="Address `run --http` listens on.")  # noqa: S104 - Slack calls in
    budget: str = Field(default="none", description="The most for models a month, all together: $200, 5m tokens.")
    pace: float = Field(default=1.0, ge=0, description="Seconds between two messages in one channel, as Slack asks.")
    port: int = Field(default=3000, validation_alias=AliasChoices("PORT"), ge=0, le=65535)

    @property
    def ceiling(self) -> Ceiling:
        return read_ceiling(self.budget)

    @property
    def agents_folder(self) -> Path:
        return (self.agents or self.data / "agents").expanduser()

    @field_validator("budget")
    @classmethod
    def _readable(cls, budget: str) -> str:
        try:
            read_ceiling(budget)
        except PersonMends as error:
            raise ValueError(f"{error.message} It is $200, 5m tokens or none.") from None
        return budget

    @model_validator(mode="after")
    def _find_policy(self) -> Self:
        usual = self.data / "policy.toml"
        if self.policy is not None:
            self.policy = self.policy.expanduser()
        elif os.path.lexists(usual):  # a link that leads nowhere is no missing policy: reading it fails, and says so
            self.policy = usual
        return self


def load(**given: object) -> Settings:
    """The settings; `given` go before the environment. Raises OperatorMends naming what is wrong, never its value."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        names = ", ".join(sorted({_variable(str(problem["loc"][0])) for problem in error.errors()}))
        reasons = "; ".join(sorted({str(problem["msg"]) for problem in error.errors()}))
        raise OperatorMends(f"Wrong setting: {names}.", reasons) from None


def _variable(field: str) -> str:
    """The environment variable of a field, as pydantic names the field in errors."""
    return field if field.isupper() else f"{_PREFIX}{field.upper()}"


def ready(folder: Path) -> Path:
    """The folder, made where there was none. Raises OperatorMends."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorMends(
            f"The folder {folder} cannot be made: {error.strerror}.", "Choose another with --data or MESHCLAW_DATA."
        ) from None
    return folder


def revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
