"""Rows of the feeds that are lists: how they are written, and which of the crowd are in them."""
from .tables import File, lines, tally

NIGHTLY = (0, 0, 0, 1, 2)     # most rows of the crowd come on the first night


def delimited(night, place, feed, stem, columns, found, delimiter=",", encoding="utf-8", suffix="csv", head=(), trailer=None, upper=None) -> File:
    """`found`: (row, outcome). `upper`: the header's upper row; `trailer`: the first cell of a last row that counts."""
    body = lines(columns if upper is None else [c.split("/", 1)[-1] for c in columns], [], delimiter)
    body += lines(columns, [row for row, _ in found], delimiter)[1:]
    body = [delimiter.join(upper), *body] if upper else body
    end = [f"{trailer}{delimiter}{len(found)}"] if trailer else []
    text = "\r\n".join([*head, *body, *end, ""])
    return File(place, feed, f"{stem}_{night:%Y%m%d}.{suffix}", text.encode(encoding), tally(outcome for _, outcome in found))


def some(world, label: str, share: float, wanted=lambda person: True):
    """(person, night index, generator) for a share of the crowd: the same people for the same label."""
    rng = world.rng(label)
    for person in world.crowd:
        drawn, night = rng.random(), rng.choice(NIGHTLY)
        if drawn < share and wanted(person):
            yield person, night, world.rng(f"{label}:{person.surname}:{person.forenames}:{person.birth}")


def nominal(world, person) -> str:
    """The force's number of a person: that of the cohort list, or another."""
    if person.nominal:
        return person.nominal
    if person in world.crowd:
        return f"LDS95{world.crowd.index(person):04d}"
    return f"LDS94{[*world.cast.values()].index(person):04d}"
