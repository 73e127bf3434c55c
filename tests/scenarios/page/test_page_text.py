"""mrkdwn, Markdown, times and chart axes: the page's own functions, called in the browser they run in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from page_parts import ADA, BEN, Visit, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

RENDER = """async ([name, text]) => {
  const { [name]: render } = await import(`/page/${name}.js`);
  const { directory } = await import('/page/store.js');
  const holder = document.createElement('div');
  holder.append(...render(text, directory));
  return holder.innerHTML;
}"""


async def rendered(visitor: Visitor, name: str, text: str) -> str:
    html: str = await visitor.page.evaluate(RENDER, [name, text])
    return re.sub(r' (class="(ln|md-p|md-list|code|pre)"|dir="auto"|tabindex="0")', "", html)


MRKDWN = {
    "*bold* _it_ ~struck~ `code`": "<div><strong>bold</strong> <em>it</em> <s>struck</s> <code>code</code></div>",
    "*_both_*": "<div><strong><em>both</em></strong></div>",
    "2*3*4 snake_case_name ~ ~": "<div>2*3*4 snake_case_name ~ ~</div>",
    "* not* and **": "<div>* not* and **</div>",
    "*two\nlines*": "<div>*two</div><div>lines*</div>",
    "(*bold*), _it_!": "<div>(<strong>bold</strong>), <em>it</em>!</div>",
    "`*plain*`": "<div><code>*plain*</code></div>",
    "&amp;lt; &lt; &amp;": "<div>&amp;lt; &lt; &amp;</div>",
    "&gt; quoted\n&gt; more\nafter": "<blockquote><div>quoted</div><div>more</div></blockquote><div>after</div>",
    "```a *b*\n c```": "<pre><code>a *b*\n c</code></pre>",
    "an ```open fence": "<div>an ```open fence</div>",
    "<unknown> <#C0NOTHERE>": '<div>&lt;unknown&gt; <span class="mention">#private-channel</span></div>',
    "5 :not_an_emoji: 10:30:45": "<div>5 :not_an_emoji: 10:30:45</div>",
}
MARKDOWN = {
    "**bold** *it* ~~s~~ `c`": "<p><strong>bold</strong> <em>it</em> <s>s</s> <code>c</code></p>",
    "__b__ _i_ a_b_c": "<p><strong>b</strong> <em>i</em> a_b_c</p>",
    "**a *b* c**": "<p><strong>a <em>b</em> c</strong></p>",
    "2*3*4 snake_case_x \\*no\\*": "<p>2*3*4 snake_case_x *no*</p>",
    "- a\n- b\n  - c\n\ntext": "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>text</p>",
    "3. three\n4. four": '<ol start="3"><li>three</li><li>four</li></ol>',
    "> a\n> b": "<blockquote><p>a<br>b</p></blockquote>",
    "```js\n<b>\n```\nafter": "<pre><code>&lt;b&gt;</code></pre><p>after</p>",
    "```\nstill streaming": "<pre><code>still streaming</code></pre>",
    "<b>raw</b>": "<p>&lt;b&gt;raw&lt;/b&gt;</p>",
    "**half": "<p>**half</p>",
}


@pytest.mark.parametrize(("name", "cases"), [("mrkdwn", MRKDWN), ("markdown", MARKDOWN)], ids=["mrkdwn", "markdown"])
async def test_rendering(visit: Visit, name: str, cases: dict[str, str]) -> None:
    visitor = await visit()
    assert {text: await rendered(visitor, name, text) for text in cases} == cases


async def test_links_and_mentions_name_what_they_are(visit: Visit) -> None:
    visitor = await visit()
    text = f"<https://e.example/?a=1&amp;b=2|here> <mailto:a@b.example> <@{ADA}> <@{BEN}>"
    html = await rendered(visitor, "mrkdwn", text)
    assert 'href="https://e.example/?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert ">a@b.example</a>" in html
    assert 'mention mention-me"' in html
    assert "@Ben" in html


async def test_long_hostile_text_is_rendered_in_no_time(visit: Visit) -> None:
    visitor = await visit()
    timed = """async (text) => {
      const { mrkdwn } = await import('/page/mrkdwn.js');
      const { markdown } = await import('/page/markdown.js');
      const { directory } = await import('/page/store.js');
      const start = performance.now();
      mrkdwn(text, directory);
      markdown(text, directory);
      return performance.now() - start;
    }"""
    for piece in ("*a", "(*_~", "`", "[a](", "<", ":a", "**a _b ", "> ", "- ", "|-"):
        took = await visitor.page.evaluate(timed, (piece * 12_000)[:12_000])
        assert took < 1500, piece


async def test_moments_go_to_another_zone_and_back_over_the_clock_change(visit: Visit) -> None:
    visitor = await visit()
    code = """async (zone) => {
      const { fromLocal, toLocal } = await import('/page/time.js');
      const walls = ['2026-03-28T12:00', '2026-03-29T12:00', '2026-10-25T12:00', '2026-07-01T00:05'];
      return walls.filter((wall) => toLocal(fromLocal(wall, zone), zone) !== wall);
    }"""
    for zone in ("Europe/London", "America/Los_Angeles", "Asia/Taipei", "Asia/Kathmandu"):
        assert await visitor.page.evaluate(code, zone) == []


async def test_chart_axes_have_round_steps_around_the_data(visit: Visit) -> None:
    visitor = await visit()
    code = "async ([low, high]) => (await import('/page/charts.js')).niceTicks(low, high)"

    async def ticks(low: float, high: float) -> list[Any]:
        return list(await visitor.page.evaluate(code, [low, high]))

    assert await ticks(0, 19) == [0, 5, 10, 15, 20]
    assert await ticks(0, 0.3) == [0, 0.1, 0.2, 0.3]
    assert await ticks(-12, 30) == [-20, -10, 0, 10, 20, 30]
    assert await ticks(0, 0) == [0, 1]
