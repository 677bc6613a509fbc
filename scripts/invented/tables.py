"""Files of delimited text, and the count of what must become of their rows."""
from dataclasses import dataclass, field

BREAK = {"crlf": "\r\n", "lf": "\n"}


@dataclass
class File:
    """One file of one night: its name, bytes, and the expected outcome of its rows."""
    place: str
    feed: str
    name: str
    data: bytes
    outcomes: dict = field(default_factory=dict)

    def line(self, night) -> str:
        counts = [str(self.outcomes.get(k, 0)) for k in ("mapped", "refused", "skipped", "duplicate")]
        return ",".join([str(night), self.feed, self.name, str(sum(self.outcomes.values())), *counts])


def tally(outcomes) -> dict:
    counts = {}
    for outcome in outcomes:
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def quoted(text: str, delimiter: str) -> str:
    """RFC 4180 quoting, only where needed."""
    if any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def lines(columns, rows, delimiter: str, bare=()) -> list:
    """Header and rows; rows whose index is in `bare` are written without quotes, as a careless program would."""
    out = [delimiter.join(columns)]
    for i, row in enumerate(rows):
        cells = (row.get(c, "") for c in columns)
        out.append(delimiter.join(cells if i in bare else (quoted(c, delimiter) for c in cells)))
    return out
