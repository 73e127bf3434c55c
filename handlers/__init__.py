"""What comes in from Slack: the routing table. Every listener acknowledges as its last act, with nothing lazy that
matters: the request is one durable row by then, or was answered at once."""

from slack_bolt.async_app import AsyncApp

from bot.engine.engine import Engine
from handlers import actions, commands, errors, home, messages, shapes, shortcuts, views


def register(app: AsyncApp, engine: Engine) -> None:
    """Every way in, by Slack's own nouns."""
    app.use(shapes.only_sound)  # before all: what Slack does not send
    commands.register(app, engine)  # /meshclaw …
    messages.register(app, engine)  # direct messages, mentions, answers in threads
    actions.register(app, engine)  # buttons and menus
    views.register(app, engine)  # modal submissions
    home.register(app, engine)  # the App Home
    shortcuts.register(app, engine)  # message shortcuts
    errors.register(app)  # the one error boundary
