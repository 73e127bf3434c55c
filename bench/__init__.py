"""Speed and memory, each figure beside a floor measured in the same run; never part of the tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # their house and their Dovecot serve here too
