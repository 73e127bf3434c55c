"""Tables and charts.

Sources: https://docs.slack.dev/reference/block-kit/blocks/table-block, …/data-table-block and
…/data-visualization-block.
"""

from collections.abc import Iterator, Mapping

from bot.workspace.blocks.composition import IDENTIFIER
from bot.workspace.blocks.problem import Problem, failed
from bot.workspace.blocks.rich_text import RICH_TEXT
from bot.workspace.blocks.rules import (
    MESSAGE,
    Place,
    Sound,
    Surface,
    array,
    boolean,
    enum,
    integer,
    number,
    one_of,
    or_null,
    record,
    string,
    variant,
)

ON_MESSAGE_AND_HOME: frozenset[Surface] = frozenset({"message", "home"})
CELL_CHARACTERS_MOST = 10_000
COLUMNS_MOST = 20
_LABEL = string(20)
_POINTS_MOST = 20
_SERIES_MOST = 6

_RAW_TEXT = variant("raw_text", {"text": string()})
_RAW_NUMBER = variant("raw_number", {"value": number}, {"text": string()})
_ROW = array(one_of(_RAW_TEXT, _RAW_NUMBER, RICH_TEXT), COLUMNS_MOST, least=1)


def shown_text(value: object) -> Iterator[str]:
    """The texts people read in a cell or in rich text, wherever they stand in it."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == "text" and isinstance(member, str):
                yield member
            else:
                yield from shown_text(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from shown_text(member)


def _not_too_much_text(value: Sound, place: Place) -> Iterator[Problem]:
    count = sum(map(len, shown_text(value["rows"])))
    if count > CELL_CHARACTERS_MOST:
        message = f"must be less than {CELL_CHARACTERS_MOST + 1} characters"
        yield failed(place.at("rows").pointer, message, "max_length", CELL_CHARACTERS_MOST, count)


TABLE = variant(
    "table",
    {"rows": array(_ROW, 100, least=1)},
    {
        "block_id": IDENTIFIER,
        "column_settings": array(
            or_null(record({}, {"align": enum("left", "center", "right"), "is_wrapped": boolean})), COLUMNS_MOST
        ),
    },
    checks=[_not_too_much_text],
    surfaces=ON_MESSAGE_AND_HOME,
)


def _rectangular(value: Sound, place: Place) -> Iterator[Problem]:
    """Rows as wide as the header, which has no rich text and holds the column that names the rows."""
    header, inside = value["rows"][0], place.at("rows")
    for index, row in enumerate(value["rows"]):
        if len(row) != len(header):
            message = f"all rows must have {len(header)} cells"
            yield failed(inside.at(index).pointer, message, "max_items", len(header), len(row))
    for index, cell in enumerate(header):
        if cell["type"] == "rich_text":
            where = inside.at(0).at(index).at("type")
            yield failed(where.pointer, "unsupported type: rich_text", "enum", ["raw_text", "raw_number"], "rich_text")
    column = value.get("row_header_column_index", 0)
    if column >= len(header):
        where = place.at("row_header_column_index")
        yield failed(where.pointer, f"must be less than {len(header)}", "maximum", len(header) - 1, column)


DATA_TABLE = variant(
    "data_table",
    {"caption": string(), "rows": array(_ROW, 101, least=2)},
    {
        "block_id": IDENTIFIER,
        "page_size": integer(1, 100),
        "row_header_column_index": integer(0, COLUMNS_MOST - 1),
    },
    checks=[_rectangular, _not_too_much_text],
    surfaces=ON_MESSAGE_AND_HOME,
)


def _positive(value: object, place: Place) -> Iterator[Problem]:
    problems = list(number(value, place))
    yield from problems
    if not problems and isinstance(value, int | float) and value <= 0:
        yield failed(place.pointer, "must be greater than 0", "minimum", 0, value)


def _one_point_per_category(value: Sound, place: Place) -> Iterator[Problem]:
    """Series have names of their own and exactly one point for each category of the axis."""
    categories = value["axis_config"]["categories"]
    names: set[str] = set()
    for index, line in enumerate(value["series"]):
        where = place.at("series").at(index)
        if line["name"] in names:
            message = f"series name `{line['name']}` already exists"
            yield failed(where.at("name").pointer, message, "unique", "unique series names", line["name"])
        names.add(line["name"])
        if sorted(point["label"] for point in line["data"]) != sorted(categories):
            message = "must have exactly one data point per category"
            yield failed(where.at("data").pointer, message, "enum", categories)


_AXIS = record(
    {"categories": array(_LABEL, _POINTS_MOST, least=1)},
    {"x_label": string(50, least=0), "y_label": string(50, least=0)},
)
_POINT = record({"label": _LABEL, "value": number})
_SERIES = record({"name": _LABEL, "data": array(_POINT, _POINTS_MOST, least=1)})
_GRAPHS = tuple(
    variant(
        kind, {"series": array(_SERIES, _SERIES_MOST, least=1), "axis_config": _AXIS}, checks=[_one_point_per_category]
    )
    for kind in ("bar", "line", "area")
)
_SEGMENT = record({"label": _LABEL, "value": _positive})
_PIE = variant("pie", {"segments": array(_SEGMENT, _SERIES_MOST, least=1)})

DATA_VISUALIZATION = variant(
    "data_visualization",
    {"title": string(50), "chart": one_of(_PIE, *_GRAPHS)},
    {"block_id": IDENTIFIER},
    surfaces=MESSAGE,
)
