"""The daily release list of the prisons: semicolons, Windows-1252, titles above and a count below."""
import unicodedata
from datetime import timedelta

from .story import releases, uk
from .tables import File, lines, tally

COLUMNS = ("Establishment;Report date;Prison number;Booking number;PNC;CRO;Surname;Forenames;DOB;Sex;Ethnicity;Release date;Release time;Movement type;Reason;"
           "Length;SED;LED;CRD;ARD;HDCAD;ECL date;Licence;Licence type;Release address 1;Release address 2;Release address 3;Release address 4;Postcode;Address type;"
           "Probation area;Office;Offender manager;PPO;MAPPA level;ACCT open;DIP;Tag (HDC);Status").split(";")
OFFICES = {"YSW": ("Leeds Waterloo House", "J Pickersgill"), "13YA": ("YOT North", "R Amos"), "13YB": ("YOT East", "L Mistry"), "13YC": ("YOT South", "D Crabtree"),
           "13YD": ("YOT West", "H Ashworth")}


def narrow(text: str) -> bytes:
    """The text as a Windows-1252 system has it: letters beyond that page lose their marks."""
    def letter(c: str) -> bytes:
        try:
            return c.encode("cp1252")
        except UnicodeEncodeError:
            return unicodedata.normalize("NFD", c)[0].encode("cp1252")
    return b"".join(letter(c) for c in text)


def plain(person, night) -> dict:
    """What the list says of anybody."""
    home = person.home
    row = {"Establishment": "LEI", "Report date": uk(night), "Prison number": person.prison, "PNC": person.pnc, "CRO": person.cro, "Surname": person.surname.upper(),
           "Forenames": person.forenames.upper(), "DOB": uk(person.birth), "Sex": person.sex, "Ethnicity": person.ethnicity, "Release time": "09:00",
           "Postcode": home.postcode, "Address type": "DPH", "Probation area": "YSW", "PPO": "Y" if person.cohort[:1] == ("PPO",) else "N", "ACCT open": "N",
           "DIP": "N", "Tag (HDC)": "N", "Licence": "Y", "Status": "N"}
    row |= {f"Release address {i}": line for i, line in enumerate(home.lines, 1)}
    row["Surname"] = row["Surname"].replace("'", "\u2019") if person.surname.startswith("O'N") else row["Surname"]
    return row


def crowd(person, night, index) -> tuple:
    """The row of one of the crowd on this night, or nothing."""
    facts = person.release
    age = index - facts["offset"]
    changed = age == 1 and facts["later"] < 0.15
    cancelled = age == 2 and 0.15 <= facts["later"] < 0.22
    if age != 0 and not changed and not cancelled:
        return None
    day = facts["day"] + timedelta(days=3 if changed else 0)
    row = plain(person, night)
    row |= {"Establishment": facts["prison"], "Booking number": facts["booking"], "Movement type": facts["movement"], "Reason": facts["reason"],
            "Release date": uk(day), "Release time": facts["time"], "Length": f"{facts['months'] // 12}Y{facts['months'] % 12}M0D", "Probation area": facts["area"],
            "Address type": facts["type"], "MAPPA level": facts["mappa"], "Tag (HDC)": "Y" if facts["reason"] == "HR" else "N",
            "Licence": "N" if facts["reason"] in ("AR", "SC", "PF") else "Y"}
    half = timedelta(days=facts["months"] * 15)
    row |= {"SED": uk(facts["day"] + half), "LED": uk(facts["day"] + half)}
    if facts["column"]:
        row[facts["column"]] = uk(day)
    if facts["column"] in ("ECL date", "HDCAD"):
        row["CRD"] = uk(facts["day"] + timedelta(days=18 if facts["column"] == "ECL date" else 60))
    if facts["type"] == "DNF":
        row |= {"Release address 1": "NFA", "Release address 2": "", "Release address 3": "", "Postcode": ""}
    return row, ("X" if cancelled else "C" if changed else "N")


def rows(world, night) -> list:
    out = []
    for key, differences, outcome in releases(world.cast, night):
        row = plain(world.cast[key], night) | differences
        out.append((row, outcome))
    for person in world.crowd:
        if person.release and (found := crowd(person, night, world.index(night))):
            out.append((found[0] | {"Status": found[1]}, "mapped"))
    for row, _ in out:
        office, manager = OFFICES.get(row["Probation area"], ("", ""))
        row |= {"Office": office, "Offender manager": manager}
    return out


def write(world, night) -> File:
    found = rows(world, night)
    bare = {i for i, (row, _) in enumerate(found) if row["Prison number"] == world.cast["aidan"].prison}
    body = lines(COLUMNS, [row for row, _ in found], ";", bare)
    head = ["HM PRISON SERVICE - DAILY RELEASE LIST", f"Yorkshire and Humberside;Printed {uk(night)} 03:40"]
    text = "\r\n".join([*head, *body, f"ROWS;{len(found)}", ""])
    return File("hmps", "hmps-releases", f"HMPS_RELEASES_{night:%Y%m%d}.csv", narrow(text), tally(o for _, o in found))
