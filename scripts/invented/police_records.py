"""What the police hold beside their list: custody records, convictions, and the offender management team's workbook."""
from datetime import date, timedelta

from .rows import delimited, nominal, some
from .story import N17, N18, N19, uk
from .tables import File, tally
from .workbook import workbook

CUSTODY = ["Status", "Custody ref", "Nominal", "PNCID", "Surname", "Forenames", "DOB", "ASN", "Arrest date", "Arrest time", "Station", "Offence", "Disposal", "Arresting officer",
           "Risk assessment", "Circumstances", "Test date", "Test time", "Test result", "Drug found", "Disputed", "RA type", "RA date", "RA time", "RA remained", "ROB status",
           "ROB from", "ROB to", "ROB complied"]
CONVICTIONS = {"ACTION": 1, "REQREF": 10, "PNCID": 13, "NAME": 34, "DOB": 8, "COURT CASE REF": 16, "OFF SEQ": 2, "CONV DATE": 8, "COURT": 4, "HO CLASS": 5, "OFFENCE TITLE": 24,
               "PLEA": 1, "RESULT": 4, "AMOUNT": 8}
PLAN_HEADS = [["Action", "", "", "Person", "", "", "Plan", "", "", "", "", "Task", "", "", ""],
              ["Ref", "Type", "Sensitive", "Nominal", "Name", "Area", "What", "Who", "By when", "Status", "Note", "Task", "Where", "When", "Officer"]]
# Words of free text that must be nowhere but in the store.
NOTES = ("canary-circumstances", "canary-plan-note", "canary-task", "canary-covert", "PC Oakenshaw", "19 Mistal Fold", "Ivy Ramscroft")
TEXT = "Detained by store staff.\r\nWitness Ivy Ramscroft; says \u201cnot me\u201d (canary-circumstances)."


def custody_story(night) -> list:
    connor = {"Custody ref": "13L7/08/014077", "Arrest date": "14/11/2008", "Arrest time": "23:15", "Offence": "TH68010", "Disposal": "CHARGED CB", "Circumstances": TEXT,
              "Test date": "15/11/2008", "Test time": "00:40", "Test result": "POS", "Drug found": "OPI", "Disputed": "N", "RA type": "RA1", "RA date": "18/11/2008",
              "RA time": "10:00", "ROB status": "IMPOSED", "ROB from": "15/11/2008"}
    rafiq = {"Custody ref": "13L6/08/009120", "Arrest date": "10/11/2008", "Arrest time": "02:05", "Station": "13L6", "Offence": "TH68050", "Disposal": "BAIL 47(3)"}
    tyler = {"Custody ref": "13L5/08/004410", "Arrest date": "12/11/2008", "Arrest time": "17:40", "Station": "13L5", "Offence": "CD71039", "Disposal": "FINAL WARNING",
             "Test date": "12/11/2008", "Test time": "18:30", "Test result": "NEG", "Drug found": "NONE", "Disputed": "N", "RA type": "RA1", "RA date": "24/11/2008", "RA time": "15:30"}
    jordan = {"Custody ref": "13L7/08/013950", "Arrest date": "01/11/2008", "Arrest time": "21:20", "Offence": "MD71220", "Disposal": "CHARGED UB", "Test date": "01/11/2008",
              "Test time": "22:10", "Test result": "POS", "Drug found": "COC", "Disputed": "Y", "RA type": "RA1", "RA date": "24/11/2008", "RA time": "11:00"}
    one = lambda ref, day, offence, disposal, **more: {"Custody ref": ref, "Arrest date": day, "Arrest time": "09:05", "Offence": offence, "Disposal": disposal} | more
    first = [("connor", connor, "mapped"), ("rafiq_son", rafiq, "mapped"), ("tyler", tyler, "mapped"), ("jordan", jordan, "mapped"),
             ("shanelle", one("13L7/08/012204", "02/10/2008", "TH68072", "NFA"), "mapped"), ("dominic", one("13B5/08/031177", "04/11/2008", "TH68037", "RELEASED", Station="13B5"), "mapped"),
             ("kieran", one("13L7/08/014101", "16/11/2008", "TH68036", "CHARGED REM"), "mapped"), ("declan", one("13L7/08/014078", "14/11/2008", "TH68010", "CAUTION"), "mapped"),
             ("nathaniel", one("13L6/08/008805", "27/10/2008", "TH68010", "CHARGED CB", **{"Station": "13L6", "Test date": "27/10/2008", "Test time": "11:00", "Test result": "POS",
              "Drug found": "OPI", "Disputed": "N", "RA type": "RA1", "RA date": "30/10/2008", "RA time": "10:00", "RA remained": "N", "ROB status": "IMPOSED",
              "ROB from": "27/10/2008", "ROB complied": "N"}), "mapped"),
             ("lorraine", one("13L6/08/009131", "11/11/2008", "TH68010", "VOLUNTARY"), "skipped"),
             ("gary", one("13L7/08/014066", "13/11/2008", "102", "NFA"), "refused"),             # an offence code cut short
             ("aidan", one("13L7/08/014070", "13/11/2008", "CJ67002", "PND", Nominal="-"), "refused"),
             ("test", one("13L7/08/000000", "01/01/2008", "TH68010", "NFA"), "refused"), ("connor", connor, "duplicate")]
    second = [("connor", connor | {"Status": "C", "Disposal": "CHARGED UB", "RA remained": "Y", "ROB status": "CONTINUED", "ROB to": "15/12/2008", "ROB complied": "Y"}, "mapped"),
              ("danielle", one("13L7/08/014140", "17/11/2008", "BA76005", "WARRANT"), "mapped")]
    third = [("rafiq_son", rafiq | {"Status": "X"}, "mapped"),
             ("connor", connor | {"Status": "C", "Disposal": "CHARGED UB", "ROB status": "CONTINUED", "ROB to": "15/12/2008", "ROB complied": "Y", "RA type": "RA4", "RA date": "25/11/2008", "RA time": "14:00"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def custody_crowd(world, night):
    offences = ("TH68010", "TH68036", "TH68007", "MD71211", "CJ88116", "CD71039", "CJ67002", "TH68050", "BA76001")
    for number, (person, when, rng) in enumerate(some(world, "custody", 0.16)):
        if when != world.index(night):
            continue
        day = night - timedelta(days=rng.randrange(1, 20))
        row = {"Custody ref": f"13L7/08/{20_000 + number:06d}", "Arrest date": uk(day), "Arrest time": f"{rng.randrange(24):02d}:{rng.randrange(60):02d}", "Offence": rng.choice(offences),
               "Disposal": rng.choice(("CHARGED UB", "CHARGED CB", "BAIL 47(3)", "NFA", "CAUTION")), "Station": rng.choice(("13L7", "13L7", "13L6", "13L5"))}
        if rng.random() < 0.5:
            result, drug = rng.choice((("POS", "OPI"), ("POS", "BOTH"), ("NEG", "NONE"), ("REF", "-")))
            row |= {"Test date": uk(day), "Test time": "23:50", "Test result": result, "Drug found": drug, "Disputed": "N"}
            if result == "POS":
                row |= {"RA type": "RA1", "RA date": uk(day + timedelta(days=3)), "RA time": "10:00"}
        yield person, row, "mapped"


def custody(world, night) -> File:
    found = []
    for person, row, outcome in [*((world.cast[k], r, o) for k, r, o in custody_story(night)), *custody_crowd(world, night)]:
        plain = {"Status": "N", "Nominal": nominal(world, person), "PNCID": person.pnc or "-", "Surname": person.surname.replace("Ś", "S"), "Forenames": person.forenames,
                 "DOB": uk(person.birth), "Station": "13L7", "Arresting officer": "4471"}
        found.append((plain | row, outcome))
    return delimited(night, "wyp", "wyp-custody", "CUSTODY", CUSTODY, found, "|", "cp1252", trailer="*** END OF EXTRACT ***")


def convictions_story(night) -> list:
    row = lambda case, seq, day, offence, result, court="2577", action="A": {"ACTION": action, "COURT CASE REF": case, "OFF SEQ": seq, "CONV DATE": day, "HO CLASS": offence,
                                                                            "RESULT": result, "COURT": court}
    first = [("connor", row("07/2577/001402", "01", "20070312", "02800", "1002"), "mapped"), ("connor", row("07/2577/001402", "02", "20070312", "05400", "1057"), "mapped"),
             ("connor", row("07/2577/001402", "03", "20070312", "04910", "2004"), "skipped"), ("tyler", row("08/2578/000311", "01", "20080527", "05800", "1097", "2578"), "mapped"),
             ("danielle", row("08/2577/002210", "01", "20080819", "04600", "1116"), "mapped"), ("jordan", row("08/2578/000402", "01", "20080903", "04800", "1090", "2578"), "mapped"),
             ("wayne", row("05/0412/000877", "01", "20050621", "03401", "1002", "0412"), "mapped"), ("craig", row("06/0412/000120", "01", "20060208", "07770", "1002", "0412"), "mapped"),
             ("declan", row("06/2577/003301", "01", "20060914", "04600", "1015"), "mapped"), ("gary", row("04/2577/000019", "01", "20040109", "102", "1015"), "refused"),
             ("test", row("99/2577/000000", "01", "20080101", "04600", "1015"), "refused")]
    second = [("connor", row("07/2577/001402", "01", "20070312", "02800", "1115", action="U"), "mapped")]
    third = [("connor", row("07/2577/001402", "02", "20070312", "05400", "1057", action="D"), "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def convictions_crowd(world, night):
    for number, (person, when, rng) in enumerate(some(world, "convictions", 0.3, lambda p: p.pnc and p.age(N17) >= 18)):
        if when != world.index(night):
            continue
        for seq in range(1, rng.choice((2, 2, 3, 4))):
            yield person, {"ACTION": "A", "COURT CASE REF": f"07/2577/{5_000 + number:06d}", "OFF SEQ": f"{seq:02d}", "CONV DATE": f"200{rng.randrange(3, 8)}{rng.randrange(1, 13):02d}14",
                           "HO CLASS": rng.choice(("02800", "03000", "04600", "04500", "05400", "09261", "10501", "05800")),
                           "RESULT": rng.choice(("1002", "1015", "1116", "1018", "1115")), "COURT": rng.choice(("2577", "2577", "0412", "2576"))}, "mapped"


def convictions(world, night) -> File:
    """Each cell as wide as the printer made it; the last columns are blank for the rest."""
    found = []
    for person, row, outcome in [*((world.cast[k], r, o) for k, r, o in convictions_story(night)), *convictions_crowd(world, night)]:
        surname = person.surname.replace("Ś", "S")
        plain = {"REQREF": nominal(world, person), "PNCID": person.pnc, "NAME": f"{surname}/{person.forenames.upper()}", "DOB": f"{person.birth:%d%m%Y}", "PLEA": "G"} | row
        found.append(({c: plain.get(c, "").ljust(width) for c, width in CONVICTIONS.items()}, outcome))
    return delimited(night, "wyp", "wyp-convictions", "PNC_CONV", list(CONVICTIONS), found, encoding="iso-8859-1", trailer="RECORDS")


def plan_rows(night) -> list:
    later, last = night >= N18, night >= N19
    plan = lambda ref, what, who, due, status="Agreed", note="", sensitive="N": [ref, "PLAN", sensitive, what, who, due, status, note, "", "", "", ""]
    task = lambda ref, text, place, when, sensitive="N": [ref, "TASK", sensitive, "", "", "", "", "", text, place, when, "PC Oakenshaw"]
    return [
        ("connor", plan("AP-0101", "Visit", "Police", date(2008, 11, 19)), "mapped"),
        ("connor", plan("AP-0102", "Joint visit", "ASBU", date(2008, 11, 26 if later else 24), "Started" if later else "Agreed", "Ask Ivy Ramscroft first (canary-plan-note)"), "mapped"),
        ("connor", plan("AP-0103", "Gate meeting", "Probation", date(2008, 11, 18)), "mapped"),
        ("connor", plan("AP-0104", "Observation", "Police", date(2008, 11, 21), note="canary-covert", sensitive="Y"), "mapped"),
        ("connor", plan("AP-0105", "Refer: treatment", "DISC", date(2008, 11, 25)), "mapped"),
        ("connor", plan("AP-0112", "Ask partner", "Prison", date(2008, 11, 18)), "mapped"),
        ("nathaniel", plan("AP-0113", "Refer: treatment", "CRI", date(2008, 12, 1)), "mapped"),
        ("tyler", plan("AP-0106", "Refer: YOS", "YOS", date(2008, 11, 28)), "mapped"),
        ("danielle", plan("AP-0107", "Curfew check", "G4S", date(2008, 11, 20)), "mapped"),
        ("lorraine", plan("AP-0108", "Refer: housing", "ASBU", date(2008, 11, 27), "Cancelled" if last else "Proposed"), "mapped"),
        ("kieran", plan("AP-0109", "Warning", "Police", date(2008, 11, 20)), "mapped"),
        ("declan", plan("AP-0110", "Visit", "Police", date(2008, 11, 20)), "mapped"),
        ("gary", plan("AP-0111", "Visit", "", date(2008, 11, 20)), "refused"),
        ("connor", task("TK-0031", "Knock at six and see who answers (canary-task)", "19 Mistal Fold, Leeds", "19/11/2008 06:00"), "mapped"),
        ("craig", task("TK-0032", "Watch the back (canary-covert)", "Rear of 9 Lantern Close", "20/11/2008 05:30", "Y"), "mapped"),
        ("test", plan("AP-0000", "Visit", "Police", date(2008, 11, 20)), "refused"),
    ]


def plan(world, night) -> File:
    found = [(world.cast[key], row, outcome) for key, row, outcome in plan_rows(night)]
    for number, (person, _, rng) in enumerate(some(world, "plans", 0.12, lambda p: p.nominal)):
        row = [f"AP-{2000 + number:04d}", "PLAN", "N", rng.choice(("Visit", "Curfew check", "Review", "Refer: work")), rng.choice(("Police", "Probation", "ASBU")),
               N17 + timedelta(days=rng.randrange(3, 30)), rng.choice(("Agreed", "Started")), "", "", "", "", ""]
        found.append((person, row, "mapped"))
    rows = [[*row[:3], nominal(world, person), person.surname, person.home.office, *row[3:]] for person, row, _ in found]
    sheets = {"Actions": (PLAN_HEADS[0], [PLAN_HEADS[1], *rows])}
    return File("wyp", "wyp-plan", f"IOM_PLANS_{night:%Y%m%d}.xlsx", workbook(sheets), tally(outcome for *_, outcome in found))


def write(world, night) -> list:
    return [custody(world, night), convictions(world, night), plan(world, night)]
