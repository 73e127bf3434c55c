"""MeshClaw: a team of AI agents for every person in Slack, each risky action decided by a button."""
