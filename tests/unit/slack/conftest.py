"""A Slack to send to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_parts import LocalSlack, local_slack


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[LocalSlack]:
    async with local_slack(tmp_path) as running:
        yield running
