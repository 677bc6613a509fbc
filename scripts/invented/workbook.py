"""A minimal XLSX workbook with inline strings, numbers and styled dates; the same bytes every time."""
import io
import re
import zipfile
from datetime import date
from xml.sax.saxutils import escape

EPOCH = date(1899, 12, 30)  # day 0 of the 1900 date system, leap-year slip included
STAMP = (2008, 11, 17, 2, 0, 0)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
# Style 0 is general, style 1 a date (built-in format 14), style 2 a date by its own format, style 3 money.
STYLES = (f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>'
          '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
          '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
          '<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>')


def column_name(index: int) -> str:
    """0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell(place: str, value) -> str:
    """One cell: a date becomes a styled number, a number stays one, text is an inline string."""
    if value is None or value == "":
        return ""
    if isinstance(value, date):
        return f'<c r="{place}" s="2"><v>{(value - EPOCH).days}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}" s="3"><v>{value}</v></c>' if isinstance(value, float) else f'<c r="{place}"><v>{value}</v></c>'
    space = ' xml:space="preserve"' if re.search(r"^\s|\s$", value) else ""
    return f'<c r="{place}" t="inlineStr"><is><t{space}>{escape(value)}</t></is></c>'


def sheet(header, rows) -> str:
    out = [f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>']
    for number, row in enumerate([header, *rows], 1):
        cells = "".join(cell(f"{column_name(i)}{number}", v) for i, v in enumerate(row))
        out.append(f'<row r="{number}">{cells}</row>')
    return "".join(out) + "</sheetData></worksheet>"


def workbook(sheets: dict) -> bytes:
    """`sheets`: name -> (header, rows), in order."""
    files = {"[Content_Types].xml": content_types(len(sheets)), "_rels/.rels": relations([("officeDocument", "xl/workbook.xml")]),
             "xl/workbook.xml": book(sheets), "xl/_rels/workbook.xml.rels": relations(
                 [("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)] + [("styles", "styles.xml")]),
             "xl/styles.xml": STYLES}
    for i, (header, rows) in enumerate(sheets.values(), 1):
        files[f"xl/worksheets/sheet{i}.xml"] = sheet(header, rows)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            archive.writestr(entry, text.encode("utf-8"), compresslevel=9)
    return buffer.getvalue()


def content_types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in range(1, sheets + 1))
    return (f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
            f'.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{parts}</Types>')


def relations(targets) -> str:
    links = "".join(f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(targets, 1))
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def book(sheets: dict) -> str:
    names = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(sheets, 1))
    return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr/><sheets>{names}</sheets></workbook>'
