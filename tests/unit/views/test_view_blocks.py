from hypothesis import example, given

from bot.views.blocks import long_option
from bot.views.text import plain, width
from tests.unit.views.views_checked import hostile


@given(hostile)
@example("x" * 70 + "\x1f" * 9)
@example("<!channel>" * 6 + "\x1f\x1f\U000103d6000\x1f\U000103d6\U000103d6" + "<!channel>" * 3)
def test_a_long_choice_keeps_to_the_two_lines_slack_has_for_it(text: str) -> None:
    option = long_option(text, "0")
    first, rest = option["text"]["text"], option.get("description", {}).get("text", "")
    assert 0 < width(first) <= 75
    assert width(rest) <= 75
    shown = plain(text)
    if shown and width(shown) <= 100 and "&" not in text:
        assert (first + rest).replace(" ", "") == shown.replace(" ", "")
