"""Agents that are talked to: a model that reads with tools, and lays what it wants to do before the person.

What needs the agent library is in `answering`, `thinking` and `toolset`, loaded at the first message to a model.
"""
