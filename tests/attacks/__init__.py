"""Recorded attacks and ordinary tasks, replayed against the gate."""
