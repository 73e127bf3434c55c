"""What a call needs before it may run. Pure.

The strict rule: reading runs at once, every effect is asked. Whatever is unknown or undeclared counts as the worst.
"""

from typing import Literal

from bot.contracts.tools import WORST, Effect, Tool

Verdict = Literal["allow", "ask", "deny"]


def effect_of(tool: Tool | None) -> Effect:
    """The tool's declared effect; the worst for a tool that is unknown or declares none."""
    return WORST if tool is None or tool.effect is None else tool.effect


def judge(tool: Tool | None) -> Verdict:
    """`deny` for a tool nobody offers, `allow` for reading, else `ask`."""
    if tool is None:
        return "deny"
    return "allow" if effect_of(tool) is Effect.READ else "ask"


_WHY: dict[Effect, str] = {
    Effect.READ: "it reads only",
    Effect.FETCH: "it fetches something from outside",
    Effect.OWN: "it changes your own things",
    Effect.SEND: "it sends something to other people",
    Effect.ACCESS: "it changes who may see or do something",
    Effect.DELETE: "it deletes something",
    Effect.SPEND: "it spends money",
    Effect.DEPLOY: "it changes what runs in production, or its effect is not known",
}


def why(effects: set[Effect]) -> str:
    """Why a card asks, in words for the person: the worst of the plan's effects."""
    order = list(Effect)
    worst = max(effects, key=order.index, default=WORST)
    return f"MeshClaw asks because {_WHY[worst]}."
