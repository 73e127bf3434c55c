"""MCP: tools of servers that strangers wrote, hostile until an admin has looked at each."""

from connectors.mcp.connector import McpConnector, ServerSeen, connector

__all__ = ["McpConnector", "ServerSeen", "connector"]
