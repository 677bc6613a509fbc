"""Probation's case system and hostels: who is supervised, conditions and requirements, contacts, residents, intelligence."""
from datetime import date

from .daily import day, delimited, elements, open_sheet, told
from .story import N17, N18, N19, uk

CASES = "CRN|NOMS|PNC|Surname|Forenames|DOB|Gender|Postcode|Restricted|Tier|Officer|Allocated|Terminated|Earliest release|HDC|LED|SED".split("|")
COMPONENTS = "CRN;Component;Reference;Main category;Sub category;Start;End;Length;Status;Area;Notes".split(";")
CONTACTS = "CRN Record Reference Date Time Outcome Enforcement Ground Hearing Status Notes".split()
STAY = ("Resident", "Resident", "House", "Stay", "Stay", "Rules", "Rules", "Remarks")
HOSTEL = ["CRN", "Name", "Premises", "From", "To", "Curfew", "Kept", "Note"]
NOTE = "Says Mrs Pell at number 9 \u201cwants him gone\u201d (canary-condition-note)."


def cases(world, night) -> list:
    rows = []
    dates = {"connor": ("06/12/2008", "", "05/06/2009", "05/06/2009"), "craig": ("24/11/2008", "", "24/05/2009", "24/11/2009"),
             "nathaniel": ("12/01/2009", "", "12/07/2009", "12/07/2009"), "ellis": ("18/08/2008", "", "17/02/2009", "17/02/2009")}
    for key, person in world.cast.items():
        if not person.crn:
            continue
        row = {"CRN": person.crn, "NOMS": person.prison, "PNC": person.pnc, "Surname": person.surname, "Forenames": person.forenames, "DOB": uk(person.birth), "Gender": person.sex,
               "Postcode": person.home.postcode, "Restricted": {"shanelle": "Y", "stacey": ""}.get(key, "N"), "Tier": "3", "Officer": "J Pickersgill", "Allocated": "01/09/2008",
               "Terminated": "18/11/2008" if key == "marcus" and night >= N19 else ""}
        row |= dict(zip(CASES[-4:], dates.get(key, ("", "", "", ""))))
        rows.append((row, "refused" if key in ("shanelle", "stacey", "test") else "mapped"))
    for person in [p for p in world.crowd if p.crn and not p.cohort][:12 + (night >= N18)]:      # supervised, and not designated
        row = {"CRN": person.crn, "Surname": person.surname, "Forenames": person.forenames, "DOB": uk(person.birth), "Gender": person.sex, "Postcode": person.home.postcode,
               "Restricted": "N", "Tier": "2", "Officer": "R Amos", "Allocated": "12/03/2008"}
        rows.append((row, "mapped"))
    return rows


def component(kind, number, main, sub, start, end, **more) -> dict:
    return {"Component": kind, "Reference": number, "Main category": main, "Sub category": sub, "Start": day(start), "End": day(end), "Status": "CURRENT"} | more


def components(night) -> list:
    exclusion = component("LIC", "70311", "EXCLUSION", "AREA", "2008-11-10", "2009-06-05", Area="Roundhay Road between Spencer Place and Harehills Lane", Notes=NOTE)
    reside = component("LIC", "70312", "RESIDENCE", "APPROVED", "2008-11-10", "2009-06-05")
    unpaid = component("RQMNT", "81204", "W", "UPW", "2008-09-08", "2009-09-07", Length="120", Status="ACTIVE")
    plan = component("PLAN", "1", "8", "DRUG", "", "2009-01-12", Status="IN PROGRESS", Notes="Keyworker is his aunt (canary-plan-note).")
    first = [("connor", exclusion, "mapped"), ("connor", reside, "mapped"), ("connor", component("LIC", "70313", "DRUGS", "TEST", "2008-11-10", "2009-06-05", Status="PROPOSED"), "mapped"),
             ("connor", plan, "mapped"), ("craig", component("LIC", "70420", "CURFEW", "TAG", "2008-11-12", "2009-05-24"), "mapped"),
             ("rafiq_son", component("LIC", "70433", "CURFEW", "HOURS", "2008-11-03", "2009-02-02"), "mapped"),
             ("wayne", unpaid, "mapped"), ("lorraine", component("RQMNT", "81377", "DRR", "TREAT", "2008-10-06", "2009-10-05", Status="ACTIVE"), "mapped"),
             ("danielle", component("RQMNT", "81380", "C", "EM", "2008-08-19", "2008-11-18", Status="ACTIVE"), "mapped"),
             ("nathaniel", component("LIC", "70390", "DRUGS", "TREAT", "2008-08-11", "2009-07-12"), "mapped"),
             ("terrence", component("LIC", "70391", "DRUGS", "TEST", "2008-07-28", "2009-03-30"), "mapped"),
             ("naomi", component("RQMNT", "81402", "DRR", "TREAT", "2008-10-13", "2009-10-12", Status="ACTIVE"), "mapped"),
             ("bernadette", component("RQMNT", "81409", "R", "APPROVED", "2008-09-29", "2009-03-28", Status="ACTIVE"), "mapped"),
             ("ellis", component("RQMNT", "81266", "S", "SUP", "2008-04-14", "2009-04-13", Status="ACTIVE"), "mapped"),
             ("ellis", component("LIC", "70402", "STD", "TOUCH", "2008-08-18", "2009-02-17"), "mapped"),
             ("kieran", component("LIC", "70455", "MOON", "PHASE", "2008-11-12", "2009-05-24"), "refused"),       # a condition that nobody has explained
             ("kieran", component("REG", "1", "MAPPA", "L2", "2008-11-12", ""), "skipped")]
    second = [("wayne", unpaid | {"Length": "100"}, "mapped"), ("connor", plan | {"Status": "ACHIEVED"}, "mapped")]
    third = [("connor", exclusion | {"Status": "ERROR"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def contact(number, when, clock, outcome, enforcement="") -> dict:
    return {"Record": "CONTACT", "Reference": number, "Date": day(when), "Time": clock, "Outcome": outcome, "Enforcement": enforcement, "Status": "OPEN"}


def contacts(night) -> list:
    missed = contact("910011", "2008-11-14", "10:30", "UAAB", "EA02") | {"Notes": "Rang in drunk;\tsaid \"not today\" (canary-contact-note)"}
    breach = {"Record": "NSI", "Reference": "5501", "Date": "14/11/2008", "Ground": "APPT", "Hearing": "28/11/2008", "Status": "STARTED"}
    later = {"Record": "NSI", "Date": "10/11/2008", "Ground": "TOUCH", "Hearing": "01/12/2008", "Status": "LISTED"}
    first = [("nathaniel", breach | {"Reference": "5488", "Date": "29/10/2008", "Ground": "TREAT", "Hearing": "", "Status": "RECALLED"}, "mapped"),
             ("ellis", later | {"Reference": "5495"}, "mapped"), ("connor", missed, "mapped"), ("lorraine", contact("910012", "2008-11-14", "14:00", "ATTC"), "mapped"), ("wayne", breach, "mapped"),
             ("jordan", contact("910014", "2008-11-13", "09:15", "ATTC"), "mapped"), ("craig", contact("910013", "2008-11-14", "15:00", "ZZ99"), "refused")]
    second = [("connor", missed | {"Outcome": "AAME", "Enforcement": "EA06"}, "mapped"), ("wayne", breach | {"Status": "LISTED"}, "mapped")]
    third = [("lorraine", contact("910012", "2008-11-14", "14:00", "ATTC") | {"Status": "DELETED"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def residents(night) -> list:
    rows = [("wayne", {"Premises": "CARDIGAN", "From": "2008-10-27", "Curfew": "23-06", "Kept": "Y", "Note": "Argued with resident in room 4 (canary-incident)"}, "mapped"),
            ("leon", {"Premises": "HOLBECK BAIL", "From": "2008-11-03", "Curfew": "21-07", "Kept": "N"}, "mapped"),
            ("gary_crn", {"Premises": "RIPON HOUSE", "From": "2008-11-03", "Curfew": "23-06", "Kept": "Y"}, "refused")]        # no case number
    rows += [("nathaniel", {"Premises": "ELM BANK", "From": "2008-08-11", "To": "2008-11-01", "Curfew": "23-06", "Kept": "N"}, "mapped"),
             ("naomi", {"Premises": "RIPON HOUSE", "From": "2008-10-13", "Curfew": "22-06", "Kept": "Y"}, "mapped"),
             ("bernadette", {"Premises": "CARDIGAN", "From": "2008-09-29", "To": "2008-12-12", "Curfew": "23-06", "Kept": "Y"}, "mapped")]
    if night >= N18:
        rows[1][1].update({"Kept": "Y"})
    if night >= N19:
        rows[0][1].update({"To": "2008-11-18"})
    return rows


def reports(night) -> list:
    first = [("connor", {"Subject": "DRUGS", "EventDate": "2008-11-12", "Associate": "Barry Quill (canary-associate)", "Place": "rear of the shops, Copse Row",
                         "Text": "Seen handing over wraps (canary-probation-intel).", "Withdrawn": "N"}, "mapped"),
             ("craig", {"Subject": "GOSSIP", "EventDate": "2008-11-12", "Text": "Nothing", "Withdrawn": "N"}, "refused")]
    first.append(("ellis", first[0][1] | {"Subject": "ASSOCIATES", "EventDate": "2008-11-06"}, "mapped"))
    return {N17: first}.get(night, [])


def write(world, night) -> list:
    """The five files of a night."""
    crn = lambda key: world.cast[key].crn if key in world.cast else ""
    stamp, late = f"{night:%Y%m%d}", lambda rows: told(rows, lambda key: {"CRN": crn(key)})
    people = {row["CRN"]: row for row, _ in cases(world, night)}
    house = []
    for row, outcome in late(residents(night)):
        dated = {c: date.fromisoformat(row[c]) if row.get(c) else "" for c in ("From", "To")}
        house.append((row | dated | {"Name": people.get(row["CRN"], {}).get("Surname", "LUMB")}, outcome))
    intel = [({"@id": f"PI-{n}-{stamp}"} | row, outcome) for n, (row, outcome) in enumerate(late(reports(night)))]
    return [delimited("probation", "probation-cases", f"DELIUS_CASES_{stamp}.csv", CASES, cases(world, night), "|"),
            delimited("probation", "probation-components", f"DELIUS_COMPONENTS_{stamp}.csv", COMPONENTS, late(components(night)), ";", encoding="cp1252",
                      title=("LICENCE CONDITIONS, REQUIREMENTS AND PLANS",), trailer="END"),
            delimited("probation", "probation-contacts", f"DELIUS_CONTACTS_{stamp}.txt", CONTACTS, late(contacts(night)), "\t"),
            open_sheet("probation", "probation-hostels", f"AP_RESIDENTS_{stamp}.ods", "Residents", [["Approved premises, West Yorkshire"], list(STAY)], HOSTEL, house),
            elements("probation", "probation-intelligence", f"PROBATION_INTEL_{stamp}.xml", "IntelligenceReports", "Report", intel, night)]
