"""The first eight feeds of the planted world, in the forms of the real ones, and the records that they mean."""
import datetime
from xml.sax.saxutils import escape, quoteattr

from planted import NIGHTS, instant, iso, uk
from invented import housing, police, prison, tables, tagging, workbook

DAYS = datetime.timedelta


def cells(world, owner, columns, known):
    """A row with a token in every column that nothing else is said of."""
    return {c: known[c] if c in known else world.word(owner) for c in columns}


def identity(world, person, partner, key, surname, forenames, **more):
    fields = {"surname": surname, "forenames": forenames, "birth_date": iso(person.born),
              "sex": {"M": "male", "F": "female"}[person.sex]} | more
    world.tell(person.id, partner, "person", key, fields)


# The police list: UTF-16, tabs, whole every night.

def cohort_rows(world, people):
    rows = []
    for person in people:
        late = person.listed_late and world.night > NIGHTS[0]
        if not person.on_list and not late:
            continue
        if not hasattr(person, "aliases") or (world.night > NIGHTS[0] and person.id.endswith("3")):
            person.aliases = f"{world.word(person.id)} {world.word(person.id)}; {world.word(person.id)}"
        begin, end = person.cohort if person.on_list else (NIGHTS[1], None)
        known = {"Nominal": person.nominal, "PNC": person.pnc, "CRO": person.cro, "Prison number": person.prison_number, "Surname": person.surname,
                 "Forenames": person.forenames, "Aliases": person.aliases, "DOB": uk(person.born), "Sex": person.sex, "Postcode": person.postcode.lower(),
                 "Designation": ("PPO", "IOM", "DYO")[int(person.id[1:]) % 3], "From": uk(begin), "Until": uk(end) or "31/12/9999"}
        rows.append(cells(world, person.id, police.COLUMNS, known))
        identity(world, person, "wyp", ["list", person.id], person.surname, person.forenames, aliases=person.aliases, pnc_id=person.pnc, prison_number=person.prison_number)
        world.tell(person.id, "wyp", "cohort", [person.id, known["Designation"]],
                   {"designation": known["Designation"].lower(), "from": iso(begin), "until": iso(end)})
    text = "\r\n".join([*tables.lines(police.COLUMNS, rows, "\t"), ""])
    return "wyp", f"IOM_COHORT_{world.night:%Y%m%d}.txt", b"\xff\xfe" + text.encode("utf-16-le")


# The prisons' list: semicolons, Windows-1252, titles and a count.

TYPES = [("TAP", "EL", "ecl"), ("REL", "CR", "conditional"), ("REL", "HR", "hdc"), ("REL", "HU", "hdc_unconditional"), ("", "PD", "post_recall"), ("REL", "D1", "dto")]
AREAS = {"YSW": "YSW", "13YA": "13YA", "HBS": "humberside"}
PROJECTED = {"ECL": "ECL date", "HDCAD": "HDCAD", "CRD": "CRD", "ARD": "ARD", "SED": "SED"}


def release(world, person, status, facts):
    """One row, and the release, movement and projections that it means."""
    surname, forenames = person.feed_names(world)
    lines = [world.word(person.id) for _ in range(4)]
    lines[0] = "=1+" + lines[0] if facts["formula"] else lines[0]
    lines = ["NFA", "", "", ""] if facts["nfa"] else lines
    postcode = "" if facts["nfa"] else world.postcode(person.id)
    area = facts["area"]
    known = {"Establishment": facts["prison"], "Prison number": person.prison_number, "Booking number": facts["booking"], "PNC": person.pnc, "CRO": person.cro,
             "Surname": surname.upper(), "Forenames": forenames.upper(), "DOB": uk(person.born), "Sex": person.sex, "Release date": uk(facts["day"]),
             "Movement type": facts["type"][0], "Reason": facts["type"][1], "Postcode": postcode.lower(), "Probation area": area, "Status": status}
    known |= {f"Release address {i}": line for i, line in enumerate(lines, 1)}
    known |= {column: uk(facts["dates"].get(basis)) for basis, column in PROJECTED.items()}
    key, gone = [person.id, facts["booking"]], status == "X"
    identity(world, person, "hmps", ["list", person.id], surname.upper(), forenames.upper(), pnc_id=person.pnc, prison_number=person.prison_number)
    world.tell(person.id, "hmps", "prison_release", key,
               {"release_date": iso(facts["day"]), "release_type": facts["type"][2], "establishment": facts["prison"], "release_postcode": postcode,
                "release_address": "" if facts["nfa"] else ", ".join(lines), "supervising_agency": AREAS[area]}, cancelled=gone)
    world.tell(person.id, "hmps", "custody_movement", key, {"moved_on": iso(facts["day"]), "direction": "out"}, cancelled=gone)
    for basis in PROJECTED:
        day = facts["dates"].get(basis)
        if day:
            world.tell(person.id, "hmps", "release_projection", [*key, basis], {"projected_date": iso(day), "basis": basis}, cancelled=gone)
        elif status in "CX":
            world.tell(person.id, "hmps", "release_projection", [*key, basis], {"basis": basis}, cancelled=True)
    return cells(world, person.id, prison.COLUMNS, known)


def releases(world, people):
    rows = []
    for n, person in enumerate(people):
        if world.night == NIGHTS[0]:
            person.release = None
            if n % 3 == 2:
                continue
            back, ahead = ((1, 0), (40, -2), (-3, 20), (-28, 28), (-29, 29), (-60, 200))[n % 6]
            dates = {"SED": world.far_day(person.id)}
            if n % 2:
                dates["CRD"] = world.near(5, 90)
            if n % 5 == 0:
                dates["HDCAD"] = world.near(-28, 29)
            if n % 5 == 1:
                dates["ECL"] = world.far_day(person.id)
            person.release = {"day": world.near(back, ahead), "type": TYPES[n % len(TYPES)], "booking": world.word(person.id, digit=True), "prison": ("LEI", "DNI", "HLI")[n % 3],
                              "area": list(AREAS)[n % 3], "dates": dates, "nfa": n % 10 == 9, "formula": n % 4 == 0}
            rows.append(release(world, person, "X" if n % 9 == 4 else "N", person.release))
        elif person.release and n % 4 == 1:
            person.release |= {"day": person.release["day"] + DAYS(2)}
            person.release["dates"].pop("ECL", None)
            rows.append(release(world, person, "C", person.release))
        elif person.release and n % 7 == 0:
            rows.append(release(world, person, "X", person.release))
    head = [f"HM PRISON SERVICE - {world.word('nobody')}", f"Printed by {world.word('nobody')};{uk(world.night)} 03:40"]
    text = "\r\n".join([*head, *tables.lines(prison.COLUMNS, rows, ";"), f"ROWS;{len(rows)}", ""])
    return "hmps", f"HMPS_RELEASES_{world.night:%Y%m%d}.csv", text.encode("cp1252")


# The contractor's four files.

def subject(world, person, known):
    lines = known.pop("lines")
    known |= {"legacy_subject_id": person.subject, "pnc_id": person.pnc, "nomis_id": person.prison_number, "primary_address_post_code": known.pop("postcode")}
    return known | {f"primary_address_line_{i}": line for i, line in enumerate(lines, 1)}


def order_cells(world, person, order):
    bail = order["kind"] in ("Pre-Trial", "Bail")
    by = ("Magistrates Court", "Leeds Magistrates Court") if bail or order["court"] else ("Prison", world.word(person.id))
    fields = {"start_date": iso(order["start"]), "end_date": iso(order["end"]), "curfew_hours": "19:00-07:00 daily", "address": ", ".join(order["lines"]),
              "postcode": order["postcode"], "court": "B13HT00" if bail or order["court"] else ""}
    category = "tag_order_bail" if bail else "tag_order_sentence"
    known = {"legacy_order_id": order["id"], "order_type": order["kind"], "order_start_date": iso(order["start"]), "order_end_date": iso(order["end"]) or "2040-01-01",
             "curfew_start_time": "19:00:00", "curfew_end_time": "07:00:00", "curfew_days": "1111111", "notifying_organisation": by[0],
             "notifying_organisation_details_name": by[1], "lines": order["lines"], "postcode": order["postcode"].replace(" ", "")}
    return subject(world, person, known), category, fields


def new_order(world, person, n):
    start = world.near(100, -1) if n % 5 else world.night + DAYS(1)
    end = (None, world.night, world.night - DAYS(1), world.near(-2, 60))[n % 4]
    start = min(start, end) if end else start
    return {"id": world.word(person.id, digit=True), "kind": ("Pre-Trial", "Community", "Post Release", "Bail")[n % 4], "court": n % 3 != 0,
            "start": start, "end": end, "lines": [world.word(person.id) for _ in range(3)], "postcode": world.postcode(person.id)}


def orders(world, people):
    rows, ended = [], []
    for n, person in enumerate(people):
        if world.night == NIGHTS[0]:
            person.orders = []
            if n % 4 == 3:
                continue
            surname, forenames = person.feed_names(world)
            alias = world.word(person.id)
            for one in range(1 + (n % 6 == 0)):
                order = new_order(world, person, n // 2 + one)
                person.orders.append(order)
                known, category, fields = order_cells(world, person, order)
                known |= {"last_name": surname, "first_name": forenames, "alias": alias, "date_of_birth": iso(person.born), "sex": {"M": "Male", "F": "Female"}[person.sex]}
                rows.append(cells(world, person.id, tagging.ORDERS, known))
                world.tell(person.id, "g4s", category, [person.id, order["id"]], fields)
            identity(world, person, "g4s", ["em", person.id], surname, forenames, aliases=alias, pnc_id=person.pnc, prison_number=person.prison_number)
            if n % 9 == 2:
                ended.append(ending(world, person, n))      # made and ended on one day: the ending is the later word
        elif person.orders and n % 5 == 0:
            ended.append(ending(world, person, n))
    return [contractor(world, "ORDERS", tagging.ORDERS, rows), contractor(world, "ENDINGS", tagging.ENDINGS, ended)]


def ending(world, person, n):
    """The first of a person's orders again, with its end."""
    order = person.orders[0]
    order["end"] = max(world.night - DAYS(1), order["start"])
    known, category, fields = order_cells(world, person, order)
    world.tell(person.id, "g4s", category, [person.id, order["id"]], fields, cancelled=n % 10 == 0)
    return cells(world, person.id, tagging.ENDINGS, known | {"end_reason": "Entered in error" if n % 10 == 0 else "Revoked"})


def contractor(world, word, columns, rows):
    text = "\r\n".join([*tables.lines(columns, rows, ","), f"TRAILER,{len(rows)}", ""])
    return "g4s", f"EMS_LEEDS_{world.night:%Y%m%d}_{word}.csv", text.encode("utf-8")


def installs(world, people):
    rows = []
    for n, person in enumerate(people):
        if not person.orders or (n + (world.night > NIGHTS[0])) % 3:
            continue
        day, clock = world.near(200, 0), f"{8 + n % 14:02d}:{n % 60:02d}:00"
        lines = [world.word(person.id) for _ in range(3)]
        known = {"lines": [], "postcode": person.orders[0]["postcode"], "legacy_order_id": person.orders[0]["id"], "actual_work_start_date": iso(day), "actual_work_start_time": clock,
                 "visit_type": "Install", "visit_outcome": "Success" if n % 7 == 0 else "No Show", "attempt": str(1 + n % 3)}
        known |= {f"address_{i}": line for i, line in enumerate(lines, 1)}
        row = cells(world, person.id, tagging.INSTALLS, subject(world, person, known))
        row["visit_notes"] = f'{row["visit_notes"]},\r\n"{world.word(person.id)}"'
        rows.append(row)
        if n % 7:
            world.tell(person.id, "g4s", "tag_not_installed", [person.id, iso(day), clock],
                       {"tried_at": instant(day, clock), "reason": "no_reply", "attempts": str(1 + n % 3), "address": ", ".join(lines)})
    return contractor(world, "INSTALLS", tagging.INSTALLS, rows)


ACTIONS = (("Recall requested", "recall_requested"), ("Warning letter sent", "warning_letter"), ("No Value", ""), ("Recall requested", "recall_requested"))
OUTCOMES = (("Pending", "pending"), ("No Value", ""), ("Returned to custody", "returned_to_custody"))


def violations(world, people):
    rows = []
    for n, person in enumerate(people):
        if not person.orders or (n + (world.night > NIGHTS[0])) % 2:
            continue
        order = person.orders[-1]
        day, clock = world.near(60, 0), f"{10 + n % 13:02d}:{n % 60:02d}:30"
        hearing = world.far_day(person.id)
        responsible = ("Field Monitoring Service", "Probation", "Prison", "YJS")[n // 2 % 4]
        action, outcome = ACTIONS[n // 2 % 4], OUTCOMES[n % 3]
        known = {"lines": [], "postcode": order["postcode"], "legacy_order_id": order["id"], "order_type": order["kind"], "order_type_description": "DTO",
                 "responsible_organisation": responsible, "enforcement_reason": "Return Home Late", "minutes_absent": str(1000 + n), "breach_date": iso(day), "breach_time": clock,
                 "agency_action": action[0], "breach_enforcement_outcome": outcome[0], "hearing_date": iso(hearing)}
        rows.append(cells(world, person.id, tagging.VIOLATIONS, subject(world, person, known)))
        fields = {"breach_at": instant(day, clock), "kind": "late_return", "minutes_absent": str(1000 + n)}
        if order["kind"] in ("Pre-Trial", "Bail"):
            category = "tag_breach_bail"
        elif responsible in ("Field Monitoring Service", "Prison"):
            category = "tag_breach_sentence"
            fields |= {"action_taken": action[1], "court_date": iso(hearing), "outcome": outcome[1]}
        else:
            category = "tag_breach_supervised"
            fields |= {"terms": "dto"}
        world.tell(person.id, "g4s", category, [person.id, order["id"], iso(day), clock], fields)
    return contractor(world, "VIOLATIONS", tagging.VIOLATIONS, rows)


# The assessments: XML.

LEVELS = {"Low": "low", "Medium": "medium", "High": "high", "Very High": "very_high"}
GROUPS = {"Children": "children", "Public": "public", "KnownAdult": "known_adult", "Staff": "staff", "Prisoners": "prisoners"}
NEEDS = {"acc": "accommodation", "eTE": "employment", "lifestyle": "lifestyle", "drug": "drugs", "alcohol": "alcohol", "emo": "emotional"}
IMMINENCE = (("Immediate", "immediate"), ("If drinking", "specific"), ("Not known", "unknown"))
OBJECTIVES = (("8", "drugs"), ("3", "accommodation"), ("V", "victim"), ("", ""))


def element(name, text, **attributes):
    marks = "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items())
    return f"<{name}{marks}>{escape(text)}</{name}>"


def assessment(world, person, n):
    """The inside of one `Assessment`, and what it means."""
    rng, tell = world.rng, lambda c, key, f, **m: world.tell(person.id, "probation", c, [person.id, *key], f, **m)
    done = world.near(300, 0)
    levels = {group: rng.choice(list(LEVELS)) for group in GROUPS}
    overall, ogrs = rng.choice(list(LEVELS)), str(10 + n)
    needs = {need: rng.choice(["Yes", "No", "DK"]) for need in NEEDS}
    flag = {"Yes": "true", "No": "false", "DK": ""}
    sections = {"thinking": rng.choice(["0-No problems", "2-Significant problems"]), "attitudes": rng.choice(["1-Some problems", "DK"])}
    who, nature, note = (world.word(person.id) for _ in range(3))
    imminence, objective = IMMINENCE[n % 3], OBJECTIVES[(n + (world.night > NIGHTS[0])) % 4]
    review, dates = world.far_day(person.id), [world.far_day(person.id) for _ in range(4)] if n % 2 else [None] * 4
    score = {"0": "false", "1": "true", "2": "true", "D": ""}
    tell("oasys_scores", [], {"assessed_on": iso(done), "ogrs": ogrs, "reoffending_band": LEVELS[overall], "harm_level": LEVELS[overall]})
    tell("oasys_factors", [], {NEEDS[k]: flag[v] for k, v in needs.items()} | {k: score[v[0]] for k, v in sections.items()} | {"factor_note": note})
    for group, level in levels.items():
        tell("oasys_at_risk", [group], {"at_risk_group": GROUPS[group], "imminence": imminence[1], "named_person": who, "nature": nature}, cancelled=level == "Low")
    if objective[0]:
        tell("sentence_plan", ["1"], {"objective": objective[1], "review_on": iso(review)})
    names = ("earliest_release", "hdc_eligibility", "licence_expiry", "sentence_expiry")
    if dates[0]:
        tell("sentence_dates", [], dict(zip(names, map(iso, dates))))
    risks = "".join(element(f"risk{g}Community", v, code=world.word(person.id)) for g, v in levels.items())
    two = "".join(f"<Section{s}>{element('overallAnswer', a)}</Section{s}>" for s, a in zip((11, 12), sections.values()))
    ends = "".join(element(t, iso(d)) for t, d in zip(("earliestRelease", "hdcEligibility", "licenceExpiry", "sentenceExpiry"), dates))
    return (f'<Assessment assessmentPk="{world.word(person.id)}" assessmentType="{world.word(person.id)}" assessmentVersion="{world.word(person.id)}"><!-- {world.word(person.id)} -->'
            f"<assessmentStatus>COMPLETE</assessmentStatus>{element('initiationDate', world.word(person.id))}{element('dateCompleted', f'{done}T10:12:44')}"
            f"<Predictors><OGRS>{element('ogrs31Year', world.word(person.id))}{element('ogrs32Year', ogrs)}{element('ogrs3RiskRecon', overall)}</OGRS></Predictors>"
            f"<RoSH>{element('overallRisk', overall)}{risks}{element('whoAtRisk', who)}{element('natureOfRisk', nature)}{element('riskImminence', imminence[0])}</RoSH>"
            f"<Needs>{''.join(element(f'{k}LinkedToReoffending', v) for k, v in needs.items())}{element('issuesDetails', note)}</Needs><Sections>{two}</Sections>"
            f"<SentencePlan>{element('mainObjective', objective[0], number='1')}{element('reviewDate', iso(review))}</SentencePlan><Sentence>{ends}</Sentence></Assessment>")


def draft(world, owner):
    """An assessment that is nobody's business yet."""
    return (f'<Assessment assessmentPk="{world.word(owner)}"><assessmentStatus>OPEN</assessmentStatus>{element("dateCompleted", "")}'
            f"<RoSH>{element('whoAtRisk', world.word(owner))}{element('natureOfRisk', world.word(owner))}</RoSH></Assessment>")


def assessments(world, people):
    body = []
    for n, person in enumerate(people):
        if n % 5 == 4 or (world.night > NIGHTS[0] and n % 3):
            continue
        surname, forenames = person.feed_names(world)
        limited = n == 16
        before = dict(world.records)
        inside = assessment(world, person, n) if n % 10 != 8 else draft(world, person.id)
        if n % 10 != 8:
            identity(world, person, "probation", ["crn", person.id], surname, forenames, crn=person.crn, pnc_id=person.pnc, prison_number=person.prison_number)
        if limited:
            world.records = before
        own = {"probNumber": person.crn, "prisNumber": person.prison_number, "pnc": person.pnc, "forename": forenames, "familyName": surname,
               "dateOfBirth": iso(person.born), "gender": {"M": "1", "F": "2"}[person.sex], "custodyInd": world.word(person.id), "laoPrivilege": world.word(person.id)}
        head = "".join(element(name, text) for name, text in own.items())
        body.append(f'<Offender limitedAccessOffender="{"true" if limited else "false"}">{head}{inside}</Offender>\n')
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<OASysExtract source="{world.word("nobody")}" area="YSW">\n{"".join(body)}</OASysExtract>\n'
    return "probation", f"OASYS_EXTRACT_{world.night:%Y%m%d}.xml", text.encode("utf-8")


# The housing workbook.

ENDS = (("NOTICE", "ended"), ("EXCHANGE", "exchanged"), ("EVICTED", "evicted"), ("ABANDONED", "abandoned"))


def tenancies(world, people):
    sheets = {name: (columns, []) for name, columns in housing.SHEETS.items()}
    add = lambda sheet, owner, known: sheets[sheet][1].append(list(cells(world, owner, housing.SHEETS[sheet], known).values()))
    for n, person in enumerate(people):
        if n % 3 == 1:
            continue
        if world.night == NIGHTS[0]:
            end = (None, world.night - DAYS(183), world.night - DAYS(184), world.night - DAYS(30), world.night, None)[n % 6]
            person.home = {"tenref": world.word(person.id, True), "persref": world.word(person.id, True), "propref": world.word(person.id, True), "end": end,
                           "start": world.night - DAYS(400 + n) if n % 12 else world.night + DAYS(1), "lines": [world.word(person.id) for _ in range(4)]}
            person.home["lines"][0] = ("-" if n % 2 else "@") + person.home["lines"][0]
        elif n % 6 == 0:
            person.home["end"] = NIGHTS[0]
        home = person.home
        reason, status = ENDS[n % 4] if home["end"] else ("", "current")
        balance = round(1000.17 + n * 3.1 + (world.night > NIGHTS[0]), 2)
        add("OCCUPANT", person.id, {"TENREF": home["tenref"], "PERSREF": home["persref"], "ROLE": "1", "END": home["end"]})
        add("PERSON", person.id, {"PERSREF": home["persref"], "FORENAME": person.forenames.ljust(20), "SURNAME": person.surname.ljust(24), "DOB": uk(person.born),
                                  "SEX": person.sex, "NINO": person.nino})
        add("TENANCY", person.id, {"TENREF": home["tenref"], "PROPREF": home["propref"], "TENURE": "S", "START": home["start"], "END_REASON": reason, "BALANCE": balance})
        add("PROPERTY", person.id, {"PROPREF": home["propref"], "POSTCODE": person.postcode} | {f"ADDR{i}": line for i, line in enumerate(home["lines"], 1)})
        notice = ""
        if n % 2:
            add("EVENTS", person.id, {"TENREF": home["tenref"], "DATE": world.night - DAYS(90), "TYPE": "COURT", "RESULT": "LISTED"})
            add("EVENTS", person.id, {"TENREF": home["tenref"], "DATE": world.night - DAYS(9), "TYPE": "NOSP", "RESULT": "SERVED"})
            notice = "nosp"
        identity(world, person, "lcc", ["house", person.id], person.surname, person.forenames, tenancy_ref=home["tenref"])
        world.tell(person.id, "lcc", "tenancy", [person.id], {
            "tenancy_type": "secure", "start_date": iso(home["start"]), "end_date": iso(home["end"]), "address": ", ".join(home["lines"]), "postcode": person.postcode,
            "status": status, "notice": notice, "arrears": f"{balance:.2f}"})
    # Another member of a household, who is nobody's business.
    add("OCCUPANT", "nobody", {"TENREF": people[0].home["tenref"], "PERSREF": "QX0001", "ROLE": "3", "END": None})
    add("PERSON", "nobody", {"PERSREF": "QX0001", "DOB": "11/11/1971", "SEX": "F", "NINO": ""})
    return "lcc", f"ORCHARD_{world.night:%Y%m%d}.xlsx", workbook.workbook(sheets)


def night_files(world, people):
    """All files of the night, and the records as they stand after it."""
    return [cohort_rows(world, people), releases(world, people), *orders(world, people), installs(world, people), violations(world, people),
            assessments(world, people), tenancies(world, people)]
