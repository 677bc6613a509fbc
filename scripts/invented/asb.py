"""The council's Anti Social Behaviour Unit: cases, what is done about them, and what is learned on the way."""
from datetime import date, timedelta

from .rows import delimited, some
from .story import N17, N18, N19
from .tables import File, tally
from .workbook import workbook

CASES = ["Change", "Case ref", "Received", "Perp ref", "Perp forename", "Perp surname", "Perp DOB", "Perp sex", "Perp address", "Perp postcode", "Category", "Ward", "Status",
         "Complainant forename", "Complainant surname", "Complainant address", "Complainant telephone", "Details", "Case officer", "Estate"]
ACTIONS = ["ACTIONREF", "CASEREF", "PERPREF", "SURNAME", "TYPE", "STAGE", "DATE", "EXPIRES", "COURT", "HEARING", "TERMS", "EXCLUSION", "SOLICITOR", "COSTS", "COMMENTS", "ENTRY"]
INTELLIGENCE = ["Log ref", "Case ref", "Perp ref", "Surname", "About", "On", "With", "Where", "Town", "What", "Told by", "Officer", "Withdrawn"]
# The unit's own numbers of those whom it knows.
PERPS = {"tyler": "P00417", "danielle": "P00501", "connor": "P00420", "declan": "P00421", "lorraine": "P00388", "kieran": "P00460", "kyle": "P00473", "test": "P00000"}
# Names, places and words of other people, which no bundle may hold.
NOTES = ("Doreen Holdcroft", "Basil Umpleby", "canary-complaint", "Nige Tarrant", "Gantry Street bookmaker", "canary-asb-intelligence", "canary-comment")
DETAIL = "Shouts in the street after midnight; \"knows where we live\" (canary-complaint)."


def oracle(day: date) -> str:
    return f"{day:%d-%b-%y}".upper()


def perp(world, person) -> str:
    for key, number in PERPS.items():
        if world.cast[key] is person:
            return number
    return f"P{7_000 + world.crowd.index(person):05d}"


def cases_story(night) -> list:
    row = lambda ref, day, kind, status, change="NEW", **more: {"Change": change, "Case ref": ref, "Received": oracle(day), "Category": kind, "Status": status,
                                                               "Complainant forename": "Doreen", "Complainant surname": "Holdcroft", "Details": DETAIL} | more
    tyler = row("ASB/08/1177", date(2008, 11, 5), "Youths causing nuisance", "INV")
    connor = row("ASB/08/1180", date(2008, 11, 10), "Noise", "NEW")
    first = [("tyler", tyler, "mapped"), ("danielle", row("ASB/08/0940", date(2008, 8, 27), "Verbal abuse", "ACT"), "mapped"), ("connor", connor, "mapped"),
             ("declan", connor, "mapped"),                                                     # the same case: another person
             ("lorraine", row("ASB/08/0611", date(2008, 5, 19), "Noise", "CLO", **{"Complainant forename": "", "Complainant surname": "ANONYMOUS"}), "mapped"),
             ("kieran", row("ASB/08/1101", date(2008, 10, 20), "Damage / graffiti", "MON"), "mapped"),
             ("kyle", row("ASB/08/1033", date(2008, 9, 29), "Vehicles", "INV"), "mapped"),
             ("lorraine", row("ASB/08/1181", date(2008, 11, 10), "Rubbish", "NEW", **{"Perp ref": "P00999", "Perp surname": "NOT KNOWN", "Perp forename": "", "Perp DOB": ""}), "refused"),
             ("lorraine", row("ASB/08/1182", date(2008, 11, 11), "Loud cars", "NEW"), "refused"),  # a category nobody has explained
             ("test", row("ASB/08/0000", date(2008, 1, 1), "Noise", "NEW"), "refused")]
    second = [("tyler", tyler | {"Change": "UPD", "Status": "MON"}, "mapped")]
    third = [("connor", connor | {"Change": "DEL", "Status": "CLO"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def cases_crowd(world, night):
    for number, (person, when, rng) in enumerate(some(world, "asb", 0.12, lambda p: p.age(N17) < 45)):
        if when == world.index(night):
            yield person, {"Change": "NEW", "Case ref": f"ASB/08/{2_000 + number}", "Received": oracle(night - timedelta(days=rng.randrange(1, 60))),
                           "Category": rng.choice(("Noise", "Verbal abuse", "Drugs", "Vehicles", "Rubbish", "Harassment")), "Status": rng.choice(("NEW", "INV", "ACT", "MON", "CLO")),
                           "Complainant forename": "Basil", "Complainant surname": "Umpleby", "Details": DETAIL}, "mapped"


def cases(world, night) -> File:
    found = []
    for person, row, outcome in [*((world.cast[k], r, o) for k, r, o in cases_story(night)), *cases_crowd(world, night)]:
        plain = {"Perp ref": perp(world, person), "Perp forename": person.forenames, "Perp surname": person.surname, "Perp DOB": oracle(person.birth), "Perp sex": person.sex,
                 "Perp address": person.home.lines[0], "Perp postcode": person.home.postcode, "Ward": person.home.ward, "Complainant address": "12 Cobbler Court",
                 "Complainant telephone": "0113 496 0417", "Case officer": "JM"}
        found.append((plain | row, outcome))
    head = ["Leeds City Council;Anti Social Behaviour Unit", f"Changes of {night:%d %B %Y}"]
    return delimited(night, "lcc", "lcc-asb-cases", "ASB_CASES", CASES, found, ";", "utf-8-sig", head=head, trailer="TOTAL")


def actions_rows(night) -> list:
    later, last = night >= N18, night >= N19
    row = lambda ref, kind, stage, day, expires, court="n/a", hearing=None, terms="", area="", entry="Y": [ref, kind, stage, day, expires, court, hearing, terms, area, entry]
    return [
        ("tyler", row("A-2201", "ABC", "n/a", date(2008, 10, 6), date(2009, 4, 5), terms="Group ban"), "mapped"),
        ("tyler", row("A-2050", "ASBO", "Granted", date(2008, 5, 27), date(2010, 5, 26), "LYC", date(2008, 5, 27), "Group ban", "Kiln Garth and Copse Row"), "mapped"),
        ("danielle", row("A-1904", "ASBO", "Granted", date(2008, 3, 3), date(2010, 3, 2), "LMC", date(2008, 3, 3), "Exclusion zone", "Carder Close and Wortley Road"), "mapped"),
        ("danielle", row("A-2240", "POSS", "Applied", date(2008, 11, 10), None, "LCC", date(2008, 12, 16 if later else 9)), "mapped"),
        ("connor", row("A-2190", "LETTER", "n/a", date(2008, 11, 6), "31/12/9999", terms="No noise", entry="VOID" if last else "Y"), "mapped"),
        ("connor", row("A-2251", "INJ-PA", "Interim" if last else "Proposed", date(2008, 11, 14), None, "LCC", date(2008, 11, 27), "Exclusion zone", "Copse Row"), "mapped"),
        ("lorraine", row("A-1790", "UND", "n/a", date(2008, 6, 2), date(2008, 12, 1), terms="No visitors"), "mapped"),
        ("declan", row("A-2191", "LETTER", "n/a", date(2008, 11, 6), None, terms="No noise"), "mapped"),
        ("kieran", row("A-2254", "INJ", "", date(2008, 11, 14), None, "LCC"), "refused"),
        ("test", row("A-0000", "LETTER", "n/a", date(2008, 1, 1), None), "refused"),
    ]


def actions(world, night) -> File:
    found = [(world.cast[key], row, outcome) for key, row, outcome in actions_rows(night)]
    for number, (person, _, rng) in enumerate(some(world, "asb", 0.12, lambda p: p.age(N17) < 45)):
        issued = N17 - timedelta(days=rng.randrange(1, 50))
        kind = rng.choice(("LETTER", "INTERVIEW", "ABC", "POSS"))
        ends = issued + timedelta(days=182) if kind == "ABC" else None
        court = ("LCC", N17 + timedelta(days=30)) if kind == "POSS" else ("n/a", None)
        row = [f"A-{3_000 + number}", kind, "Applied" if kind == "POSS" else "n/a", issued, ends, *court, "Support" if kind == "ABC" else "", "", "Y"]
        found.append((person, row, "mapped"))
    sheet = []
    for person, (ref, kind, stage, day, expires, court, hearing, terms, area, entry), _ in found:
        sheet.append([ref, "", perp(world, person), person.surname, kind, stage, day, expires, court, hearing, terms, area, "", None, "canary-comment", entry])
    return File("lcc", "lcc-asb-actions", f"ASB_ACTIONS_{night:%Y%m%d}.xlsx", workbook({"Actions": (ACTIONS, sheet)}), tally(o for *_, o in found))


def intelligence(world, night) -> File:
    row = lambda ref, about, **more: {"Log ref": ref, "About": about, "On": "12/11/08", "With": "Nige Tarrant", "Where": "Gantry Street bookmaker", "Town": "Leeds",
                                      "What": "Takes parcels in, lets people in by the back (canary-asb-intelligence)", "Told by": "Doreen Holdcroft", "Officer": "JM", "Withdrawn": "No"} | more
    first = [("danielle", row("L-0908", "Associates"), "mapped"), ("connor", row("L-0912", "Use of premises"), "mapped"), ("declan", row("L-0912", "Use of premises"), "mapped"),
             ("kyle", row("L-0901", "Associates"), "mapped"), ("lorraine", row("L-0913", "Drugs", **{"Perp ref": "NONE"}), "refused"), ("test", row("L-0000", "Drugs"), "refused")]
    second = [("connor", row("L-0912", "Drugs"), "mapped")]
    third = [("danielle", row("L-0908", "Associates", Withdrawn="Yes"), "mapped")]
    found = []
    for key, told, outcome in {N17: first, N18: second, N19: third}.get(night, []):
        person = world.cast[key]
        found.append(({"Perp ref": perp(world, person), "Surname": person.surname} | told, outcome))
    return delimited(night, "lcc", "lcc-asb-intelligence", "ASB_INTEL", INTELLIGENCE, found, encoding="cp1252")


def write(world, night) -> list:
    return [cases(world, night), actions(world, night), intelligence(world, night)]
