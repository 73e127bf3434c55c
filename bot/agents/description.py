"""An agent's Markdown file: YAML front matter between two `---` lines, then its instructions."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.contracts.agents import Description
from bot.contracts.errors import OperatorMends


class _Use(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: str
    does: str


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    description: str = Field(max_length=200)
    pointer: str = Field(max_length=300)
    tools: list[str] = []
    usage: list[_Use] = []


def read_description(file: Path) -> Description:
    """The file's description. Raises OperatorMends naming the file and the field that does not hold."""
    parts = file.read_text(encoding="utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise OperatorMends(f"{file.name} has no front matter.", "Begin it with a line ---, fields, and a line ---.")
    try:
        loaded: Any = yaml.safe_load(parts[1])
        front = _Front.model_validate(loaded)
    except yaml.YAMLError as error:
        raise OperatorMends(f"The front matter of {file.parent.name}/{file.name} is not YAML.", str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OperatorMends(f"{file.parent.name}/{file.name}: field {where}: {first['msg']}.") from None
    return Description(
        name=front.name,
        description=front.description,
        pointer=front.pointer,
        usage=tuple((use.type, use.does) for use in front.usage),
        tools=tuple(front.tools),
        instructions=parts[2].strip(),
    )
