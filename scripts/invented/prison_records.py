"""What the prisons record beside releases: movements, dates, adjudications, courses, self-harm and security reports."""
from .daily import day, delimited, elements, open_sheet, sheet, told
from .story import N17, N18, N19, uk
from datetime import date

MOVES = "Prison number|PNC|Surname|Forenames|DOB|Sex|Booking|Sequence|Date|Type|Reason|From|To|Status".split("|")
DATES = ["Prison number", "Booking", "Code", "Calculated", "Override", "Status"]
CHARGES = ["CHARGE", "NOMS", "RULE", "STATUS", "REPORT"]
HEARINGS = ["CHARGE", "HELD", "FINDING", "SANCTION"]
COURSES = ["NOMS", "Programme", "Started", "Ended", "Status", "Reason"]
ACCT = "Prison number;ACCT;Opened;Closed;Incident;Method;Account;Status".split(";")


def movements(night) -> list:
    adm = lambda booking, when, prison, **m: {"Booking": booking, "Sequence": "1", "Date": day(when), "Type": "ADM", "Reason": "I", "From": "OUT", "To": prison, "Status": "N"} | m
    trn = lambda booking, when, here, there, **m: {"Booking": booking, "Sequence": "2", "Date": day(when), "Type": "TRN", "Reason": "NOTR", "From": here, "To": there, "Status": "N"} | m
    first = [("connor", adm("V74111", "2008-08-20", "LEI"), "mapped"), ("craig", adm("T40912", "2008-02-04", "LEI"), "mapped"), ("tyler", adm("Y10044", "2008-11-14", "WYI", Reason="N"), "mapped"),
             ("aidan", adm("V70010", "2008-10-01", "LEI"), "mapped"), ("shanelle", adm("V70326", "2008-02-04", "NHI"), "mapped"), ("craig", trn("T40912", "2008-11-13", "LEI", "WEI"), "mapped"),
             ("marcus", adm("T47765", "2008-06-01", "LEI"), "mapped"), ("aidan", trn("V70010", "2008-11-14", "LEI", "HLI"), "mapped"),
             ("aidan", {"Booking": "V70010", "Sequence": "3", "Date": "14/11/2008", "Type": "CRT", "Reason": "SENT", "From": "HLI", "To": "OUT", "Status": "N"}, "skipped"),
             ("nathaniel", adm("V74290", "2008-11-03", "LEI"), "mapped"), ("nathaniel", trn("V74290", "2008-11-12", "LEI", "WEI"), "mapped"),
             ("terrence", adm("V73871", "2008-10-20", "LEI"), "mapped"), ("terrence", trn("V73871", "2008-11-05", "LEI", "HLI"), "mapped"),
             ("kyle", adm("Y10051", "2008-11-12", "HDI", Reason="N"), "mapped"), ("kyle", trn("Y10051", "2008-11-14", "HDI", "WYI"), "mapped"),
             ("test", adm("V00000", "2008-10-01", "LEI"), "refused")]
    second = [("shanelle", trn("V70326", "2008-11-19", "NHI", "AGI"), "mapped"), ("craig", trn("T40912", "2008-11-13", "LEI", "HLI", Status="C"), "mapped")]
    third = [("shanelle", trn("V70326", "2008-11-19", "NHI", "AGI", Status="X"), "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def projections(night) -> list:
    row = lambda booking, code, when, **m: {"Booking": booking, "Code": code, "Calculated": date.fromisoformat(when), "Status": "A"} | m
    first = [("craig", row("T40912", "PED", "2009-02-24"), "mapped"), ("shanelle", row("V70326", "LED", "2009-03-05", Override=date(2009, 3, 12)), "mapped"),
             ("connor", row("V74111", "LED", "2009-06-05"), "mapped"), ("aidan", row("V70010", "ARD", "2009-01-30"), "mapped"),
             ("nathaniel", row("V74290", "PRRD", "2009-01-12"), "mapped"), ("craig", row("T40912", "QQQ", "2009-02-24"), "refused")]
    second = [("craig", row("T40912", "PED", "2009-03-10"), "mapped")]
    third = [("shanelle", row("V70326", "LED", "2009-03-05", Status="D"), "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def charges(night) -> list:
    """(person, charge, hearing, outcome)."""
    first = [("connor", {"CHARGE": "30411", "RULE": "51:22", "STATUS": "A", "REPORT": "Refused to leave the wing; Officer Dunn present (canary-adjudication)."},
              {"HELD": date(2008, 11, 2), "FINDING": "PROVED", "SANCTION": "FORFEIT"}, "mapped"),
             ("tyler", {"CHARGE": "30420", "RULE": "55:5", "STATUS": "A"}, {"HELD": date(2008, 11, 16), "FINDING": "PROVED", "SANCTION": "CAUTION"}, "mapped"),
             ("craig", {"CHARGE": "30418", "RULE": "99:9", "STATUS": "A"}, {}, "refused")]
    second = [("connor", first[0][1], first[0][2] | {"FINDING": "QUASHED", "SANCTION": ""}, "mapped")]
    return {N17: first, N18: second}.get(night, [])


def courses(night) -> list:
    first = [("craig", {"Programme": "ETS", "Started": date(2008, 6, 2), "Status": "ALLOC"}, "mapped"),
             ("connor", {"Programme": "PRISM", "Started": date(2008, 9, 1), "Ended": date(2008, 10, 31), "Status": "COMP", "Reason": "C_END"}, "mapped"),
             ("aidan", {"Programme": "ETS", "Started": date(2008, 10, 6), "Status": "ALLOC"}, "mapped"),
             ("nathaniel", {"Programme": "DRUG", "Started": date(2008, 11, 5), "Ended": date(2008, 11, 12), "Status": "REM", "Reason": "TRF"}, "mapped"),
             ("kyle", {"Programme": "BSK", "Started": date(2008, 11, 13), "Status": "ALLOC"}, "mapped"),
             ("connor", {"Programme": "JUGGLING", "Started": date(2008, 9, 1), "Status": "COMP"}, "refused")]
    second = [("craig", {"Programme": "ETS", "Started": date(2008, 6, 2), "Ended": date(2008, 11, 17), "Status": "COMP", "Reason": "C_END"}, "mapped")]
    return {N17: first, N18: second}.get(night, [])


def watches(night) -> list:
    craig = {"ACCT": "A-0881", "Opened": "10/11/2008", "Incident": "10/11/2008", "Method": "CUT", "Account": "Cut his forearm; sister rang the wing (canary-acct).", "Status": "OPEN"}
    first = [("craig", craig, "mapped"), ("aidan", craig | {"ACCT": "A-0884"}, "mapped"),
             ("nathaniel", craig | {"ACCT": "A-0871", "Opened": "04/11/2008", "Incident": "03/11/2008"}, "mapped"),
             ("terrence", craig | {"ACCT": "A-0860", "Opened": "21/10/2008", "Closed": "31/10/2008", "Incident": "21/10/2008", "Status": "CLOSED"}, "mapped"),
             ("kyle", craig | {"ACCT": "A-0886", "Opened": "13/11/2008", "Incident": "13/11/2008"}, "mapped"),
             ("connor", craig | {"ACCT": "A-0885", "Status": "??"}, "refused")]
    second = [("craig", craig | {"Closed": "18/11/2008", "Status": "CLOSED"}, "mapped")]
    return {N17: first, N18: second}.get(night, [])


def reports(night) -> list:
    first = [("connor", {"Kind": "ASSOC", "Seen": "2008-11-09", "With": "Leroy Binder (canary-sir-associate)", "Where": "B wing, landing 2", "Report": "Passed a telephone (canary-sir).", "State": "LIVE"}, "mapped"),
             ("connor", {"Kind": "HUNCH", "Seen": "2008-11-09", "With": "", "Where": "", "Report": "Looked odd", "State": "LIVE"}, "refused")]
    first.append(("kyle", first[0][1] | {"Seen": "2008-11-15"}, "mapped"))
    third = [("connor", first[0][1] | {"State": "VOID"}, "mapped")]
    return {N17: first, N19: third}.get(night, [])


def write(world, night) -> list:
    """The six files of a night."""
    stamp, cast = f"{night:%Y%m%d}", world.cast
    who = lambda key: {"Prison number": cast[key].prison, "PNC": cast[key].pnc, "Surname": cast[key].surname.upper(), "Forenames": cast[key].forenames.upper(),
                       "DOB": uk(cast[key].birth), "Sex": cast[key].sex}
    number = lambda word: lambda key: {word: cast[key].prison}
    charge_rows = [({"NOMS": cast[key].prison} | charge, hearing | {"CHARGE": charge["CHARGE"]} if hearing else None, outcome) for key, charge, hearing, outcome in charges(night)]
    dates = told(projections(night), number("Prison number"))
    intel = [({"@number": f"SIR{9100 + n}"} | row, outcome) for n, (row, outcome) in enumerate(told(reports(night), number("NomsNumber")))]
    return [delimited("hmps", "hmps-movements", f"HMPS_MOVEMENTS_{stamp}.csv", MOVES, told(movements(night), who), "|", mark=b"\xef\xbb\xbf"),
            sheet("hmps", "hmps-dates", f"HMPS_DATES_{stamp}.xlsx", {"DATES": (DATES, [r for r, _ in dates])}, [o for _, o in dates]),
            sheet("hmps", "hmps-adjudications", f"HMPS_ADJUDICATIONS_{stamp}.xlsx",
                  {"CHARGES": (CHARGES, [c for c, _, _ in charge_rows]), "HEARINGS": (HEARINGS, [h for _, h, _ in charge_rows if h])}, [o for _, _, o in charge_rows]),
            open_sheet("hmps", "hmps-courses", f"HMPS_COURSES_{stamp}.ods", "Courses", [["Programmes and classes"]], COURSES, told(courses(night), number("NOMS"))),
            delimited("hmps", "hmps-acct", f"HMPS_ACCT_{stamp}.csv", ACCT, told(watches(night), number("Prison number")), ";", trailer="ROWS"),
            elements("hmps", "hmps-security", f"HMPS_SIR_{stamp}.xml", "SecurityReports", "SIR", intel, night)]
