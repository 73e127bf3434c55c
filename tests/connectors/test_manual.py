"""The manual: found in the pages that ship, in whatever words."""

from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.tools import Effect, ToolContext
from connectors import manual
from connectors.manual import ManualConnector, SearchTool, best, pages, sections

CONTEXT = ToolContext(Person("T1", "U1"), "a1")
ROOT = Path(__file__).parents[2]


async def found(query: str) -> str:
    reading = await SearchTool().read(CONTEXT, {"query": query})
    assert (reading.origin, reading.seen_by) == ("MeshClaw's documentation", None)
    return reading.text


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("how do I connect a mailbox?", "Connect a mailbox"),
        ("which settings are there", "Settings"),
        ("PostgreSQL with several replicas", "PostgreSQL, several replicas"),
        ("Who may decide?", "Who decides"),
        ("upgrading", "Upgrade"),
    ],
)
async def test_a_question_finds_its_section(question: str, where: str) -> None:
    assert where in (await found(question)).splitlines()[0]


async def test_what_is_not_there_is_said() -> None:
    assert await found("zyzzyva") == "The documentation says nothing about “zyzzyva”."
    assert "says nothing" in await found("??")


async def test_every_page_is_searched_and_none_goes_stale(tmp_path: Path) -> None:
    assert set(pages()) == {"README.md", *(page.name for page in (ROOT / "docs").glob("*.md"))}
    (tmp_path / "docs").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "docs" / "new.md").write_text("# New\n\nZyzzyva!\n")
    assert [each.text for each in best(sections(pages(tmp_path)), "zyzzyva")] == ["Zyzzyva!"]


class Installed(metadata.Distribution):
    """A package as pip leaves it: the pages outside of it, under `share`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read_text(self, filename: str) -> str | None:
        return "../share/meshclaw/a.md,,\n../share/other/b.md,,\nbot/c.md,,\n" if filename == "RECORD" else None

    def locate_file(self, path: object) -> Path:
        return self._root / str(path)

    @property
    def metadata(self) -> Message:  # type: ignore[override]
        return Message()


async def test_installed_pages_are_found_wherever_they_were_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    for name in ("share/meshclaw/a.md", "share/other/b.md", "site/bot/c.md", "site/docs/d.md", "site/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n\ntext\n")
    monkeypatch.setattr(manual, "distribution", lambda name: Installed(site))
    assert list(pages(site)) == ["a.md"]  # not the docs of some other package
    monkeypatch.setattr(manual, "distribution", missing)
    assert pages(site) == {}
    (site / "share/meshclaw").mkdir(parents=True)
    (site / "share/meshclaw/e.md").write_text("# E\n\ntext\n")
    assert list(pages(site)) == ["e.md"]


def missing(name: str) -> None:
    raise metadata.PackageNotFoundError(name)


async def test_the_doctor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = await ManualConnector().checks()
    assert check.well
    monkeypatch.setattr(manual, "pages", dict)
    (check,) = await ManualConnector().checks()
    assert not check.well
    assert check.mend
    assert not check.needed


def test_pages_are_cut_at_their_headings() -> None:
    text = "# A\n\nfirst ![x](y.png)\n\n## B\n\n### C\n\nsecond\n```\n# no heading\n```\n## D\n\nthird\n"
    assert [(each.path, each.text) for each in sections({"a.md": text})] == [
        (("a.md", "A"), "first"),
        (("a.md", "A", "B", "C"), "second\n```\n# no heading\n```"),
        (("a.md", "A", "D"), "third"),
    ]


@given(st.text(max_size=80) | st.text(st.sampled_from("\"'*^():-+ NEAROT ab1{}\\"), max_size=40))
@settings(max_examples=60)
async def test_any_words_are_searched_for_or_refused(query: str) -> None:
    tool = SearchTool()
    try:
        args = await tool.completed(CONTEXT.person, {"query": query})
    except PersonMends:
        return
    assert (await tool.read(CONTEXT, args)).text
    (item,) = tool.describe(args).items
    assert "\n" not in item


async def test_there_is_nothing_to_connect() -> None:
    connector = ManualConnector()
    assert connector.form() == ()
    assert [tool.effect for tool in connector.tools()] == [Effect.READ]
    with pytest.raises(PersonMends):
        await connector.prove({})
