"""Before an agent is shared somebody reads all of it: the request, its pages, and what came of it."""

from bot.contracts.slack import Message, View
from bot.views.agents import AgentValue, facts, file_block, file_pieces, file_sheets
from bot.views.blocks import (
    WHOLE,
    Block,
    actions,
    button,
    compact,
    confirm,
    cost,
    header,
    line,
    modal,
    person,
    rich,
    run,
)
from bot.views.paging import button_value, read_value, turning, within
from bot.views.text import inert

_TITLE = "An agent to be shared"
_MEANS = (
    "If you accept, everybody here can run it just as it stands below: with their own accounts, their own budget, and "
    "their own button for whatever it would change."
)
_SPARE = 300


def review_request(value: AgentValue, text: str, digest: str, tz: str) -> Message:
    """To an admin: what an agent may do, and its whole file; where a message cannot hold that, a button opens it, and
    the decision is made below its last line. `digest`: of this file, which alone is accepted."""
    lead = [person(value.owner), run(" asks that everybody may run "), run(value.name, limit=60, bold=True), run(". ")]
    blocks = [header(_TITLE), rich(line(*lead, run(_MEANS))), *facts(value, tz)]
    whole = [*map(file_block, file_pieces(text)), _decision(value.agent_id, digest)]
    read = button("Read it all…", "agents.view.review", _page_value(value.agent_id, digest, 0), style="primary")
    fits = cost(blocks) + cost(whole) < WHOLE - _SPARE
    said = f"{_TITLE}: {inert(value.name, 60)}. {inert(value.description, 200)}"
    return Message(said, [*blocks, *(whole if fits else [actions([read], "review")])])


def review_shown(value: AgentValue, text: str, digest: str, tz: str, page: int = 0) -> View:
    """Its file page by page (from 0); accepting and declining stand below the last line."""
    sheets = file_sheets(text)
    page = within(page, len(sheets))
    blocks = [*([rich(line(run(_MEANS))), *facts(value, tz)] if page == 0 else []), *sheets[page]]
    if page == len(sheets) - 1:
        blocks.append(_decision(value.agent_id, digest))
    values = (_page_value(value.agent_id, digest, page - 1), _page_value(value.agent_id, digest, page + 1))
    blocks += turning(page, len(sheets), "agents.view.review", values)
    return modal(_TITLE, "agents.review", blocks, compact({"id": value.agent_id, "digest": digest, "page": page}))


def review_decided(name: str, owner: str, by: str, *, accepted: bool) -> Message:
    """What the request becomes, and what its owner is told."""
    what = "is shared with everybody here" if accepted else "is not shared"
    lead = [
        run(name, limit=60, bold=True),
        run(" of "),
        person(owner),
        run(f" {what}. Decided by "),
        person(by),
        run("."),
    ]
    return Message(f"{inert(name, 60)} {what}.", [rich(line(*lead))])


def review_over(name: str) -> Message:
    """The request was pressed too late: the file was changed, taken back, or decided since."""
    text = "was changed, taken back or decided meanwhile. If it still waits, a newer request asks for it."
    return Message(f"{inert(name, 60)} {text}", [rich(line(run(name, limit=60, bold=True), run(f" {text}")))])


def read_review(value: str) -> tuple[str, str, int]:
    """Id, digest and page of a button's value; empty texts for a value that is not ours."""
    target = read_value(value)
    agent_id, _, digest = target.id.partition(".")
    return agent_id, digest, target.page


def _page_value(agent_id: str, digest: str, page: int) -> str:
    return button_value(f"{agent_id}.{digest}", page)


def _decision(agent_id: str, digest: str) -> Block:
    value = f"{agent_id}.{digest}"
    meant = confirm("Share it?", "You have read all of it, and everybody here may run it.", "Share")
    accept = button("Share with everybody", "agents.review.accept", value, style="primary", confirm=meant)
    return actions([accept, button("Decline", "agents.review.decline", value, style="danger")], "review")
