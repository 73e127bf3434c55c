"""What slack-sdk's own models build is taken: the rules must not be stricter than Slack."""

from typing import Any

import pytest
from slack_sdk.models import blocks as kit
from slack_sdk.models.blocks import block_elements as parts
from slack_sdk.models.blocks.basic_components import (
    DispatchActionConfig,
    FeedbackButtonObject,
    Workflow,
    WorkflowTrigger,
)
from slack_sdk.models.views import View

from bot.workspace.blocks import validate_blocks, validate_message, validate_view

OPTIONS = [kit.Option(text="One", value="1", description="first"), kit.Option(text="Two", value="2")]
CONFIRM = kit.ConfirmObject(title="Sure?", text="*Really*", confirm="Yes", deny="No", style="danger")
GROUPS = [kit.OptionGroup(label="Group", options=OPTIONS)]
FILTER = kit.ConversationFilter(include=["im", "public"], exclude_bot_users=True)
DISPATCH = DispatchActionConfig(trigger_actions_on=["on_character_entered"])
PART = kit.RichTextElementParts
RICH = kit.RichTextBlock(
    elements=[
        kit.RichTextSectionElement(
            elements=[
                PART.Text(text="bold", style=PART.TextStyle(bold=True)),
                PART.Link(url="https://example.com", text="there"),
                PART.User(user_id="U1"),
                PART.UserGroup(usergroup_id="S1"),
                PART.Channel(channel_id="C1"),
                PART.Team(team_id="T1"),
                PART.Emoji(name="wave"),
                PART.Date(timestamp=1720710212, format="{date_num}"),
                PART.Broadcast(range="here"),
                PART.Color(value="#fff000"),
            ]
        ),
        kit.RichTextListElement(
            style="bullet", indent=0, elements=[kit.RichTextSectionElement(elements=[PART.Text(text="item")])]
        ),
        kit.RichTextQuoteElement(elements=[PART.Text(text="quote")]),
        kit.RichTextPreformattedElement(elements=[PART.Text(text="code")], border=1),
    ]
)

ELEMENTS: list[Any] = [
    kit.ButtonElement(text="Go", action_id="go", value="1", style="primary", confirm=CONFIRM, accessibility_label="go"),
    kit.LinkButtonElement(text="Open", url="https://example.com"),
    kit.CheckboxesElement(action_id="c", options=OPTIONS, initial_options=OPTIONS[:1], confirm=CONFIRM),
    kit.RadioButtonsElement(action_id="r", options=OPTIONS, initial_option=OPTIONS[1]),
    kit.DatePickerElement(action_id="d", initial_date="2026-11-21", placeholder="When?"),
    kit.TimePickerElement(action_id="t", initial_time="09:30", timezone="Asia/Taipei"),
    kit.OverflowMenuElement(action_id="o", options=OPTIONS, confirm=CONFIRM),
    kit.StaticSelectElement(action_id="s", options=OPTIONS, initial_option=OPTIONS[0], placeholder="Pick"),
    kit.StaticSelectElement(action_id="g", option_groups=GROUPS, initial_option=OPTIONS[1]),
    kit.StaticMultiSelectElement(action_id="m", options=OPTIONS, initial_options=OPTIONS, max_selected_items=2),
    kit.ExternalDataSelectElement(action_id="e", min_query_length=1, initial_option=OPTIONS[0]),
    kit.ExternalDataMultiSelectElement(action_id="f", initial_options=OPTIONS),
    kit.UserSelectElement(action_id="u", initial_user="U1"),
    kit.UserMultiSelectElement(action_id="v", initial_users=["U1"]),
    kit.ConversationSelectElement(action_id="w", filter=FILTER, default_to_current_conversation=True),
    kit.ConversationMultiSelectElement(action_id="x", initial_conversations=["C1"], filter=FILTER),
    kit.ChannelSelectElement(action_id="y", initial_channel="C1", response_url_enabled=False),
    kit.ChannelMultiSelectElement(action_id="z", initial_channels=["C1"]),
]
INPUTS: list[Any] = [
    kit.PlainTextInputElement(action_id="p", multiline=True, initial_value="x", max_length=10, placeholder="Type"),
    kit.EmailInputElement(action_id="e", initial_value="ada@example.com", dispatch_action_config=DISPATCH),
    kit.UrlInputElement(action_id="u", initial_value="https://example.com", focus_on_load=True),
    kit.NumberInputElement(action_id="n", is_decimal_allowed=True, min_value=1, max_value=2.5, initial_value=2),
    kit.DateTimePickerElement(action_id="d", initial_date_time=1628633820),
    kit.RichTextInputElement(action_id="r", initial_value=RICH.to_dict()),
    *ELEMENTS[2:6],
    *ELEMENTS[7:],
]
IMAGE = kit.ImageElement(image_url="https://example.com/i.png", alt_text="i")
TASK = kit.TaskCardBlock(
    task_id="1",
    title="Fetch",
    status="in_progress",
    details=RICH,
    output=RICH.to_dict(),
    sources=[kit.UrlSourceElement(url="https://example.com", text="Example")],
)
CARD = kit.CardBlock(title="*Title*", subtitle="Sub", body="Body", hero_image=IMAGE, icon=IMAGE, actions=ELEMENTS[:2])

EVERYWHERE: list[Any] = [
    kit.SectionBlock(text="*mrkdwn*", block_id="b", expand=True),
    kit.SectionBlock(text=kit.PlainTextObject(text="plain"), fields=["a", kit.MarkdownTextObject(text="b")]),
    *(kit.SectionBlock(text="x", accessory=element) for element in [*ELEMENTS, IMAGE]),
    kit.ActionsBlock(elements=ELEMENTS),
    *(kit.InputBlock(label="Label", hint="Hint", optional=True, dispatch_action=True, element=e) for e in INPUTS),
    kit.ContextBlock(elements=[kit.MarkdownTextObject(text="a"), kit.PlainTextObject(text="b"), IMAGE]),
    kit.HeaderBlock(text="Header"),
    kit.DividerBlock(),
    kit.ImageBlock(image_url="https://example.com/i.png", alt_text="i", title="Title"),
    kit.ImageBlock(slack_file={"id": "F1"}, alt_text="i"),
    RICH,
    kit.VideoBlock(
        alt_text="v",
        title="Video",
        title_url="https://example.com",
        thumbnail_url="https://example.com/t.png",
        video_url="https://example.com/v",
        description="About",
        provider_name="P",
    ),
    CARD,
]
MESSAGES: list[Any] = [
    kit.MarkdownBlock(text="**bold**"),
    TASK,
    kit.PlanBlock(title="Plan", tasks=[TASK, {"task_id": "2", "title": "Next", "status": "pending"}]),
    kit.TableBlock(
        rows=[[kit.RawTextObject(text="a"), RICH.to_dict()], [kit.RawNumberObject(value=1, text="1"), RICH]],
        column_settings=[kit.TableBlockColumnSettings(align="right", is_wrapped=True), None],
    ),
    kit.ContextActionsBlock(
        elements=[
            kit.FeedbackButtonsElement(
                action_id="f",
                positive_button=FeedbackButtonObject(text="Good", value="1", accessibility_label="Good answer"),
                negative_button=FeedbackButtonObject(text="Bad", value="0"),
            ),
            kit.IconButtonElement(icon="trash", text="Delete", action_id="i", value="1"),
        ]
    ),
    kit.CarouselBlock(elements=[CARD]),
    kit.ContainerBlock(title="Box", subtitle="Sub", width="wide", is_collapsible=True, child_blocks=EVERYWHERE[:3]),
    kit.FileBlock(external_id="f"),
    kit.ActionsBlock(
        elements=[
            parts.WorkflowButtonElement(
                text="Run",
                action_id="w",
                workflow=Workflow(trigger=WorkflowTrigger(url="https://slack.com/shortcuts/F1")),
            )
        ]
    ),
]
MODALS: list[Any] = [
    kit.AlertBlock(text="Careful", level="warning"),
    kit.InputBlock(label="File", element=parts.FileInputElement(action_id="f", filetypes=["pdf"], max_files=1)),
]


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
@pytest.mark.parametrize("block", EVERYWHERE)
def test_blocks_for_every_surface(block: Any, surface: Any) -> None:
    assert validate_blocks([block.to_dict()], surface=surface) == []


@pytest.mark.parametrize("block", MESSAGES)
def test_blocks_for_messages(block: Any) -> None:
    assert validate_message({"blocks": [block.to_dict()]}) == []


@pytest.mark.parametrize("block", MODALS)
def test_blocks_for_modals(block: Any) -> None:
    view = View(type="modal", title="Title", submit="Save", close="Cancel", callback_id="c", blocks=[block])
    assert validate_view(view.to_dict()) == []


def test_views() -> None:
    view = View(
        type="modal",
        title="Title",
        submit="Save",
        close="Cancel",
        private_metadata="{}",
        notify_on_close=True,
        clear_on_close=False,
        blocks=[kit.InputBlock(label="Label", block_id="b", element=INPUTS[0]), *EVERYWHERE[1:4]],
    )
    assert validate_view(view.to_dict()) == []
    assert validate_view(View(type="home", blocks=EVERYWHERE[:1]).to_dict()) == []
