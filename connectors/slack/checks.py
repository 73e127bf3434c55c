"""What `meshclaw doctor` says of Slack: tokens and scopes."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.contracts.connectors import Check
from connectors.slack.api import api_client, code_of


async def bot_checks(token: str, api_url: str | None, wanted: Collection[str]) -> Sequence[Check]:
    """Does the bot token work, and was it granted the wanted scopes?"""
    answer, problem = await _asked("bot token", api_client(token, api_url).auth_test)
    if problem:
        return [problem]
    return [Check("bot token", True, f"{answer.get('user')} in {answer.get('team')}"), _scopes(answer.headers, wanted)]


async def app_check(token: str, api_url: str | None) -> Check:
    """May the app-level token open a Socket Mode connection?"""
    client = api_client(token, api_url)
    _, problem = await _asked("app token", lambda: client.apps_connections_open(app_token=token))
    return problem or Check("app token", True, "Socket Mode may connect")


def _scopes(headers: Mapping[str, Any], wanted: Collection[str]) -> Check:
    """What the token may do, which Slack tells in a header, against what is wanted."""
    granted = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if granted is None:
        return Check("scopes", True, "not told by this server", needed=False)
    missing = sorted(set(wanted) - {scope.strip() for scope in granted.split(",")})
    if missing:
        mend = "Paste manifest.yml into the app's settings and reinstall the app."
        return Check("scopes", False, f"missing: {', '.join(missing)}", mend)
    return Check("scopes", True, "all granted")


async def _asked(name: str, call: Callable[[], Awaitable[Any]]) -> tuple[Any, Check | None]:
    """Slack's answer, or the check that failed with its mend."""
    try:
        return await call(), None
    except SlackApiError as error:
        code = code_of(error)
        if not code:
            return None, Check(name, False, "no Slack answers there", "Check SLACK_API_URL: it ends in /api/.")
        return None, Check(name, False, f"Slack refuses it: {code}", "Copy the token again from the app's settings.")
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        mend = "Check the network and SLACK_API_URL."
        return None, Check(name, False, f"Slack does not answer ({type(error).__name__})", mend)
