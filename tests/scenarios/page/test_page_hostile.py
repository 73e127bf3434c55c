"""Text that wants to be more than text: nothing of it runs, loads, notifies, disguises or rearranges anything."""

from __future__ import annotations

from typing import Any

import pytest
from page_gallery import line, raw, rich, words
from page_parts import GENERAL, Bolt, Json, Visit, modal, mrkdwn, plain, text_input
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
ESCAPED = SCRIPT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
BIDI = "invoice\u202efdp.exe\u2066 hid\u200bden"
FOREIGN = (
    "script, iframe, object, embed, link, base, meta, form:not(.modal-form), img, style,"
    " [onerror], [onclick], [style*='url']"
)
"""What no outside text may bring into the part of the page that shows it."""

BLOCKS: list[Json] = [
    {"type": "header", "text": plain(SCRIPT)},
    {"type": "section", "text": mrkdwn(f"{ESCAPED} <javascript:alert(1)|click> <data:text/html,x|data>")},
    {"type": "section", "text": plain(SCRIPT), "fields": [mrkdwn(ESCAPED), plain(SCRIPT)]},
    {
        "type": "markdown",
        "text": f"{SCRIPT}\n\n[run](javascript:alert(1)) ![x](https://evil.example.com/x.png) [`a`](data:text/html,x)",
    },
    rich(line(words(SCRIPT), {"type": "link", "url": "javascript:alert(1)", "text": "go"})),
    {"type": "table", "rows": [[raw(SCRIPT), raw("x")], [raw(BIDI), raw("y")]]},
    {
        "type": "actions",
        "elements": [
            {
                "type": "static_select",
                "action_id": "pick",
                "placeholder": plain("Pick"),
                "options": [{"text": plain(SCRIPT[:75]), "value": "one"}],
            }
        ],
    },
    {"type": "image", "image_url": "https://evil.example.com/seen.png", "alt_text": SCRIPT},
]


async def test_markup_in_any_text_stays_text(visit: Visit, bolt: Bolt) -> None:
    await bolt.client.chat_postMessage(channel=GENERAL, text=f"plain {SCRIPT}", blocks=BLOCKS)
    await bolt.client.chat_postMessage(channel=GENERAL, text=f"as it is {SCRIPT}", username=SCRIPT[:60])
    visitor = await visit(f"ada/{GENERAL}/messages")
    await expect(visitor.message("as it is")).to_contain_text(SCRIPT)
    await visitor.main.get_by_role("combobox", name="Pick").click()
    await expect(visitor.page.get_by_role("option")).to_contain_text("<script>")
    assert await visitor.main.locator(FOREIGN).count() == 0
    assert await visitor.page.evaluate("window.pwned") is None
    hrefs = await visitor.main.locator("a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(hrefs) <= {"http:", "https:", "mailto:"}
    assert visitor.elsewhere == []  # the picture is asked for by a press, never by itself


async def test_what_a_person_types_is_inert_too(visit: Visit) -> None:
    visitor = await visit(f"ada/{GENERAL}/messages")
    await visitor.say(f"{SCRIPT} &lt;b&gt; **")
    await expect(visitor.message("window.pwned")).to_contain_text(f"{SCRIPT} &lt;b&gt; **")
    assert await visitor.main.locator(FOREIGN).count() == 0


async def test_an_escaped_broadcast_calls_nobody_and_a_real_one_is_marked(visit: Visit, bolt: Bolt) -> None:
    quoted = "From a mail: &lt;!channel&gt; &lt;@U01ADA00001&gt; &amp;lt;!here&amp;gt;"
    await bolt.client.chat_postMessage(channel=GENERAL, text=quoted)
    await bolt.client.chat_postMessage(channel=GENERAL, text="Truly <!channel>")
    visitor = await visit(f"ada/{GENERAL}/messages")
    mail = visitor.message("From a mail")
    await expect(mail).to_contain_text("<!channel> <@U01ADA00001> &lt;!here&gt;")
    await expect(mail.locator(".mention")).to_have_count(0)
    await expect(visitor.message("Truly").locator(".mention")).to_have_text("@channel")


async def test_direction_and_hidden_characters_are_shown(visit: Visit, bolt: Bolt) -> None:
    blocks = [{"type": "section", "text": mrkdwn(BIDI)}, rich(line(words(BIDI))), {"type": "markdown", "text": BIDI}]
    await bolt.client.chat_postMessage(channel=GENERAL, text=BIDI, blocks=blocks)
    visitor = await visit(f"ada/{GENERAL}/messages")
    shown = await visitor.message("invoice").locator(".msg-content").inner_text()
    assert shown.count("invoice[U+202E]fdp.exe[U+2066] hid[U+200B]den") == 3


async def test_the_page_refuses_markup_and_scripts_by_policy(visit: Visit) -> None:
    visitor = await visit()
    markup = """() => {
      try { document.body.innerHTML = '<b>x</b>'; } catch (error) { return error.name; }
      return 'taken';
    }"""
    assert await visitor.page.evaluate(markup) == "TypeError"
    script = """() => {
      const script = document.createElement('script');
      try { script.text = 'window.ran = 1'; document.body.append(script); } catch { return false; }
      return Boolean(window.ran);
    }"""
    assert not await visitor.page.evaluate(script)
    visitor.troubles.clear()  # the browser says on its console what it refused


async def test_a_hostile_modal_and_home_are_drawn_as_text(visit: Visit, bolt: Bolt) -> None:
    @bolt.app.command("/meshclaw")
    async def open_view(ack: Any, command: Json, client: Any) -> None:
        field = {**text_input("name", SCRIPT), "hint": plain(SCRIPT)}
        view = modal("<b>bold</b>", [field], submit=plain("<i>go</i>"))
        await client.views_open(trigger_id=command["trigger_id"], view=view)
        await client.views_publish(user_id=command["user_id"], view={"type": "home", "blocks": BLOCKS[:3]})
        await ack()

    await bolt.connect()
    visitor = await visit()
    await visitor.say("/meshclaw")
    dialog = visitor.page.get_by_role("dialog", name="<b>bold</b>")
    await expect(dialog).to_contain_text(SCRIPT)
    await expect(dialog.get_by_role("button", name="<i>go</i>")).to_be_visible()
    assert await dialog.locator(FOREIGN).count() == 0
    await visitor.page.keyboard.press("Escape")
    await visitor.page.get_by_role("tab", name="Home").click()
    await expect(visitor.main).to_contain_text(SCRIPT)
    assert await visitor.main.locator(FOREIGN).count() == 0
