"""Triage: what is in the mailbox, what needs the person, and what could be tidied away."""

from bot.agents.triage.agent import TriageAgent
from bot.contracts.agents import Agent, Description


def agent(description: Description) -> Agent:
    return TriageAgent(description)
