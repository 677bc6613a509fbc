"""A minimal ODS workbook: texts and typed dates; the same bytes every time."""
import io
import zipfile
from datetime import date
from xml.sax.saxutils import escape

STAMP = (2008, 11, 17, 2, 0, 0)
KIND = "application/vnd.oasis.opendocument.spreadsheet"
SPACE = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = (f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="{SPACE}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>')


def cell(value) -> str:
    """One cell: a date is typed, everything else is text."""
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value:%d/%m/%y}</text:p></table:table-cell>'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def document(sheets: dict) -> bytes:
    """`sheets`: name -> rows of cells, header rows included."""
    tables = "".join(f'<table:table table:name="{name}">' + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows) + "</table:table>"
                     for name, rows in sheets.items())
    content = (f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content xmlns:office="{SPACE}:office:1.0" xmlns:table="{SPACE}:table:1.0" '
               f'xmlns:text="{SPACE}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text, how in (("mimetype", KIND, zipfile.ZIP_STORED), ("content.xml", content, zipfile.ZIP_DEFLATED), ("META-INF/manifest.xml", MANIFEST, zipfile.ZIP_DEFLATED)):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type, entry.create_system, entry.external_attr = how, 0, 0
            archive.writestr(entry, text.encode("utf-8"), compresslevel=9)
    return buffer.getvalue()
