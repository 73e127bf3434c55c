"""What an installation may set for mail."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class MailSettings(BaseSettings):
    """Read from the environment, or the file `.env`, each time it is made."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="MESHCLAW_MAIL_", extra="ignore", env_ignore_empty=True
    )

    ca: Path | None = Field(default=None, description="Certificates (PEM) to trust besides the system's.")
    maildir: bool = Field(default=False, description="Let people connect a Maildir folder of this machine.")
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Patterns of the only mail servers people may connect; any when empty."
    )

    @field_validator("hosts", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(value.replace(",", " ").lower().split()) if isinstance(value, str) else value
