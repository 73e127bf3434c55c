"""Post: a message of the person's in a channel."""

from bot.agents.post.agent import PostAgent
from bot.contracts.agents import Agent, Description


def agent(description: Description) -> Agent:
    return PostAgent(description)
