"""A laboratory for the gate: a connector with a tool of every effect, and an agent that does whatever a test wrote."""

from lab.agent import Back, Script, ScriptedAgent
from lab.connector import Lab, LabConnector
from lab.world import Entry, World

__all__ = ["Back", "Entry", "Lab", "LabConnector", "Script", "ScriptedAgent", "World"]
