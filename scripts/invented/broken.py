"""One small broken file for each thing that goes wrong with files of these formats."""
import io
import re
import zipfile
from pathlib import Path

from . import housing, police, prison, probation, tagging
from .tables import lines
from .workbook import workbook

BILLION = ('<!DOCTYPE OASysExtract [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>\n')


def write(folder: Path, world, night):
    """Writes `CASE/FILE` and `expected.csv` (what must happen and why)."""
    table = ["case,feed,file,outcome,why"]
    for case, feed, name, outcome, why, data in cases(world, night):
        (folder / case).mkdir(parents=True, exist_ok=True)
        (folder / case / name).write_bytes(data)
        table.append(f"{case},{feed},{name},{outcome},{why}")
    (folder / "expected.csv").write_text("\n".join(table) + "\n", encoding="utf-8", newline="\n")


def short_list(world, night, columns=None, rows=6) -> list:
    """Title, header and the first good rows of the release list; the count row is the caller's."""
    good = [row for row, outcome in prison.rows(world, night) if outcome == "mapped"][:rows]
    head = ["HM PRISON SERVICE - DAILY RELEASE LIST"]
    return head + lines(columns or prison.COLUMNS, good, ";")


def tag_lines(world, night, columns, rows_of, rows=5) -> list:
    good = [row for row, outcome in rows_of(world, night) if outcome in ("mapped", "skipped")][:rows]
    return lines(columns, good, ",")


def crlf(parts) -> str:
    return "\r\n".join([*parts, ""])


def cases(world, night):
    """(case, feed, file name, outcome, why, bytes)."""
    yield from release_lists(world, night)
    yield from tag_files(world, night)
    yield from extracts(world, night)
    yield from workbooks(world, night)
    yield from cohorts(world, night)


def release_lists(world, night):
    feed, name = "hmps-releases", f"HMPS_RELEASES_{night:%Y%m%d}.csv"

    def case(word, outcome, why, text, encode=prison.narrow):
        return word, feed, name, outcome, why, encode(text)

    whole = short_list(world, night)
    yield case("count-row-missing", "held", "the upload stopped before the count row", crlf(whole))
    yield case("rows-after-count", "held", "two lists were glued together", crlf([*whole, "ROWS;6", *whole[2:], "ROWS;6"]))
    without = [c for c in prison.COLUMNS if c != "Status"]
    yield case("missing-column", "held", "the column Status is not there so that a cancelled release would look like a new one", crlf([*short_list(world, night, without), "ROWS;6"]))
    yield case("header-twice", "held", "Postcode stands twice in the header", crlf([*[whole[0], whole[1].replace("Office", "Postcode")], *whole[2:], "ROWS;6"]))
    accented = [line.replace("Copse", "Copsé") for line in whole]
    yield case("utf-8-not-windows-1252", "held", "a UTF-8 file with a mark where Windows-1252 is declared", crlf([*accented, "ROWS;6"]), lambda t: t.encode("utf-8-sig"))
    shifted = [*whole[:2], *[line.replace(";", ";;", 1) for line in whole[2:]], "ROWS;6"]
    yield case("columns-shifted", "held", "every row has one field too many: the error budget is passed", crlf(shifted))
    yield case("no-rows", "held", "a list without rows is not the same as no releases", crlf([*whole[:2], "ROWS;0"]))
    yield case("no-bytes", "held", "an empty file", "")
    yield word_part(world, night, feed, name)


def word_part(world, night, feed, name):
    data = prison.narrow(crlf(short_list(world, night)))[:900]
    return "still-arriving", feed, f"{name}.part", "not taken", "the name is not that of a finished file", data


def tag_files(world, night):
    stem = f"EMS_LEEDS_{night:%Y%m%d}_"
    breaches = tag_lines(world, night, tagging.VIOLATIONS, tagging.violations)
    rows = len(breaches) - 1
    yield ("trailer-off-by-one", "g4s-violations", f"{stem}VIOLATIONS.csv", "held", "the trailer counts one row more than there are",
           crlf([*breaches, f"TRAILER,{rows + 1}"]).encode("utf-8"))
    orders = tag_lines(world, night, tagging.ORDERS, tagging.orders)
    spoiled = crlf([*orders, f"TRAILER,{len(orders) - 1}"]).replace("Leeds Magistrates Court", "Leeds Magistrates\u2019 Court").encode("cp1252")
    yield "wrong-encoding", "g4s-orders", f"{stem}ORDERS.csv", "held", "Windows-1252 bytes that are no UTF-8", spoiled
    visits = tag_lines(world, night, tagging.INSTALLS, tagging.installs)
    visits[-1] = visits[-1].rsplit(",", 1)[0] + ',"Nobody in'
    opened = crlf([*visits, f"TRAILER,{len(visits) - 1}"])
    yield "quote-never-closed", "g4s-installs", f"{stem}INSTALLS.csv", "held", "a quote is opened and never closed", opened.encode("utf-8")
    endings = lines(tagging.ENDINGS, [], ",")
    yield "nothing-ended", "g4s-endings", f"{stem}ENDINGS.csv", "accepted", "no rows and a trailer of 0: nothing ended that day", crlf([*endings, "TRAILER,0"]).encode("utf-8")


def extracts(world, night):
    feed, name = "probation-oasys", f"OASYS_EXTRACT_{night:%Y%m%d}.xml"
    text = probation.write(world, night).data.decode("utf-8")
    whole = re.sub(r"(?s)((?:  <Offender.*?</Offender>\n){4}).*(</OASysExtract>)", r"\1\2", text, count=1)
    yield "xml-cut-short", feed, name, "held", "the document ends inside an element", whole[: len(whole) * 2 // 3].encode("utf-8")
    head, body = whole.split("\n", 1)
    yield "xml-doctype", feed, name, "held", "a document type declaration with entities", (head + "\n" + BILLION + body).encode("utf-8")
    yield "xml-other-document", feed, name, "held", "another document than the mapping reads", whole.replace("OASysExtract", "DeliusExtract").encode("utf-8")
    deep = whole.replace("</OASysExtract>", "<Offender>" + "<x>" * 300 + "</x>" * 300 + "</Offender></OASysExtract>")
    yield "xml-too-deep", feed, name, "held", "elements nested three hundred deep", deep.encode("utf-8")


def workbooks(world, night):
    feed, name = "lcc-orchard", f"ORCHARD_{night:%Y%m%d}.xlsx"
    yield "not-a-workbook", feed, name, "held", "a web page saved under the name of a workbook", b"<html><body><table><tr><td>TENREF</td></tr></table></body></html>\n"
    few = {sheet: (columns, []) for sheet, columns in housing.SHEETS.items() if sheet != "TENANCY"}
    yield "sheet-missing", feed, name, "held", "the sheet TENANCY is not there", workbook(few)
    yield "macros", feed, name, "held", "the workbook holds macros", added(workbook({s: (c, []) for s, c in housing.SHEETS.items()}), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    yield "unpacks-to-too-much", feed, name, "held", "forty megabytes of blanks in less than a hundred kilobytes", added(workbook(few), "xl/worksheets/sheet9.xml", (b"<c><v>" + b" " * 1000 + b"</v></c>") * 40_000)
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 480
    yield "password", feed, name, "held", "a workbook with a password is another kind of file", locked


def added(book: bytes, name: str, data: bytes) -> bytes:
    """The workbook with one part more."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry), compresslevel=9)
        extra = zipfile.ZipInfo(name, (2008, 11, 17, 2, 0, 0))
        extra.compress_type, extra.create_system, extra.external_attr = zipfile.ZIP_DEFLATED, 0, 0
        new.writestr(extra, data, compresslevel=9)
    return out.getvalue()


def cohorts(world, night):
    feed, name = "wyp-cohort", f"IOM_COHORT_{night:%Y%m%d}.txt"
    good = [row for row, outcome in police.rows(world, night) if outcome == "mapped"]

    def tabs(columns, rows):
        return b"\xff\xfe" + crlf(lines(columns, rows, "\t")).encode("utf-16-le")

    yield ("shrunken-snapshot", feed, name.replace(f"{night:%Y%m%d}", "20081120"), "held", "ten rows after a night with a hundred and twenty", tabs(police.COLUMNS, good[:10]))
    wider = [*police.COLUMNS, "Photo reference"]
    yield "unknown-column", feed, name, "accepted", "a column that the mapping does not know is reported and not used", tabs(wider, [r | {"Photo reference": "IMG1"} for r in good])
    yield "odd-byte", feed, name, "held", "UTF-16 with half a character at its end", tabs(police.COLUMNS, good[:10])[:-3]
