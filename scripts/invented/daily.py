"""What the daily files of several partners have in common: story rows by night, written in one of the forms."""
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from . import open_document, workbook
from .story import uk
from .tables import File, lines, tally


def told(rows: list, identify) -> list:
    """(person key, cells, outcome) as (cells, outcome), with what the file says of anybody filled in."""
    return [(identify(key) | cells, outcome) for key, cells, outcome in rows]


def delimited(place, feed, name, columns, rows, delimiter, *, encoding="utf-8", title=(), trailer="", mark=b"") -> File:
    """A delimited file; `trailer` is the word of its last row, which counts the rows."""
    end = [f"{trailer}{delimiter}{len(rows)}"] if trailer else []
    text = "\r\n".join([*title, *lines(columns, [row for row, _ in rows], delimiter), *end, ""])
    return File(place, feed, name, mark + text.encode(encoding), tally(o for _, o in rows))


def sheet(place, feed, name, sheets, outcomes) -> File:
    """An XLSX workbook: sheet -> (columns, rows)."""
    tables = {word: (columns, [[row.get(c, "") for c in columns] for row in rows]) for word, (columns, rows) in sheets.items()}
    return File(place, feed, name, workbook.workbook(tables), tally(outcomes))


def open_sheet(place, feed, name, word, head, columns, rows) -> File:
    """An ODS workbook of one sheet, with whatever rows stand above the row of columns."""
    table = [*head, columns, *([row.get(c, "") for c in columns] for row, _ in rows)]
    return File(place, feed, name, open_document.document({word: table}), tally(o for _, o in rows))


def elements(place, feed, name, root, row_name, rows, night) -> File:
    """An XML file: an element a row, an element a cell; a cell whose name starts with `@` is an attribute."""
    body = ""
    for row, _ in rows:
        marks = "".join(f" {k[1:]}={quoteattr(v)}" for k, v in row.items() if k.startswith("@"))
        body += f"  <{row_name}{marks}>" + "".join(f"<{k}>{escape(v)}</{k}>" if v else f"<{k}/>" for k, v in row.items() if not k.startswith("@")) + f"</{row_name}>\n"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} made="{night}">\n{body}</{root}>\n'
    return File(place, feed, name, text.encode("utf-8"), tally(o for _, o in rows))


def day(text: str) -> str:
    """An ISO day as the British write it."""
    return uk(date.fromisoformat(text)) if text else ""
