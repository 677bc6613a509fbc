"""What the police hold of the most sensitive: domestic violence, child protection, intelligence."""
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from . import opendocument
from .rows import delimited, nominal, some
from .story import N17, N18, N19
from .tables import File, tally

PERPETRATORS = ["NOMINAL", "NAME", "INCIDENTS", "LAST INCIDENT", "LEVEL", "MARAC", "SUMMARY", "STATE", "OFFICER"]
AT_RISK = ["PERPETRATOR", "VICTIM REF", "VICTIM", "ADDRESS", "TOWN", "RELATION", "LEVEL", "CHILDREN", "SAFETY PLAN", "REVIEWED"]
INTELLIGENCE = ["URN", "State", "Date of report", "Marking", "Source", "Intelligence", "Handling", "Sensitive", "Subject nominal", "Subject surname", "Subject forename", "Category",
                "Date of event", "Associate", "Place", "Text", "Reporting officer"]
# Names, places and words of other people, which no bundle may hold.
NOTES = ("Kerry-Ann Applegarth", "Mirelle Stopforth", "Odette Quennell", "9 Bracken Close", "30 Teasel Court", "canary-dv-summary", "canary-safety", "Rowan Applegarth", "Lily Beckwith-Shaw",
         "canary-child-report", "canary-child-restricted", "Dezzy Farrant", "Fuller Court garages", "canary-intelligence", "canary-secret")


def register(world, night) -> File:
    """The register as it stands: one row a perpetrator, and those now at risk."""
    later, last = night >= N18, night >= N19
    summary = "Calls to one address, drink each time (canary-dv-summary)"
    rows = [("connor", [4 if later else 3, date(2008, 11, 17) if later else date(2008, 10, 4), "HIGH" if later else "MEDIUM", "Y", summary, "OPEN"], "mapped"),
            ("craig", [2, date(2008, 6, 21), "HIGH", "Y", summary, "ERROR" if last else "OPEN"], "mapped"),
            ("tyler", [1, date(2008, 9, 13), "STANDARD", "N", "", "OPEN"], "mapped"), ("danielle", [1, date(2007, 12, 26), "NOT ASSESSED", "N", "", "CLOSED"], "mapped"),
            ("declan", [1, date(2008, 1, 1), "STANDARD", "N", "", "CLOSED"], "mapped"), ("gary", ["several", date(2008, 1, 1), "MEDIUM", "N", "", "OPEN"], "refused"),
            ("test", [1, date(2008, 1, 1), "STANDARD", "N", "", "OPEN"], "refused")]
    found = [(world.cast[key], row, outcome) for key, row, outcome in rows]
    for person, _, rng in some(world, "domestic", 0.06):
        found.append((person, [rng.randrange(1, 6), date(2008, rng.randrange(1, 11), 9), rng.choice(("STANDARD", "MEDIUM")), "N", "", "OPEN"], "mapped"))
    risk = lambda key, ref, name, street, relation, level, reviewed: [nominal(world, world.cast[key]), ref, name, street, "Leeds", relation, level, 1, "Alarm fitted (canary-safety)", reviewed]
    at_risk = [risk("connor", "V-0060", "Odette Quennell", "1 Loom Place", "EX-PARTNER", "STANDARD", date(2007, 2, 2)),
               risk("connor", "V-0071", "Kerry-Ann Applegarth", "9 Bracken Close", "PARTNER", "HIGH", date(2008, 10, 6)),
               risk("craig", "V-0072", "Mirelle Stopforth", "30 Teasel Court", "EX-WIFE", "HIGH", date(2008, 7, 1))]
    sheets = {"PERPETRATORS": (PERPETRATORS, [[nominal(world, p), p.surname, *row, "PC 2210"] for p, row, _ in found]), "AT_RISK": (AT_RISK, at_risk)}
    return File("wyp", "wyp-domestic", f"DV_REGISTER_{night:%Y%m%d}.ods", opendocument.workbook(sheets), tally(o for *_, o in found))


def reports(night) -> list:
    """(person, restricted, attributes, status, concern, child, outcome)"""
    text = "Seen at home; the child says little.\n(canary-child-report)"
    first = [("lorraine", "no", "CP/08/0311", "new", "2008-09-30", "CPP", "DV", "Lily Beckwith-Shaw", text, "mapped"),
             ("connor", "no", "CP/08/0290", "new", "2008-08-11", "S47", "UNSAFE ADULT", "Rowan Applegarth", text, "mapped"),
             ("declan", "no", "CP/08/0291", "new", "2008-08-11", "NFA", "OTHER", "Rowan Applegarth", text, "mapped"),
             ("shanelle", "yes", "CP/08/0402", "new", "2008-11-03", "S47", "NEGLECT", "Rowan Applegarth", "canary-child-restricted", "refused"),
             ("wayne", "no", "CP/06/0118", "new", "2006-03-14", "CPR", "NEGLECT", "Rowan Applegarth", text, "refused"),
             ("test", "no", "CP/08/0000", "new", "2008-01-01", "S47", "NEGLECT", "Test", text, "refused")]
    second = [("lorraine", "no", "CP/08/0311", "changed", "2008-09-30", "CIN", "DV", "Lily Beckwith-Shaw", text, "mapped")]
    third = [("connor", "no", "CP/08/0290", "deleted", "2008-08-11", "NFA", "UNSAFE ADULT", "Rowan Applegarth", text, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def child_protection(world, night) -> File:
    body = []
    for key, restricted, ref, action, day, status, concern, child, text, _ in reports(night):
        person = world.cast[key]
        body.append(f'  <Subject nominal="{nominal(world, person)}" restricted="{restricted}"><Surname>{escape(person.surname)}</Surname><Forenames>{escape(person.forenames)}</Forenames>\n'
                    f"    <Report ref={quoteattr(ref)} action={quoteattr(action)}><Reported>{day}</Reported><Status>{status}</Status><Concern>{concern}</Concern>"
                    f"<Child><Name>{escape(child)}</Name><DateOfBirth>2003-04-05</DateOfBirth><School>Copse Primary</School></Child><Text>{escape(text)}</Text><Officer>PC 2210</Officer></Report>\n"
                    f"  </Subject>\n")
    data = f'<?xml version="1.0" encoding="UTF-8"?>\n<Reports>\n{"".join(body)}</Reports>\n'.encode("utf-8")
    return File("wyp", "wyp-child-protection", f"CPU_REPORTS_{night:%Y%m%d}.xml", data, tally(row[-1] for row in reports(night)))


def intelligence(world, night) -> File:
    row = lambda urn, grade, kind, **more: {"URN": urn, "Source": grade[0], "Intelligence": grade[1], "Handling": grade[2], "Category": kind, "Date of event": "15/11/2008",
                                           "Associate": "Dezzy Farrant", "Place": "Fuller Court garages", "Text": "Seen together twice.\r\n\"Sells for him\" (canary-intelligence)."} | more
    met = row("INT/08/4471", "B21", "ASC")
    first = [("connor", met, "mapped"), ("connor", row("INT/08/4472", "E44", "DRG", Sensitive="Y"), "mapped"), ("craig", row("INT/08/4480", "C35", "PROP"), "mapped"),
             ("tyler", row("INT/08/4481", "B22", "VEH"), "mapped"), ("declan", met, "mapped"), ("wayne", row("INT/08/4473", "B20", "OFF"), "refused"),
             ("leon", row("INT/08/4474", ("B", "2", ""), "OFF"), "refused"), ("gary", row("INT/08/4475", "A11", "WPN", Marking="SECRET", Text="canary-secret"), "refused"),
             ("ryan", row("INT/08/4476", "B2P", "OFF"), "refused"), ("test", row("INT/08/0000", "B21", "OFF"), "refused")]
    second = [("connor", met | {"State": "AMENDED", "Intelligence": "3"}, "mapped")]
    third = [("connor", met | {"State": "DELETED", "Intelligence": "3"}, "mapped")]
    found = []
    for key, told, outcome in {N17: first, N18: second, N19: third}.get(night, []):
        person = world.cast[key]
        plain = {"State": "LIVE", "Date of report": "16/11/2008", "Marking": "RESTRICTED", "Sensitive": "N", "Subject nominal": nominal(world, person), "Subject surname": person.surname,
                 "Subject forename": person.first, "Reporting officer": "DC 118"}
        found.append((plain | told, outcome))
    return delimited(night, "wyp", "wyp-intelligence", "INTEL_LOG", INTELLIGENCE, found, encoding="cp1252", trailer="END")


def write(world, night) -> list:
    return [register(world, night), child_protection(world, night), intelligence(world, night)]
