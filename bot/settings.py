"""What an installation sets: `MESHCLAW_*` and `SLACK_*` in the environment or in `.env`."""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.contracts.errors import OperatorMends


class Settings(BaseSettings):
    """All settings, with their defaults."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="MESHCLAW_", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    data: Path = Field(default=Path.home() / ".meshclaw", description="Folder for the database and the key.")
    database_url: SecretStr | None = Field(default=None, description="sqlite:///FILE or postgresql://…; default: DATA.")
    key: SecretStr | None = Field(default=None, description="32 bytes, URL-safe base64; default: a file in DATA.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_BOT_TOKEN"))
    slack_app_token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_APP_TOKEN"))
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET"))
    slack_api_url: str | None = Field(default=None, validation_alias=AliasChoices("SLACK_API_URL"))
    host: str = Field(default="0.0.0.0", description="Address `run --http` listens on.")  # noqa: S104 - Slack calls in
    port: int = Field(default=3000, validation_alias=AliasChoices("PORT"), ge=0, le=65535)


def load(**given: object) -> Settings:
    """The settings; `given` go before the environment. Raises OperatorMends naming what is wrong, never its value."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        names = ", ".join(sorted({str(problem["loc"][0]).upper() for problem in error.errors()}))
        reasons = "; ".join(sorted({str(problem["msg"]) for problem in error.errors()}))
        raise OperatorMends(f"Wrong setting: {names}.", reasons) from None


def revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
