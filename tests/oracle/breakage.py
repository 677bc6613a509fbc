#!/usr/bin/env python3
"""Spoils the first night's files of a planted deployment, so that their errors have planted words at hand: breakage.py FOLDER."""
import json
import sys
from pathlib import Path


def main():
    folder = Path(sys.argv[1])
    words = iter(w for w in json.loads((folder / "planted.json").read_text("utf-8"))["tokens"] if w.startswith("qx"))
    word = lambda: next(words).title()
    at = lambda place, name: folder / "in" / place / name
    # Rows whose cells do not fit: a code, a date, an identifier, a status nobody knows.
    path = at("hmps", "HMPS_RELEASES_20081117.csv")
    lines = path.read_bytes().decode("cp1252").split("\r\n")
    header = lines[2].split(";")
    for n, column in enumerate(["Reason", "DOB", "Release date", "PNC", "CRO", "Status", "Sex", "Establishment", "Probation area", "Postcode", "SED", "Prison number"]):
        cells = lines[3 + n].split(";")
        cells[header.index(column)] = word()
        lines[3 + n] = ";".join(cells)
    lines[16] += f";{word()};{word()}"                                  # more cells than columns
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    # A quote that is never closed, a row cut short, a trailer that counts a name.
    path = at("g4s", "EMS_LEEDS_20081117_ORDERS.csv")
    path.write_bytes(path.read_bytes() + f'"{word()},{word()}'.encode())
    path = at("g4s", "EMS_LEEDS_20081117_VIOLATIONS.csv")
    path.write_bytes(path.read_bytes().replace(b"TRAILER,", f"TRAILER,{word()}".encode()))
    path = at("g4s", "EMS_LEEDS_20081117_INSTALLS.csv")
    path.write_bytes(path.read_bytes().replace(b"visit_outcome", b"outcome_of_visit", 1))
    # Half an XML document with an unknown entity and element.
    path = at("probation", "OASYS_EXTRACT_20081117.xml")
    half = path.read_bytes().decode()[:4000]
    path.write_bytes(f"{half}<{word()} {word()}='{word()}'>&{word()};".encode())
    # A workbook cut short, a list in another encoding, and files that lie about with a name in their names.
    path = at("lcc", "ORCHARD_20081117.xlsx")
    path.write_bytes(path.read_bytes()[:3000])
    path = at("wyp", "IOM_COHORT_20081117.txt")
    path.write_bytes(path.read_bytes().decode("utf-16").encode("cp1252", "replace"))
    at("hmps", f"HMPS_RELEASES_{word()}.csv").write_text(word())
    at("g4s", f"EMS_LEEDS_20081117_ORDERS ({word()}).csv").write_text(word())
    # The same in the lists of the police, the council's unit and the youth service.
    for place, name, mark, upper, columns in (
            ("wyp", "CUSTODY_20081117.csv", "|", 0, ["Status", "Arrest date", "Arrest time", "Station", "Offence", "Disposal", "Test result", "Disputed", "RA type", "ROB status", "PNCID"]),
            ("wyp", "PNC_CONV_20081117.csv", ",", 0, ["ACTION", "CONV DATE", "COURT", "HO CLASS", "RESULT", "PNCID"]),
            ("wyp", "INTEL_LOG_20081117.csv", ",", 0, ["State", "Marking", "Handling", "Source"]),
            ("lcc", "ASB_CASES_20081117.csv", ";", 1, ["Change", "Received", "Perp DOB", "Perp sex", "Category", "Ward", "Status"]),
            ("yos", "YOIS_CONTACTS_20081117.csv", ";", 0, ["Change", "Type", "Due", "Outcome", "Enforcement"]),
            ("yos", "YOIS_PLANS_20081117.txt", "\t", 1, ["Need", "Review", "Progress", "State"])):
        path = at(place, name)
        lines = path.read_bytes().decode("latin-1").split("\r\n")
        header = lines[upper].split(mark)
        for n, column in enumerate(columns):
            cells = lines[upper + 1 + 2 * n].split(mark)                    # a text of two lines takes two of the file's
            if len(cells) > header.index(column):
                cells[header.index(column)] = word()
                lines[upper + 1 + 2 * n] = mark.join(cells)
        path.write_bytes("\r\n".join(lines).encode("latin-1"))
    path = at("wyp", "DV_REGISTER_20081117.ods")
    path.write_bytes(path.read_bytes()[:-40])
    for place, name in (("wyp", "CPU_REPORTS_20081117.xml"), ("yos", "YOIS_ASSETS_20081117.xml")):
        path = at(place, name)
        half = path.read_bytes().decode()[:3000]
        path.write_bytes(f"{half}<{word()}>&{word()};".encode())
    # Wrong cells of every kind in a feed that is otherwise sound.
    path = at("wyp_others", "OTHERS_20081117.csv")
    rows = path.read_bytes().decode().split("\r\n")
    columns = rows[0].split(",")
    bad = {"birth": word(), "sex": word(), "pnc": word(), "category": "arrest", "ref": f"{word()}1", "surname": word(), "key": word(), "status": "N", "covert": "",
           "arrest.arrested_at": word(), "arrest.offence": word()}
    rows[1:1] = [",".join(bad.get(c, "") for c in columns), f'{word()},"{word()}"{word()}']
    path.write_bytes("\r\n".join(rows).encode())


if __name__ == "__main__":
    main()
