"""MCP: which servers there are, and what admins think of their tools."""

from bot.agents.mcp.agent import McpAgent
from bot.contracts.agents import Agent, Description


def agent(description: Description) -> Agent:
    return McpAgent(description)
