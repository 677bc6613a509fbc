"""The council's housing workbook: five sheets, as they stand that night."""
from datetime import timedelta

from . import cast as homes
from .story import tenancies
from .tables import File, tally
from .workbook import workbook

SHEETS = {
    "PROPERTY": "PROPREF UPRN ADDR1 ADDR2 ADDR3 ADDR4 POSTCODE PROPTYPE BEDROOMS WARD AREAOFFICE STATUS".split(),
    "PERSON": "PERSREF TITLE FORENAME SURNAME DOB SEX NINO ETHNIC TELHOME TELMOB".split(),
    "TENANCY": "TENREF PROPREF TENURE START END END_REASON RENT BALANCE ARREARS_STAGE".split(),
    "OCCUPANT": "TENREF PERSREF ROLE START END".split(),
    "EVENTS": "TENREF DATE TYPE RESULT AMOUNT".split(),
}
TITLES = {"M": "MR", "F": "MS"}


def moved(facts: dict, index: int) -> dict:
    """A week's rent falls due on the second night; some people pay."""
    if index >= 1 and not facts["end"]:
        paid = facts["rent"] * (int(facts["balance"] * 100) % 3)
        return facts | {"balance": round(facts["balance"] + facts["rent"] - paid, 2)}
    return facts


def found(world, night) -> list:
    """(person, home, role, tenancy, outcome) for every occupant."""
    out = []
    for key, role, facts in tenancies(world.cast, night):
        person = world.cast[key]
        home = homes.FENNEL_GROVE if facts.get("home") else person.home
        outcome = "refused" if key == "test" else "skipped" if role == "3" else "mapped"
        out.append((person, home, role, {"end": None, "end_reason": ""} | facts, outcome))
    for person in world.crowd:
        if person.tenancy:
            facts = moved(person.tenancy, world.index(night))
            out.append((person, person.home, facts["role"], facts, "skipped" if facts["role"] == "3" else "mapped"))
    return out


def lost_zeros(rows: list) -> tuple:
    """Two of the crowd whose references a clerk typed as numbers: a property, and a person in two sheets."""
    plain = [i for i, (person, _, role, _, outcome) in enumerate(rows) if outcome == "mapped" and role == "1" and not person.story and not person.nominal]
    return plain[3], plain[8]


def write(world, night) -> File:
    rows = found(world, night)
    rows = [(p, h, r, f, o) for p, h, r, f, o in rows]
    lost_property, lost_person = lost_zeros(rows)
    for i in (lost_property, lost_person):
        person, home, role, facts, _ = rows[i]
        rows[i] = (person, home, role, facts, "refused")
    sheets = {name: (columns, []) for name, columns in SHEETS.items()}
    seen = set()
    for i, (person, home, role, facts, _) in enumerate(rows):
        persref = int(person.persref) if i == lost_person else person.persref
        propref = int(facts["propref"]) if i == lost_property else facts["propref"]
        sheets["OCCUPANT"][1].append([facts["tenref"], persref, role, facts["start"], facts["end"]])
        if person.persref not in seen:
            seen.add(person.persref)
            sheets["PERSON"][1].append(person_row(person))
        if facts["tenref"] in seen:
            continue
        seen.add(facts["tenref"])
        sheets["TENANCY"][1].append([facts["tenref"], propref, facts["tenure"], facts["start"], facts["end"], facts["end_reason"], facts["rent"], facts["balance"], facts["stage"]])
        sheets["PROPERTY"][1].append(property_row(home, facts))
        sheets["EVENTS"][1].extend([facts["tenref"], *event] for event in facts["events"] if event[0] <= night)
    # An old property that nobody lives in, and an event of a tenancy that is no longer exported.
    sheets["PROPERTY"][1].append(["00000017", "72000017", "1 Fuller Court", "Hunslet", "Leeds", "", "LS10 2ZA", "FLAT", 1, "City & Hunslet", "SOUTH", "VOID"])
    sheets["EVENTS"][1].append(["0001001/01", night - timedelta(days=400), "EVICTION", "DONE", None])
    return File("lcc", "lcc-orchard", f"ORCHARD_{night:%Y%m%d}.xlsx", workbook(sheets), tally(o for *_, o in rows))


def person_row(person) -> list:
    """Space-padded, as the housing system keeps its names."""
    born = person.birth.strftime("%d/%m/%Y")
    return [person.persref, TITLES[person.sex], person.forenames.ljust(20), person.surname.ljust(24), born, person.sex, person.nino, person.ethnicity, "", "07000 900123"]


def property_row(home, facts) -> list:
    number = int(facts["propref"])
    uprn = f"72{number:06d}"
    street = list(home.lines) + [""] * (4 - len(home.lines))
    return [facts["propref"], uprn, *street, home.postcode, "HOUSE" if number % 2 else "FLAT", 1 + number % 4, home.ward, home.office, "LET"]
