"""Skills made agents: the words are taken, tools, files and scripts are not."""

import pytest

from bot.agents.files import read_agent, render
from bot.agents.mistakes import AgentMistakes
from bot.agents.skills import from_skill

SKILL = """---
name: PDF Processing
description: Extract text and tables from PDF files. {more}
license: Apache-2.0
allowed-tools: Bash(python:*) Read
metadata:
  version: "1.0"
---
# PDF

Run `scripts/extract.py` and see [the reference](references/REFERENCE.md) and [the site](https://pdf.example/help).
Then python3 fill.py, or ./scripts/extract.py again.
"""


def test_a_skill_becomes_a_draft_without_any_tool() -> None:
    draft, notes = from_skill(SKILL.format(more="Use when the person mentions PDFs. " + "x" * 200))
    assert (draft.name, draft.tools, draft.schedule) == ("pdf-processing", (), None)
    assert draft.description == "Extract text and tables from PDF files. Use when the person mentions PDFs."
    assert draft.instructions.startswith("# PDF")
    assert notes == (
        "Its name became pdf-processing.",
        "Its description was shortened to 200 characters.",
        "Its allowed-tools are ignored: name in tools what it may use; so far that is nothing.",
        "Passed over: license, metadata.",
        "It speaks of files, which are not taken along and never run: scripts/extract.py, references/REFERENCE.md, "
        "fill.py, ./scripts/extract.py.",
    )
    assert read_agent(render(draft), tools=()) == draft


def test_a_plain_skill_needs_few_notes() -> None:
    draft, notes = from_skill("---\nname: haiku\ndescription: Writes haiku\n---\nFive, seven, five.\n")
    assert (draft.name, draft.description, draft.instructions) == ("haiku", "Writes haiku", "Five, seven, five.")
    assert notes == ("It may use no tool so far: name in tools what it shall use.",)


def test_a_name_without_a_letter_of_ours() -> None:
    assert from_skill("---\nname: 俳句\ndescription: x\n---\nDo it.")[0].name == "skill"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Just words.", "the file has no front matter"),
        ("---\nname: x\n---\nDo it.", "it is missing"),
        ("---\nname: x\ndescription: y\n---\nDo it.\u200b", "one cannot see"),
        ("---\nname: x\ndescription: y\n---\n", "there are none"),
        ("---\nname: x\ndescription: y\n---\n" + "z" * 20_001, "20,000 is the most"),
        ("---\nname: x\nname: y\ndescription: y\n---\nDo it.", "a second time"),
        (b"\xff", "this is not UTF-8"),
    ],
)
def test_what_is_no_skill_is_told(text: str | bytes, said: str) -> None:
    with pytest.raises(AgentMistakes, match=said):
        from_skill(text)
