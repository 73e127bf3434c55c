"""The gate: nothing with an effect happens outside it."""
