#!/usr/bin/env python3
"""Compares the bundles of a planted deployment with the oracle: compare.py FOLDER NIGHT (0 or 1).

Each recipient must hold exactly the rows that the oracle expects, a missing one counts like one too many; of all planted
words, a bundle holds only those of its own lawful cells, whatever the file.
"""
import csv
import datetime
import html
import json
import re
import sys
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import oracle

SHORT = 12
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# The shapes of tokens; looked for at every place, so that none hides behind another.
SHAPES = [re.compile(f"(?=({shape}))") for shape in (
    r"qx[bcdfghjklmnpqrstvwxz]{8}", r"\d{4}/\d{7}[a-z]", r"\d{6}/\d\d[a-z]", r"[a-z]\d{4}[a-z]{2}", r"x\d{6}", r"[a-z]{2}\d{6}[a-z]", r"ls\d\d? ?\d[a-z]{2}",
    r"\d{4}-\d\d-\d\d", r"\d\d/\d\d/\d{4}")]


def shape(row):
    """What can be compared of an expected row."""
    return (row["originator"], row["category"], row["clause"], row["purpose"], row["handling"], tuple(sorted(row["cells"].items())))


def told(line, category, cells):
    """The same of a bundle's row."""
    return (line["originator"], category, line["clause"], line["purpose"], line["handling"], tuple(sorted(cells.items())))


def differ(name, expected, found, faults):
    """Multisets must be the same."""
    expected, found = Counter(expected), Counter(found)
    for word, rows in (("missing", expected - found), ("too many", found - expected)):
        for row, count in list(rows.items())[:SHORT]:
            faults.append(f"{name}: {word} {count} x {row}")


def bundle(folder, recipient, as_of):
    found = sorted((folder / "state/bundles" / recipient).glob(f"*_{as_of.replace('-', '')}_*"))
    assert len(found) == 1, f"{recipient}: {len(found)} bundles of {as_of}"
    return found[0]


def first_night(agreement, state, recipient, at, faults):
    """A snapshot: every row, as `current`. Gives the record reference of each expected row, where it can be told."""
    expect = oracle.expected(agreement, state["records"], recipient, datetime.date.fromisoformat(state["as_of"]))
    rows = list(oracle.bundle_rows(at, agreement["schema"]))
    differ(f"{recipient} {state['as_of']}", [shape(r) for r in expect.values()], [told(*r) for r in rows], faults)
    if any(line["change"] != "current" or line["record_version"] != "1" for line, _, _ in rows):
        faults.append(f"{recipient}: a first snapshot has something else than current rows of version 1")
    one_person_one_reference(recipient, expect, rows, faults)
    return expect, {line["record_id"]: told(line, category, cells) for line, category, cells in rows}


def one_person_one_reference(recipient, expect, rows, faults):
    """Nobody's rows stand under two references, nobody's reference over two people's rows."""
    alone = Counter(shape(r) for r in expect.values())
    person = {shape(r): r["person"] for r in expect.values() if alone[shape(r)] == 1}
    pairs = {(person[told(*r)], r[0]["person_ref"]) for r in rows if told(*r) in person}
    for part, word in ((0, "a person has several references"), (1, "a reference stands for several people")):
        if any(count > 1 for count in Counter(pair[part] for pair in pairs).values()):
            faults.append(f"{recipient}: {word}")


def second_night(agreement, state, recipient, at, before, held, faults):
    """A delta: exactly the difference of the two states."""
    expect = oracle.expected(agreement, state["records"], recipient, datetime.date.fromisoformat(state["as_of"]))
    rows = list(oracle.bundle_rows(at, agreement["schema"]))
    by = lambda change: [r for r in rows if r[0]["change"] == change]
    name = f"{recipient} {state['as_of']}"
    new = [r for k, r in expect.items() if k not in before]
    changed = [k for k in expect.keys() & before.keys() if shape(expect[k]) != shape(before[k])]
    gone = [r for k, r in before.items() if k not in expect]
    differ(f"{name} new", [shape(r) for r in new], [told(*r) for r in by("new")], faults)
    differ(f"{name} correction", [(shape(before[k]), shape(expect[k])) for k in changed],
           [(held.get(line["record_id"]), told(line, c, cells)) for line, c, cells in by("correction")], faults)
    differ(f"{name} withdrawal", [shape(r) for r in gone], [held.get(line["record_id"]) for line, _, _ in by("withdrawal")], faults)
    if any(cells for _, _, cells in by("withdrawal")):
        faults.append(f"{name}: a withdrawal holds values")
    touched = {r["person"] for r in new} | {expect[k]["person"] for k in changed} | {r["person"] for r in gone}
    same = [r for k, r in expect.items() if r["category"] == "person" and k in before and k not in changed and r["person"] in touched]
    differ(f"{name} current", [shape(r) for r in same], [told(*r) for r in by("current")], faults)
    counts = {c: len(by(c)) for c in ("new", "correction", "withdrawal", "current")}
    return [*new, *(expect[k] for k in changed), *same], counts


def texts(at):
    """(file, text) of everything in a bundle; a workbook by its parts."""
    for path in sorted(p for p in at.rglob("*") if p.is_file()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                for part in book.namelist():
                    raw = book.read(part)
                    text = "\n".join(ElementTree.fromstring(raw).itertext()) if part.endswith(".xml") else raw.decode("latin-1")
                    yield f"{path.name}:{part}", text
                    yield f"{path.name}:{part}", raw.decode("utf-8", "replace")
        else:
            raw = path.read_text("utf-8-sig")
            yield path.name, html.unescape(raw) if path.suffix == ".html" else raw


def words_in(text, tokens):
    """The planted tokens in a text."""
    text = text.lower()
    return {word for shape in SHAPES for word in shape.findall(text) if word in tokens}


def leaks(recipient, at, rows, tokens, faults):
    """No planted token outside the lawful cells; none at all in a file's name."""
    lawful = set()
    for row in rows:
        for cell in row["cells"].values():
            lawful |= words_in(cell, tokens)
    for name, text in [*texts(at), *((p.name, str(p.relative_to(at))) for p in at.rglob("*"))]:
        for word in words_in(text, tokens) - lawful:
            faults.append(f"{recipient}: a word of {tokens[word]} in {name}, which the recipient may not have")
    shown = next(text for name, text in texts(at) if name == "summary.html")
    hidden = set().union(*(words_in(c, tokens) for r in rows if r["handling"] not in ("routine", "address") for c in r["cells"].values()), set())
    open_ones = set().union(*(words_in(c, tokens) for r in rows if r["handling"] in ("routine", "address") for c in r["cells"].values()), set())
    if words_in(shown, tokens) & (hidden - open_ones):
        faults.append(f"{recipient}: summary.html shows a row that its handling keeps off the screen")
    return len(lawful)


def workbook_rows(at, agreement, recipient, faults):
    """staff.xlsx has the rows of the tables, all but those that concern victims."""
    path = at / "staff.xlsx"
    if not path.exists():
        return
    with zipfile.ZipFile(path) as book:
        cells = 0
        for part in book.namelist():
            if part.startswith("xl/worksheets/sheet"):
                cells += sum(1 for _ in ElementTree.fromstring(book.read(part)).iter(f"{MAIN}row")) - 1
    kept = 0
    for file in (at / "data").glob("*.csv"):
        with open(file, newline="", encoding="utf-8-sig") as lines:
            kept += sum("victim" not in row["handling"] for row in csv.DictReader(lines))
    if cells != kept:
        faults.append(f"{recipient}: staff.xlsx has {cells} rows, the tables without victims' have {kept}")


def headers(at, agreement, recipient, faults):
    for path in sorted((at / "data").glob("*.csv")):
        category = "person" if path.stem.startswith("people") else path.stem.split("-")[0]
        with open(path, newline="", encoding="utf-8-sig") as lines:
            header = next(csv.reader(lines))
        if header[:10] != oracle.PROVENANCE or set(header[10:]) != oracle.columns(agreement, recipient, category):
            faults.append(f"{recipient}: the columns of {path.name} are not those of the grant")


def main():
    folder, night = Path(sys.argv[1]), int(sys.argv[2])
    agreement = oracle.load(folder)
    planted = json.loads((folder / "planted.json").read_text("utf-8"))
    faults, seen = [], Counter()
    for recipient in agreement["partners"]:
        at = bundle(folder, recipient, planted["nights"][0]["as_of"])
        before, held = first_night(agreement, planted["nights"][0], recipient, at, [] if night else faults)
        rows = list(before.values())
        if night:
            at = bundle(folder, recipient, planted["nights"][1]["as_of"])
            rows, counts = second_night(agreement, planted["nights"][1], recipient, at, before, held, faults)
            seen.update(counts)
        seen["rows"] += len(rows)
        seen["people"] += len({r["person"] for r in rows})
        seen["words"] += leaks(recipient, at, rows, planted["tokens"], faults)
        workbook_rows(at, agreement, recipient, faults)
        headers(at, agreement, recipient, faults)
    for fault in faults:
        print(fault)
    print(json.dumps(seen))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
