"""The documents say what is there: links lead somewhere, commands exist, every setting is named."""

import ast
import re
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

import bot.models
import connectors
from bot.cli import _parser

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_begins_with_trying_and_testing() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Try it", "Test it"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = _commands()
    for command, options in re.findall(r"(?<!/)\bmeshclaw ([a-z]+)((?: --[a-z-]+)*)", "\n".join(_code(text))):
        assert command in commands, f"meshclaw {command}"
        for option in options.split():
            assert option in commands[command], f"meshclaw {command} {option}"


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [command for command in _commands() if f"`meshclaw {command}" not in readme] == []


def test_every_target_of_make_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for target in re.findall(r"\bmake ([a-z]+)", "\n".join(_code(page.read_text(encoding="utf-8")))):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"


def test_the_example_names_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    known = _settings()
    assert named == known
    assert _settings_spoken_of() <= known


def _settings() -> set[str]:
    """What the installation and every connector may be set to, as in the environment."""
    connectors.discover()
    assert bot.models  # its settings are known once it is loaded
    found = set()
    for group in BaseSettings.__subclasses__():
        for name, field in group.model_fields.items():
            alias = field.validation_alias
            known = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name.upper()
            found.add(known if alias else f"{group.model_config['env_prefix']}{known}")
    return found


def _settings_spoken_of() -> set[str]:
    """Names of settings in the texts of the code: what a message tells an operator to set must be there to set."""
    found = set()
    for path in (path for room in ("bot", "handlers", "connectors") for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"\b(?:MESHCLAW|SLACK)_[A-Z_]*[A-Z]\b", node.value))
    return found


def _code(text: str) -> list[str]:
    blocks = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    return [*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


def _commands() -> dict[str, str]:
    """Every command of the command line with its help."""
    actions = _parser()._subparsers
    assert actions
    (choices,) = (action.choices for action in actions._group_actions)
    assert isinstance(choices, dict)
    return {name: parser.format_help() for name, parser in choices.items()}
