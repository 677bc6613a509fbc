"""The two drug treatment providers: one exports a workbook and two lists, the other XML, a list and a workbook."""
from .daily import day, delimited, elements, open_sheet, sheet, told
from .story import N17, N18, N19, uk
from datetime import date

CLIENTS = ("ClientNo Forename Surname DOB Sex Postcode Consent Referred Discharged Stage Objective NextReview PlanNote Work Employer Housing Address MovedTo MovedOn").split()
APPOINTMENTS = ["ClientNo", "AppointmentNo", "Date", "Time", "Attended", "Engagement", "Status"]
CLINICAL = "ClientNo,Record,Reference,Date,Diagnosis,Script,Test,Note,Kind,Associate,AtRisk,When,Advice,Summary,Status".split(",")
SESSIONS = ["Client", "Session", "When", "Came", "How", "State"]
ALERTS = ["Client", "Type", "Ref", "Day", "A", "B", "C", "D", "State"]


def clients(night) -> list:
    """DISC: the whole list, every night."""
    plan = {"Consent": "Y", "Referred": date(2008, 9, 22), "Stage": "In treatment", "Objective": "Reduce use", "NextReview": date(2008, 12, 15)}
    connor = plan | {"Work": "Unemployed", "Housing": "Council", "Address": "14 Copse Row, Harehills, Leeds", "PlanNote": "Mother drives him in (canary-disc-plan-note)"}
    rows = [("connor", connor, "mapped"), ("wayne", plan | {"Stage": "Assessed", "Work": "Employed", "Employer": "Varley Skips", "Housing": "Approved premises"}, "mapped"),
            ("jordan", plan | {"Work": "Student", "Housing": "Family"}, "mapped"), ("rafiq_father", plan, "mapped"),
            ("leon", plan | {"Consent": ""}, "refused"), ("test", plan, "refused"),
            ("ryan", plan | {"Stage": "Transferred", "MovedTo": "CRI", "MovedOn": date(2008, 11, 14), "Discharged": date(2008, 11, 14), "Housing": "No fixed abode"}, "mapped"),
            ("naomi", plan | {"Referred": date(2008, 11, 10), "Stage": "Assessed", "Work": "Unemployed", "Housing": "Approved premises"}, "mapped"),
            ("terrence", plan | {"Referred": date(2008, 8, 4), "Stage": "In custody", "Work": "Unemployed", "Housing": "Not known"}, "mapped")]
    if night >= N18:
        connor.update({"Work": "Training", "NextReview": date(2008, 12, 22)})
    if night >= N19:
        rows[1][1].update({"Discharged": date(2008, 11, 18), "Stage": "Declined"})
    return rows


def appointments(night) -> list:
    row = lambda n, when, clock, came, how, status="A": {"AppointmentNo": n, "Date": day(when), "Time": clock, "Attended": came, "Engagement": how, "Status": status}
    first = [("connor", row("A511", "2008-11-12", "11:00", "Yes", "Good"), "mapped"), ("connor", row("A512", "2008-11-14", "11:00", "No", "None"), "mapped"),
             ("ryan", row("A509", "2008-11-11", "14:00", "Yes", "Part"), "mapped"),
             ("rafiq_father", row("A513", "2008-11-14", "12:00", "Yes", "Good"), "mapped"), ("wayne", row("A514", "2008-11-14", "12:30", "Perhaps", "Good"), "refused")]
    second = [("connor", row("A512", "2008-11-14", "11:00", "Yes", "Part"), "mapped")]
    third = [("connor", row("A511", "2008-11-12", "11:00", "Yes", "Good", "X"), "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def clinical(night) -> list:
    medical = {"Record": "CLIN", "Reference": "C90", "Date": "13/11/2008", "Diagnosis": "canary-disc-diagnosis", "Script": "canary-disc-script", "Test": "canary-disc-test",
               "Note": "canary-disc-note", "Status": "A"}
    harm = {"Record": "HARM", "Reference": "H12", "Date": "16/11/2008", "AtRisk": "Others", "When": "Now", "Advice": "canary-disc-advice", "Summary": "canary-disc-summary", "Status": "A"}
    intel = {"Record": "INT", "Reference": "I31", "Date": "11/11/2008", "Kind": "Dealing", "Associate": "canary-disc-associate", "Note": "canary-disc-intel", "Status": "A"}
    first = [("connor", medical, "mapped"), ("connor", harm, "mapped"), ("connor", intel, "mapped"), ("rafiq_father", medical | {"Reference": "C91"}, "mapped"),
             ("ryan", medical | {"Reference": "C86", "Date": "04/11/2008"}, "mapped"), ("naomi", harm | {"Reference": "H11", "Date": "12/11/2008"}, "mapped"),
             ("jordan", {"Record": "POEM", "Reference": "P1", "Status": "A"}, "refused")]
    return {N17: first, N18: [("connor", medical | {"Script": "canary-disc-script-two"}, "mapped")], N19: [("connor", harm | {"Status": "X"}, "mapped")]}.get(night, [])


def episodes(night) -> list:
    """CRI: an episode of treatment a row."""
    plan = {"Share": "true", "Start": "2008-10-01", "End": "", "Phase": "TX", "Goal": "STOP", "Review": "2009-01-05", "PlanText": "", "Job": "1", "Firm": "", "Lives": "HA", "Street": "",
            "TransferTo": "", "TransferDate": ""}
    lorraine = plan | {"Street": "Flat 3, 118 Shuttle View, Seacroft", "PlanText": "Fears the man at 116 (canary-cri-plan-text)"}
    first = [("lorraine", lorraine, "mapped"), ("tyler", plan | {"Lives": "FAM"}, "mapped"),
             ("nathaniel", plan | {"Start": "2008-08-13", "Phase": "CU", "Goal": "ENG", "Lives": "U"}, "mapped"),
             ("naomi", plan | {"Start": "2008-06-02", "End": "2008-11-10", "Phase": "TR", "Goal": "RED", "Lives": "AP", "TransferTo": "DISC", "TransferDate": "2008-11-10"}, "mapped"),
             ("aidan", plan, "mapped"), ("piotr", plan | {"Share": "false"}, "refused"),
             ("zoe", plan | {"Phase": "Z"}, "refused")]
    second = [("lorraine", lorraine | {"Goal": "AFTER"}, "mapped")]
    third = [("lorraine", lorraine | {"Goal": "AFTER", "Job": "4"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def sessions(night) -> list:
    row = lambda n, when, came, how, state="1": {"Session": n, "When": when, "Came": came, "How": how, "State": state}
    first = [("lorraine", row("S77", "13/11/2008 09:30", "1", "E"), "mapped"), ("tyler", row("S78", "13/11/2008 10:30", "0", "N"), "mapped"),
             ("naomi", row("S71", "06/11/2008 15:00", "1", "P"), "mapped"), ("aidan", row("S79", "13/11/2008 11:30", "1", "E"), "mapped"),
             ("lorraine", row("S80", "13/13/2008 09:30", "1", "E"), "refused")]
    return {N17: first, N18: [("lorraine", row("S77", "13/11/2008 09:30", "1", "P"), "mapped")], N19: [("tyler", row("S78", "13/11/2008 10:30", "0", "N", "0"), "mapped")]}.get(night, [])


def alerts(night) -> list:
    row = lambda kind, n, *cells, state="OPEN": {"Type": kind, "Ref": n, "Day": date(2008, 11, 14), "State": state} | dict(zip("ABCD", cells))
    first = [("lorraine", row("MED", "M1", "canary-cri-diagnosis", "canary-cri-script", "canary-cri-test", "canary-cri-note"), "mapped"),
             ("lorraine", row("HARM", "M2", "Self", "Days", "canary-cri-advice", "canary-cri-summary"), "mapped"),
             ("lorraine", row("INTEL", "M3", "Violence", "canary-cri-associate", "canary-cri-intel"), "mapped"),
             ("naomi", row("MED", "M6", "canary-cri-diagnosis", "canary-cri-script", "canary-cri-test", "canary-cri-note"), "mapped"),
             ("tyler", row("MED", "M7", "canary-cri-diagnosis", "canary-cri-script", "canary-cri-test", "canary-cri-note"), "mapped"),
             ("tyler", row("INTEL", "M8", "Other", "canary-cri-associate", "canary-cri-intel"), "mapped"),
             ("aidan", row("MED", "M4", "canary-cri-other"), "mapped"), ("tyler", row("RUMOUR", "M5"), "refused")]
    third = [("lorraine", row("INTEL", "M3", "Violence", "canary-cri-associate", "canary-cri-intel", state="VOID"), "mapped")]
    return {N17: first, N19: third}.get(night, [])


def number(world, key) -> str:
    return f"{1000 + list(world.cast).index(key)}"


def write(world, night) -> list:
    """Three files of each provider."""
    stamp, cast = f"{night:%Y%m%d}", world.cast
    disc = lambda key: {"ClientNo": f"D{number(world, key)}"}
    person = lambda key: disc(key) | {"Forename": cast[key].forenames, "Surname": cast[key].surname, "DOB": cast[key].birth, "Sex": cast[key].sex, "Postcode": cast[key].home.postcode}
    cri = lambda key: {"@client": f"C{number(world, key)}", "Initials": cast[key].forenames[0] + cast[key].surname[0], "GivenName": cast[key].forenames, "FamilyName": cast[key].surname,
                       "Born": cast[key].birth.isoformat(), "Gender": {"M": "1", "F": "2"}[cast[key].sex], "PostCode": cast[key].home.postcode.lower()}
    client = lambda key: {"Client": f"C{number(world, key)}"}
    listed = told(clients(night), person)
    return [sheet("disc", "disc-clients", f"DISC_CLIENTS_{stamp}.xlsx", {"Clients": (CLIENTS, [r for r, _ in listed])}, [o for _, o in listed]),
            delimited("disc", "disc-appointments", f"DISC_APPOINTMENTS_{stamp}.csv", APPOINTMENTS, told(appointments(night), disc), ","),
            delimited("disc", "disc-clinical", f"DISC_CLINICAL_{stamp}.csv", CLINICAL, told(clinical(night), disc), ",", trailer="COUNT"),
            elements("cri", "cri-episodes", f"CRI_EPISODES_{stamp}.xml", "CaseExport", "Episode", told(episodes(night), cri), night),
            delimited("cri", "cri-sessions", f"CRI_SESSIONS_{stamp}.txt", SESSIONS, told(sessions(night), client), "\t", encoding="utf-16-le", mark=b"\xff\xfe"),
            open_sheet("cri", "cri-alerts", f"CRI_ALERTS_{stamp}.ods", "Alerts", [], ALERTS, told(alerts(night), client))]
