"""Block Kit: value in, blocks out. Pure; every text from outside goes through `text.py`."""
