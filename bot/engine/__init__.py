"""Durable turns: a request is one row before Slack is acknowledged, and runs once, whatever dies in between."""
