"""A minimal OpenDocument workbook; the same bytes every time."""
import io
import zipfile
from datetime import date
from xml.sax.saxutils import escape

STAMP = (2008, 11, 17, 2, 0, 0)
KIND = "application/vnd.oasis.opendocument.spreadsheet"
SPACE = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = (f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="{SPACE}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{KIND}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>')


def cell(value) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value:%d/%m/%y}</text:p></table:table-cell>'
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def workbook(sheets: dict) -> bytes:
    """`sheets`: name -> (header, rows), in order."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">' + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in [header, *rows]) + "</table:table>"
        for name, (header, rows) in sheets.items())
    content = (f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content xmlns:office="{SPACE}:office:1.0" xmlns:table="{SPACE}:table:1.0" '
               f'xmlns:text="{SPACE}:text:1.0" office:version="1.1"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (("mimetype", KIND), ("META-INF/manifest.xml", MANIFEST), ("content.xml", content)):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.create_system, entry.external_attr = 0, 0
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode("utf-8"), compresslevel=9)
    return buffer.getvalue()
