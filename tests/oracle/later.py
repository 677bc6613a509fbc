"""The feeds of the case systems, of the prisons' records, of field reports and of the treatment providers, in the forms of
the real ones: a token in every cell that nothing else is said of, and the records that they mean.
"""
import datetime

from planted import NIGHTS, instant, iso, uk
from feeds import cells, identity
from invented import daily, delius, drugs, prison_records, tag_intelligence

DAYS = datetime.timedelta


class Feed:
    """The rows of one file of the night, and who is told of in them."""

    def __init__(self, world, partner, columns):
        self.world, self.partner, self.columns, self.rows = world, partner, columns, []

    def add(self, person, known, *facts):
        """A row, and the facts that it means: (category, key, fields, cancelled)."""
        self.rows.append((cells(self.world, person.id, self.columns, known), "mapped"))
        for category, key, fields, cancelled in facts:
            self.world.tell(person.id, self.partner, category, ["later", person.id, *key], fields, cancelled=cancelled)


def turn(world, n, share=3):
    """Whether a changes file of the night has a row about the person of this number: everybody first, then some."""
    return world.night == NIGHTS[0] or n % share == 1


def gone(world, n):
    """Whether the row takes the fact back."""
    return world.night > NIGHTS[0] and n % 6 == 1


def flag(n, words=("Y", "N")):
    return (words[n % 2], ("true", "false")[n % 2])


def cases(world, people):
    feed = Feed(world, "probation", delius.CASES)
    for n, person in enumerate(people):
        if n % 5 == 2:
            continue
        if world.night == NIGHTS[0]:
            person.case = (world.word(person.id), world.word(person.id), world.far_day(person.id), world.postcode(person.id), world.near(200, -1), (None, world.night, world.near(30, -1))[n % 3])
        surname, forenames, day, postcode, begin, until = person.case
        dates = [world.far_day(person.id) if n % 2 else None for _ in range(4)]
        known = {"CRN": person.crn, "NOMS": person.prison_number, "PNC": person.pnc, "Surname": surname, "Forenames": forenames, "DOB": uk(person.born), "Gender": person.sex,
                 "Postcode": postcode, "Restricted": "N" if n != 16 else "Y", "Allocated": uk(begin), "Terminated": uk(until)}
        known |= dict(zip(delius.CASES[-4:], map(uk, dates)))
        if n == 16:
            feed.add(person, known)
            continue
        facts = [("caseload", [], {"kind": "supervision", "from": iso(begin), "until": iso(until)}, False)]
        if dates[3]:
            names = ("earliest_release", "hdc_eligibility", "licence_expiry", "sentence_expiry")
            facts.append(("sentence_dates", [], dict(zip(names, map(iso, dates))), False))
        feed.add(person, known, *facts)
        identity(world, person, "probation", ["delius", person.id], surname, forenames, crn=person.crn, pnc_id=person.pnc, prison_number=person.prison_number)
    return daily.delimited("probation", "", f"DELIUS_CASES_{world.night:%Y%m%d}.csv", delius.CASES, feed.rows, "|")


def supervised(people):
    """Those of whom the case list tells: the other files only name the case."""
    return [(n, p) for n, p in enumerate(people) if n % 5 != 2 and n != 16]


CONDITIONS = (("EXCLUSION", "AREA", "exclusion"), ("RESIDENCE", "APPROVED", "reside"), ("CURFEW", "TAG", "tag"), ("DRUGS", "TREAT", "drug_treatment"), ("STD", "TOUCH", "keep_in_touch"))
REQUIREMENTS = (("W", "UPW", "unpaid_work"), ("DRR", "TREAT", "drug_rehabilitation"), ("C", "EM", "curfew"), ("E", "EM", "exclusion"), ("R", "APPROVED", "residence"))


def components(world, people):
    feed = Feed(world, "probation", delius.COMPONENTS)
    for n, person in supervised(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.parts = [world.word(person.id, True) for _ in range(3)]
        back = gone(world, n)
        begin, end, area, note = world.near(60, -1) if n % 7 else world.night + DAYS(2), world.near(-10, 90) if n % 4 else None, world.word(person.id), world.word(person.id)
        main, sub, condition = CONDITIONS[n % 5]
        status, said = (("CURRENT", "current"), ("PROPOSED", "proposed"), ("CURRENT", "current"))[n % 3] if not back else ("ERROR", "cancelled")
        shared = {"CRN": person.crn, "Start": uk(begin), "End": uk(end)}
        feed.add(person, shared | {"Component": "LIC", "Reference": person.parts[0], "Main category": main, "Sub category": sub, "Status": status, "Area": area, "Notes": note},
                 ("licence_conditions", [person.parts[0]], {"condition": condition, "status": said, "start_date": iso(begin), "end_date": iso(end), "exclusion_area": area,
                                                            "condition_note": note}, back))
        main, sub, requirement = REQUIREMENTS[n % 5]
        feed.add(person, shared | {"Component": "RQMNT", "Reference": person.parts[1], "Main category": main, "Sub category": sub, "Length": str(2000 + n),
                                   "Status": "ERROR" if back else "ACTIVE"},
                 ("community_order", [person.parts[1]], {"made_on": iso(begin), "requirement": requirement, "hours": str(2000 + n), "end_date": iso(end),
                                                         "status": "revoked" if back else "active"}, back))
        review, note = world.far_day(person.id), world.word(person.id)
        feed.add(person, {"CRN": person.crn, "Component": "PLAN", "Reference": person.parts[2], "Main category": "3", "Sub category": "ACC", "Start": "", "End": uk(review),
                          "Status": "ERROR" if back else "AGREED", "Notes": note},
                 ("sentence_plan", [person.parts[2]], {"objective": "accommodation", "action": "housing_referral", "review_on": iso(review), "status": "withdrawn" if back else "agreed",
                                                       "plan_note": note}, back))
        feed.add(person, {"CRN": person.crn, "Component": "REG", "Status": "CURRENT"})
    return daily.delimited("probation", "", f"DELIUS_COMPONENTS_{world.night:%Y%m%d}.csv", delius.COMPONENTS, feed.rows, ";", title=(world.word("nobody"),), trailer="END")


OUTCOMES = (("ATTC", "attended"), ("UAAB", "failed"), ("AAME", "excused"))
BREACHES = (("RECALL REQ", "recall_requested"), ("STARTED", "started"), ("UAL", "unlawfully_at_large"))


def contacts(world, people):
    feed = Feed(world, "probation", delius.CONTACTS)
    for n, person in supervised(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.contact = (world.word(person.id, True), world.word(person.id, True))
        day, clock, back, hearing = world.near(100, 10), f"{9 + n % 9:02d}:{n % 60:02d}", gone(world, n), world.far_day(person.id)
        outcome, breach = OUTCOMES[n % 3], BREACHES[n // 2 % 3]
        feed.add(person, {"CRN": person.crn, "Record": "CONTACT", "Reference": person.contact[0], "Date": uk(day), "Time": clock, "Outcome": outcome[0], "Enforcement": "EA02",
                          "Status": "DELETED" if back else "OPEN"},
                 ("probation_compliance", [person.contact[0]], {"due_at": instant(day, clock), "outcome": outcome[1], "stage": "first_warning"}, back))
        if n % 3:
            feed.add(person, {"CRN": person.crn, "Record": "NSI", "Reference": person.contact[1], "Date": uk(day), "Ground": "APPT", "Hearing": uk(hearing),
                              "Status": "DELETED" if back else breach[0]},
                     ("probation_breach", [person.contact[1]], {"proposed_on": iso(day), "ground": "failed_appointments", "court_date": iso(hearing),
                                                                "status": "withdrawn" if back else breach[1]}, back))
    return daily.delimited("probation", "", f"DELIUS_CONTACTS_{world.night:%Y%m%d}.txt", delius.CONTACTS, feed.rows, "\t")


def hostels(world, people):
    feed = Feed(world, "probation", delius.HOSTEL)
    for n, person in supervised(people):
        if n % 3:
            continue
        if world.night == NIGHTS[0]:
            person.arrived = world.near(90, -20)
        note, (kept, said) = world.word(person.id), flag(n)
        left = world.night - DAYS(1) if n % 2 else None
        feed.add(person, {"CRN": person.crn, "Premises": "CARDIGAN", "From": person.arrived, "To": left or "", "Curfew": "23-06", "Kept": kept, "Note": note},
                 ("hostel_residence", [iso(person.arrived)], {"hostel": "approved_premises_leeds", "arrived_on": iso(person.arrived), "left_on": iso(left),
                                                              "curfew": "23:00-06:00 daily", "complied": said, "incident_note": note}, False))
    return daily.open_sheet("probation", "", f"AP_RESIDENTS_{world.night:%Y%m%d}.ods", "Residents", [[world.word("nobody")], list(delius.STAY)], delius.HOSTEL, feed.rows)


def intelligence(world, person, partner, category, reference, kind, day, place=True, associate=True, back=False):
    """The cells of a report and its fact."""
    words = {"report": world.word(person.id)} | ({"associate": world.word(person.id)} if associate else {}) | ({"place": world.word(person.id)} if place else {})
    return words, (category, [reference], {"kind": kind, "event_date": iso(day)} | words, back)


def probation_reports(world, people):
    feed = Feed(world, "probation", ["@id", "CRN", "Subject", "EventDate", "Associate", "Place", "Text", "Withdrawn"])
    for n, person in supervised(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.intel = world.word(person.id, True)
        day, back = world.near(100, 0), gone(world, n)
        words, fact = intelligence(world, person, "probation", "probation_intelligence", person.intel, "drugs", day, back=back)
        feed.add(person, {"@id": person.intel, "CRN": person.crn, "Subject": "DRUGS", "EventDate": iso(day), "Associate": words["associate"], "Place": words["place"],
                          "Text": words["report"], "Withdrawn": "Y" if back else "N"}, fact)
    return daily.elements("probation", "", f"PROBATION_INTEL_{world.night:%Y%m%d}.xml", "IntelligenceReports", "Report", feed.rows, world.word("nobody"))


def inmates(people):
    """Those of whom the movements tell."""
    return [(n, p) for n, p in enumerate(people) if n % 4 != 3]


def movements(world, people):
    feed = Feed(world, "hmps", prison_records.MOVES)
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.inside = (world.word(person.id), world.word(person.id), world.word(person.id, True), world.near(90, 30), world.near(29, -1))
        surname, forenames, booking, came, moved = person.inside
        who = {"Prison number": person.prison_number, "PNC": person.pnc, "Surname": surname, "Forenames": forenames, "DOB": uk(person.born), "Sex": person.sex, "Booking": booking}
        identity(world, person, "hmps", ["nomis", person.id], surname, forenames, pnc_id=person.pnc, prison_number=person.prison_number)
        back = gone(world, n)
        feed.add(person, who | {"Sequence": "1", "Date": uk(came), "Type": "ADM", "Status": "N"}, ("custody_movement", [booking, "1"], {"moved_on": iso(came), "direction": "in"}, False))
        feed.add(person, who | {"Sequence": "2", "Date": uk(moved), "Type": "TRN", "From": "LEI", "To": "HLI", "Status": "X" if back else "C"},
                 ("prison_transfer", [booking, "2"], {"moved_on": iso(moved), "from_prison": "LEI", "to_prison": "HLI"}, back))
        feed.add(person, who | {"Sequence": "3", "Date": uk(moved), "Type": "CRT", "Status": "N"})
    return daily.delimited("hmps", "", f"HMPS_MOVEMENTS_{world.night:%Y%m%d}.csv", prison_records.MOVES, feed.rows, "|")


def dates(world, people):
    feed = Feed(world, "hmps", prison_records.DATES)
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        worked, by_hand, back = world.far_day(person.id), world.near(-20, 40) if n % 3 == 0 else None, gone(world, n)
        code = ("CRD", "LED", "PED")[n % 3]
        feed.add(person, {"Prison number": person.prison_number, "Booking": person.inside[2], "Code": code, "Calculated": worked, "Override": by_hand or "", "Status": "D" if back else "A"},
                 ("release_projection", [person.inside[2], code], {"projected_date": iso(by_hand or worked), "basis": code}, back))
    return daily.sheet("hmps", "", f"HMPS_DATES_{world.night:%Y%m%d}.xlsx", {"DATES": (prison_records.DATES, [r for r, _ in feed.rows])}, [])


def adjudications(world, people):
    feed, hearings = Feed(world, "hmps", prison_records.CHARGES), []
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.charge = world.word(person.id, True)
        held, note, back = world.far_day(person.id), world.word(person.id), gone(world, n)
        for day, finding in ((held - DAYS(3000), "APPEAL"), (held, "PROVED")):
            hearings.append({"CHARGE": person.charge, "HELD": day, "FINDING": finding, "SANCTION": "CC"})
        feed.add(person, {"CHARGE": person.charge, "NOMS": person.prison_number, "RULE": "51:22", "STATUS": "D" if back else "A", "REPORT": note},
                 ("adjudication", [person.charge], {"heard_on": iso(held), "charge": "51:22", "finding": "PROVED", "punishment": "CC", "narrative": note}, back))
    sheets = {"CHARGES": (prison_records.CHARGES, [r for r, _ in feed.rows]), "HEARINGS": (prison_records.HEARINGS, hearings)}
    return daily.sheet("hmps", "", f"HMPS_ADJUDICATIONS_{world.night:%Y%m%d}.xlsx", sheets, [])


def courses(world, people):
    feed = Feed(world, "hmps", prison_records.COURSES)
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.course = world.far_day(person.id)
        end = world.far_day(person.id) if n % 2 else None
        feed.add(person, {"NOMS": person.prison_number, "Programme": "ETS", "Started": person.course, "Ended": end or "", "Status": "COMP", "Reason": "C_END"},
                 ("prison_course", [iso(person.course)], {"course": "ETS", "start_date": iso(person.course), "end_date": iso(end), "outcome": "completed"}, False))
    return daily.open_sheet("hmps", "", f"HMPS_COURSES_{world.night:%Y%m%d}.ods", "Courses", [[world.word("nobody")]], prison_records.COURSES, feed.rows)


def watches(world, people):
    feed = Feed(world, "hmps", prison_records.ACCT)
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.acct = world.word(person.id, True)
        day, note, back = world.far_day(person.id), world.word(person.id), gone(world, n)
        status, said = ("ERROR", "false") if back else flag(n, ("OPEN", "CLOSED"))
        feed.add(person, {"Prison number": person.prison_number, "ACCT": person.acct, "Incident": uk(day), "Method": "CUT", "Account": note, "Status": status},
                 ("self_harm", [person.acct], {"incident_date": iso(day), "watch_open": said, "method": "cut", "narrative": note}, back))
    return daily.delimited("hmps", "", f"HMPS_ACCT_{world.night:%Y%m%d}.csv", prison_records.ACCT, feed.rows, ";", trailer="ROWS")


def security(world, people):
    feed = Feed(world, "hmps", ["@number", "NomsNumber", "Kind", "Seen", "With", "Where", "Report", "State"])
    for n, person in inmates(people):
        if not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.sir = world.word(person.id, True)
        day, back = world.near(100, 0), gone(world, n)
        words, fact = intelligence(world, person, "hmps", "prison_intelligence", person.sir, "association", day, back=back)
        feed.add(person, {"@number": person.sir, "NomsNumber": person.prison_number, "Kind": "ASSOC", "Seen": iso(day), "With": words["associate"], "Where": words["place"],
                          "Report": words["report"], "State": "VOID" if back else "LIVE"}, fact)
    return daily.elements("hmps", "", f"HMPS_SIR_{world.night:%Y%m%d}.xml", "SecurityReports", "SIR", feed.rows, world.word("nobody"))


def field_reports(world, people):
    feed = Feed(world, "g4s", tag_intelligence.COLUMNS)
    for n, person in enumerate(people):
        if not person.orders or not turn(world, n):
            continue
        if world.night == NIGHTS[0]:
            person.field = world.word(person.id, True)
        day, back = world.near(100, 0), gone(world, n)
        words, fact = intelligence(world, person, "g4s", "tag_intelligence", person.field, "movement", day, associate=False, back=back)
        feed.add(person, {"legacy_subject_id": person.subject, "report_id": person.field, "report_type": "Whereabouts", "event_date": iso(day), "seen_at": words["place"],
                          "details": words["report"], "void": "Yes" if back else "No"}, fact)
    return daily.delimited("g4s", "", f"EMS_LEEDS_{world.night:%Y%m%d}_INTELLIGENCE.csv", tag_intelligence.COLUMNS, feed.rows, ",", trailer="TRAILER")


def treated(people, partner):
    """The clients of a provider: some of both."""
    return [(n, p) for n, p in enumerate(people) if n % 3 != (0 if partner == "disc" else 1)]


def client(world, person, partner):
    """The provider's own number of a person."""
    held = vars(person).setdefault("clients", {})
    if partner not in held:
        held[partner] = {"no": world.word(person.id, True), "refs": [world.word(person.id, True) for _ in range(4)], "from": world.near(150, -1)}
    return held[partner]


def treatment(world, person, partner, n, until, moved):
    """What both providers tell of a client: facts, and the cells' words."""
    held = client(world, person, partner)
    other = "cri" if partner == "disc" else "disc"
    words = {"review": world.far_day(person.id), "note": world.word(person.id), "firm": world.word(person.id), "street": world.word(person.id)}
    facts = [("caseload", [], {"kind": "treatment", "from": iso(held["from"]), "until": iso(until)}, False),
             ("treatment_circumstances", [], {"employment_status": "employed", "employer": words["firm"], "accommodation_type": "council", "address": words["street"],
                                              "postcode": person.postcode}, False)]
    if moved:
        facts.append(("care_transfer", [], {"from_partner": partner, "to_partner": other, "transferred_on": iso(moved)}, False))
    identity(world, person, partner, ["client", person.id], person.surname, person.forenames)
    return held, words, facts


def disc_clients(world, people):
    feed = Feed(world, "disc", drugs.CLIENTS)
    for n, person in treated(people, "disc"):
        until, moved = world.night - DAYS(1) if n % 4 == 2 else None, world.night - DAYS(28 + n % 2) if n % 5 == 1 else None
        held, words, facts = treatment(world, person, "disc", n, until, moved)
        known = {"ClientNo": held["no"], "Forename": person.forenames, "Surname": person.surname, "DOB": person.born, "Sex": person.sex, "Postcode": person.postcode, "Consent": "Y",
                 "Referred": held["from"], "Discharged": until or "", "Stage": "In treatment", "Objective": "Reduce use", "NextReview": words["review"], "PlanNote": words["note"],
                 "Work": "Employed", "Employer": words["firm"], "Housing": "Council", "Address": words["street"], "MovedTo": "CRI" if moved else "", "MovedOn": moved or ""}
        plan = {"in_treatment": "false" if until else "true", "objective": "reduce_use", "review_on": "" if until else iso(words["review"]), "status": "in_treatment",
                "plan_note": words["note"]}
        feed.add(person, known, *facts, ("treatment_plan", [], plan, False))
    return daily.sheet("disc", "", f"DISC_CLIENTS_{world.night:%Y%m%d}.xlsx", {"Clients": (drugs.CLIENTS, [r for r, _ in feed.rows])}, [])


def cri_episodes(world, people):
    columns = ("@client Initials GivenName FamilyName Born Gender PostCode Share Start End Phase Goal Review PlanText Job Firm Lives Street TransferTo TransferDate").split()
    feed = Feed(world, "cri", columns)
    for n, person in treated(people, "cri"):
        if not turn(world, n):
            continue
        until, moved = world.night - DAYS(1) if n % 4 == 3 else None, world.night + DAYS(28 + n % 2) if n % 5 == 3 else None
        held, words, facts = treatment(world, person, "cri", n, until, moved)
        known = {"@client": held["no"], "GivenName": person.forenames, "FamilyName": person.surname, "Born": iso(person.born), "Gender": {"M": "1", "F": "2"}[person.sex],
                 "PostCode": person.postcode.lower(), "Share": "true", "Start": iso(held["from"]), "End": iso(until), "Phase": "TX", "Goal": "STOP", "Review": iso(words["review"]),
                 "PlanText": words["note"], "Job": "2", "Firm": words["firm"], "Lives": "LA", "Street": words["street"], "TransferTo": "DISC" if moved else "", "TransferDate": iso(moved)}
        plan = {"in_treatment": "true", "objective": "stop_use", "review_on": iso(words["review"]), "status": "in_treatment", "plan_note": words["note"]}
        feed.add(person, known, *facts, ("treatment_plan", [], plan, False))
    return daily.elements("cri", "", f"CRI_EPISODES_{world.night:%Y%m%d}.xml", "CaseExport", "Episode", feed.rows, world.word("nobody"))


def appointments(world, people, partner):
    columns = drugs.APPOINTMENTS if partner == "disc" else drugs.SESSIONS
    feed = Feed(world, partner, columns)
    for n, person in treated(people, partner):
        if not turn(world, n):
            continue
        held, day, clock, back = client(world, person, partner), world.near(200, 20), f"{9 + n % 9:02d}:{n % 60:02d}", gone(world, n)
        number = held["refs"][0]
        if partner == "disc":
            came, said = flag(n, ("Yes", "No"))
            cell = (held["no"], number, uk(day), clock, came, "Part", "X" if back else "A")
        else:
            came, said = flag(n, ("1", "0"))
            cell = (held["no"], number, f"{uk(day)} {clock}", came, "P", "0" if back else "1")
        fields = {"due_at": instant(day, clock), "attended": said, "engagement": "partly"}
        feed.add(person, dict(zip(columns, cell)), ("treatment_engagement", [number], fields, back))
    if partner == "disc":
        return daily.delimited("disc", "", f"DISC_APPOINTMENTS_{world.night:%Y%m%d}.csv", columns, feed.rows, ",")
    return daily.delimited("cri", "", f"CRI_SESSIONS_{world.night:%Y%m%d}.txt", columns, feed.rows, "\t", encoding="utf-16-le", mark=b"\xff\xfe")


def shut(world, people, partner):
    """Medical record, alerts and intelligence: what no standing grant gives."""
    columns = drugs.CLINICAL if partner == "disc" else drugs.ALERTS
    feed = Feed(world, partner, columns)
    for n, person in treated(people, partner):
        if not turn(world, n):
            continue
        held, back, day = client(world, person, partner), gone(world, n), world.near(100, 0)
        refs = held["refs"][1:]
        four, two = [world.word(person.id) for _ in range(4)], [world.word(person.id) for _ in range(2)]
        words, told = intelligence(world, person, partner, "treatment_intelligence", refs[2], "drugs", day, place=False, back=back)
        facts = [("treatment_medical", [refs[0]], dict(zip(("diagnosis", "prescription", "clinical_test", "clinical_note"), four)), back),
                 ("treatment_harm_alert", [refs[1]], {"risk_to": "self", "immediacy": "days", "advised_action": two[0], "summary": two[1]}, back), told]
        if partner == "disc":
            base = {"ClientNo": held["no"], "Date": uk(day), "Status": "X" if back else "A"}
            rows = [{"Record": "CLIN", "Diagnosis": four[0], "Script": four[1], "Test": four[2], "Note": four[3]},
                    {"Record": "HARM", "AtRisk": "Self", "When": "Days", "Advice": two[0], "Summary": two[1]},
                    {"Record": "INT", "Kind": "Dealing", "Associate": words["associate"], "Note": words["report"]}]
            number = "Reference"
        else:
            base = {"Client": held["no"], "Day": day, "State": "VOID" if back else "OPEN"}
            rows = [{"Type": "MED"} | dict(zip("ABCD", four)), {"Type": "HARM", "A": "Self", "B": "Days", "C": two[0], "D": two[1]},
                    {"Type": "INTEL", "A": "Dealing", "B": words["associate"], "C": words["report"]}]
            number = "Ref"
        for row, fact, reference in zip(rows, facts, refs):
            feed.add(person, base | row | {number: reference}, fact)
    if partner == "disc":
        return daily.delimited("disc", "", f"DISC_CLINICAL_{world.night:%Y%m%d}.csv", columns, feed.rows, ",", trailer="COUNT")
    return daily.open_sheet("cri", "", f"CRI_ALERTS_{world.night:%Y%m%d}.ods", "Alerts", [], columns, feed.rows)


def night_files(world, people):
    """All files of the night; the records as they stand after it are told on the way."""
    files = [part(world, people) for part in (cases, components, contacts, hostels, probation_reports, movements, dates, adjudications, courses, watches, security, field_reports,
                                              disc_clients, cri_episodes)]
    files += [part(world, people, partner) for partner in ("disc", "cri") for part in (appointments, shut)]
    return [(file.place, file.name, file.data) for file in files]
