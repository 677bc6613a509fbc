"""The planted feeds of the police, the council's unit and the youth service: rows, and the records that they mean."""
import datetime
from xml.sax.saxutils import escape

from feeds import cells, identity
from planted import NIGHTS, instant, iso, uk
from invented import asb, opendocument, police_protection, police_records, tables, workbook, youth

DAYS = datetime.timedelta


def first(world):
    return world.night == NIGHTS[0]


def due(world, n, step):
    """Whether a row is written: of two in `step` on the first night, and of some of them again on the second."""
    return n % step != 1 if first(world) else n % step == 0


def text_file(world, place, name, parts, encoding):
    return place, name.format(f"{world.night:%Y%m%d}"), "\r\n".join([*parts, ""]).encode(encoding)


def police_cells(world, person, columns, column, known):
    return cells(world, person.id, columns, {column: person.nominal} | known)


# Custody records.

DISPOSALS = (("CHARGED CB", "charged_conditional_bail"), ("NFA", "no_further_action"), ("IN CUSTODY", "pending"))
OFFENCES = (("TH68010", "theft"), ("TH68036", "burglary"), ("MD71211", "drugs"))
TESTS = (("POS", "positive", "BOTH", "opiates_and_cocaine"), ("NEG", "negative", "NONE", "none"), ("REF", "refused", "-", ""))
KINDS = (("RA1", "initial"), ("RA4", "follow_up"), ("ROB", "restriction_on_bail"))


def custody(world, people):
    rows = []
    for n, person in enumerate(people):
        if not due(world, n, 3):
            continue
        if first(world):
            person.custody = world.word(person.id, digit=True)
        ref, status = person.custody, "X" if n % 13 == 12 else "N" if first(world) else "C"
        gone, day, clock = status == "X", world.near(90, 0), f"{n % 24:02d}:{n:02d}"
        offence, disposal, test, kind = OFFENCES[n % 3], DISPOSALS[(n + first(world)) % 3], TESTS[n % 3], KINDS[n // 2 % 3]
        note, ends = world.word(person.id), world.far_day(person.id)
        known = {"Status": status, "Custody ref": ref, "PNCID": person.pnc, "Arrest date": uk(day), "Arrest time": clock, "Station": "13L7", "Offence": offence[0],
                 "Disposal": disposal[0], "Circumstances": note, "Test date": uk(day), "Test time": clock, "Test result": test[0], "Drug found": test[2], "Disputed": "NY"[n % 2],
                 "RA type": kind[0], "RA date": uk(ends), "RA time": clock, "RA remained": "-YN"[n % 3], "ROB status": "IMPOSED" if n % 2 else "", "ROB from": uk(day), "ROB to": uk(ends),
                 "ROB complied": "YN-"[n % 3]}
        rows.append(police_cells(world, person, police_records.CUSTODY, "Nominal", known))
        tell = lambda category, key, fields: world.tell(person.id, "wyp", category, ["custody", person.id, *key], fields, cancelled=gone)
        flag = {"Y": "true", "N": "false", "-": ""}
        tell("arrest", [], {"arrested_at": instant(day, clock), "offence": offence[0], "offence_group": offence[1], "station": "13L7", "outcome": disposal[1], "circumstances": note})
        tell("custody_drug_test", [], {"tested_at": instant(day, clock), "result": test[1], "drug": test[3], "disputed": flag["NY"[n % 2]]})
        tell("required_assessment", [kind[0]], {"appointment_at": instant(ends, clock), "kind": kind[1], "attended": flag["-YN"[n % 3]]})
        if n % 2:
            tell("bail_drug_restriction", [], {"status": "imposed", "start_date": iso(day), "end_date": iso(ends), "complied": flag["YN-"[n % 3]]})
    parts = [*tables.lines(police_records.CUSTODY, rows, "|"), f"*** END OF EXTRACT ***|{len(rows)}"]
    return text_file(world, "wyp", "CUSTODY_{}.csv", parts, "cp1252")


# Convictions, as wide as they are printed.

CLASSES = (("02800", "TH68036", "burglary"), ("04600", "TH68010", "theft"), ("10501", "CJ88116", "violence"))


def convictions(world, people):
    rows = []
    for n, person in enumerate(people):
        if not due(world, n, 4):
            continue
        for seq in ("01", "02"):
            if first(world):
                person.cases = getattr(person, "cases", {}) | {seq: world.word(person.id, digit=True)}
            action = "D" if n % 8 == 4 and not first(world) else "A" if first(world) else "U"
            day, offence, result = world.far_day(person.id), CLASSES[(n + int(seq)) % 3], ("1002", "1015", "1116")[n % 3]
            known = {"ACTION": action, "PNCID": person.pnc, "COURT CASE REF": person.cases[seq], "OFF SEQ": seq, "CONV DATE": f"{day:%Y%m%d}", "COURT": "2577", "HO CLASS": offence[0],
                     "RESULT": result}
            row = police_cells(world, person, list(police_records.CONVICTIONS), "REQREF", known)
            rows.append({c: text.ljust(police_records.CONVICTIONS[c]) for c, text in row.items()})
            world.tell(person.id, "wyp", "conviction_history", ["pnc", person.id, seq], {
                "conviction_date": iso(day), "offence": offence[1], "offence_group": offence[2], "court": "B13HT00", "disposal": result, "pnc_ref": person.pnc}, cancelled=action == "D")
    parts = [*tables.lines(list(police_records.CONVICTIONS), rows, ","), f"RECORDS,{len(rows)}"]
    return text_file(world, "wyp", "PNC_CONV_{}.csv", parts, "iso-8859-1")


# The team's workbook: whole every night.

LEADS = (("Police", "wyp"), ("ASBU", "lcc"), ("Probation", "probation"), ("YOS", "yos"), ("Prison", "hmps"), ("DISC", "disc"), ("CRI", "cri"), ("G4S", "g4s"))


def plans(world, people):
    rows = []
    for n, person in enumerate(people):
        for task in (False, True):
            if n % 3 == 2 or (task and n % 2):
                continue
            if first(world):
                person.plan = getattr(person, "plan", {}) | {task: {"ref": world.word(person.id, digit=True), "due": world.far_day(person.id), "words": [world.word(person.id) for _ in range(4)]}}
            plan = person.plan[task]
            if not first(world) and n % 4 == 0:
                plan["due"] = world.far_day(person.id)
            status = "Cancelled" if n % 9 == 4 and not first(world) else "Agreed"
            sensitive = ("N", "N", "Y", "")[n % 4] if n % 5 else "N"
            tell = lambda category, fields: world.tell(person.id, "wyp", category, ["plan", plan["ref"]], fields, cancelled=status == "Cancelled", restricted=sensitive != "N")
            lead, words = LEADS[n % 8], plan["words"]
            head = [plan["ref"], "TASK" if task else "PLAN", sensitive, person.nominal, world.word(person.id), world.word(person.id)]
            if task:
                rows.append([*head, "", "", "", status, "", words[0], words[1], f"{uk(plan['due'])} 06:15", words[2]])
                tell("tasking", {"task": words[0], "place": words[1], "window": instant(plan["due"], "06:15"), "officer": words[2]})
            else:
                rows.append([*head, "Curfew check", lead[0], plan["due"], status, words[3], *(world.word(person.id) for _ in range(4))])
                tell("action_plan", {"action": "curfew_check", "lead_agency": lead[1], "due_date": iso(plan["due"]), "status": "withdrawn" if status == "Cancelled" else "agreed",
                                     "plan_note": words[3]})
    sheets = {"Actions": (police_records.PLAN_HEADS[0], [police_records.PLAN_HEADS[1], *rows]), "Hidden words": ([world.word("nobody")], [])}
    return "wyp", f"IOM_PLANS_{world.night:%Y%m%d}.xlsx", workbook.workbook(sheets)


# The register of domestic violence: whole every night.

def domestic(world, people):
    sheets = {"PERPETRATORS": (police_protection.PERPETRATORS, []), "AT_RISK": (police_protection.AT_RISK, [])}
    add = lambda sheet, person, known: sheets[sheet][1].append(list(cells(world, person.id, sheets[sheet][0], known).values()))
    for n, person in enumerate(people):
        if n % 4 == 3:
            continue
        if first(world):
            person.victim = world.word(person.id, digit=True), [world.word(person.id) for _ in range(4)], world.word(person.id), world.near(400, -1)
        ref, words, summary, day = person.victim
        state = "OPEN" if first(world) or n % 5 else ("ERROR", "CLOSED")[n % 2]
        count = 1000 + n + (0 if first(world) else n % 2)
        level = ("STANDARD", "MEDIUM", "HIGH", "NOT ASSESSED")[n % 4]
        band = {"NOT ASSESSED": ""}.get(level, level.lower())
        add("PERPETRATORS", person, {"NOMINAL": person.nominal, "INCIDENTS": count, "LAST INCIDENT": day, "LEVEL": level, "SUMMARY": summary, "STATE": state})
        world.tell(person.id, "wyp", "dv_history", ["dv", person.id], {"incident_date": iso(day), "incident_count": str(count), "risk_band": band, "anonymised_summary": summary},
                   cancelled=state == "ERROR")
        if n % 2:
            continue
        known = {"PERPETRATOR": person.nominal, "VICTIM REF": ref, "VICTIM": words[0], "ADDRESS": words[1], "TOWN": words[2], "RELATION": "EX-PARTNER", "LEVEL": level, "SAFETY PLAN": words[3]}
        add("AT_RISK", person, known | {"REVIEWED": world.night - DAYS(3)})
        add("AT_RISK", person, {"PERPETRATOR": person.nominal, "RELATION": "WIFE", "LEVEL": "HIGH", "REVIEWED": world.night - DAYS(300)})
        world.tell(person.id, "wyp", "dv_victim_risk", ["dv", person.id], {"victim_name": words[0], "victim_address": f"{words[1]}, {words[2]}", "relation": "former_partner", "risk_band": band,
                                                                          "safety_action": words[3]}, cancelled=state != "OPEN")
    return "wyp", f"DV_REGISTER_{world.night:%Y%m%d}.ods", opendocument.workbook(sheets)


# Reports about children, and the intelligence log.

def children(world, people):
    body = []
    for n, person in enumerate(people):
        if not due(world, n, 3):
            continue
        if first(world):
            person.report = world.word(person.id, digit=True)
        restricted, action = "yes" if n == 9 else "no", "deleted" if n % 12 == 6 and not first(world) else "new"
        day, child, text = world.far_day(person.id), world.word(person.id), world.word(person.id)
        other = lambda name: f"<{name}>{world.word(person.id)}</{name}>"
        body.append(f'<Subject nominal="{person.nominal}" restricted="{restricted}">{other("Surname")}{other("Forenames")}<Report ref="{person.report}" action="{action}"><Reported>{day}</Reported>'
                    f"<Status>CPP</Status><Concern>NEGLECT</Concern><Child><Name>{child}</Name>{other('DateOfBirth')}{other('School')}</Child><Text>{text}</Text>{other('Officer')}</Report></Subject>")
        if restricted == "no":
            world.tell(person.id, "wyp", "child_protection", ["cpu", person.id], {"reported_on": iso(day), "status": "on_plan", "concern": "neglect", "child_name": child, "report": text},
                       cancelled=action == "deleted")
    return "wyp", f"CPU_REPORTS_{world.night:%Y%m%d}.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Reports>\n{"".join(body)}</Reports>\n'.encode()


def intelligence(world, people):
    rows = []
    for n, person in enumerate(people):
        if not due(world, n, 4):
            continue
        if first(world):
            person.log = world.word(person.id, digit=True)
        code, sensitive, day = "12145"[n % 5], ("N", "Y", "")[n % 3] if n % 2 else "N", world.far_day(person.id)
        associate, place, text = (world.word(person.id) for _ in range(3))
        gone = n % 16 == 8 and not first(world)
        known = {"URN": person.log, "State": "DELETED" if gone else "LIVE", "Marking": "PROTECT", "Source": "B", "Intelligence": "2", "Handling": code, "Sensitive": sensitive,
                 "Category": "ASC", "Date of event": uk(day), "Associate": associate, "Place": place, "Text": f"{text},\r\n\"{text}\""}
        rows.append(police_cells(world, person, police_protection.INTELLIGENCE, "Subject nominal", known))
        world.tell(person.id, "wyp", "police_intelligence", ["log", person.id], {
            "kind": "association", "source_grade": "B", "info_grade": "2", "nim_code": code, "event_date": iso(day), "associate": associate, "place": place,
            "report": f"{text},\n\"{text}\""}, cancelled=gone, restricted=sensitive != "N")
    return text_file(world, "wyp", "INTEL_LOG_{}.csv", [*tables.lines(police_protection.INTELLIGENCE, rows, ","), f"END,{len(rows)}"], "cp1252")


# The council's unit.

STATUSES = (("INV", "investigating"), ("CLO", "closed"), ("ACT", "action"), ("REF", "referred"))


def perp(world, person):
    if not hasattr(person, "perp"):
        person.perp = world.word(person.id, digit=True)
    return person.perp


def asb_cases(world, people):
    """Everybody whom the unit's other feeds name stands here too: it says who they are."""
    rows = []
    for n, person in enumerate(people):
        if n % 3 == 0 or not (first(world) or n % 4 == 1):
            continue
        if first(world):
            person.asb_case = world.word(person.id, digit=True)
        status, change = STATUSES[(n + first(world)) % 4], "DEL" if n % 10 == 5 else "NEW" if first(world) else "UPD"
        # A year of two digits leaves no room for a day of its own.
        day, complainant, detail = world.near(90, 0), [world.word(person.id) for _ in range(2)], world.word(person.id)
        known = {"Change": change, "Case ref": person.asb_case, "Received": asb.oracle(day), "Perp ref": perp(world, person), "Perp forename": person.forenames, "Perp surname": person.surname,
                 "Perp DOB": asb.oracle(person.born), "Perp sex": person.sex, "Perp postcode": person.postcode, "Category": "Noise", "Ward": "City & Hunslet", "Status": status[0],
                 "Complainant forename": complainant[0], "Complainant surname": complainant[1], "Details": detail}
        rows.append(cells(world, person.id, asb.CASES, known))
        identity(world, person, "lcc", ["asb", person.id], person.surname, person.forenames)
        world.tell(person.id, "lcc", "asb_complaint", ["asb", person.id], {"received_on": iso(day), "kind": "noise", "ward": "city_and_hunslet", "status": status[1],
                                                                          "complainant": " ".join(complainant), "detail": detail}, cancelled=change == "DEL")
    parts = [f"{world.word('nobody')};{world.word('nobody')}", *tables.lines(asb.CASES, rows, ";"), f"TOTAL;{len(rows)}"]
    return text_file(world, "lcc", "ASB_CASES_{}.csv", parts, "utf-8-sig")


MEASURES = (("ABC", "abc", "n/a", ""), ("ASBO", "asbo", "Granted", "current"), ("LETTER", "warning_letter", "n/a", ""), ("POSS", "possession", "Proposed", "proposed"))


def asb_actions(world, people):
    rows = []
    for n, person in enumerate(people):
        if n % 3 == 0 or n % 7 == 6:
            continue
        if first(world):
            end = (None, world.night, world.night - DAYS(1), world.near(-10, 60))[n // 2 % 4]
            person.action = {"ref": world.word(person.id, digit=True), "day": world.near(200, -61), "end": end, "hearing": world.far_day(person.id), "area": world.word(person.id)}
        action, (word, kind, told, stage) = person.action, MEASURES[n % 4]
        if not first(world) and n % 5 == 0:
            action["hearing"] = world.far_day(person.id)
        void = n % 11 == 5 and not first(world)
        known = {"ACTIONREF": action["ref"], "PERPREF": perp(world, person), "TYPE": word, "STAGE": told, "DATE": action["day"], "EXPIRES": action["end"] or "31/12/9999", "COURT": "LMC",
                 "HEARING": action["hearing"], "TERMS": "Exclusion zone", "EXCLUSION": action["area"], "ENTRY": "VOID" if void else "Y"}
        rows.append(list(cells(world, person.id, asb.ACTIONS, known).values()))
        fields = {"kind": kind, "terms": "excluded_area", "expires_on": iso(action["end"])}
        if stage:
            fields |= {"stage": stage, "court": "B13HT00", "hearing_on": iso(action["hearing"]), "exclusion_area": action["area"]}
        else:
            fields |= {"issued_on": iso(action["day"])}
        world.tell(person.id, "lcc", "asb_court_action" if stage else "asb_pre_court", ["asb", person.id], fields, cancelled=void)
    return "lcc", f"ASB_ACTIONS_{world.night:%Y%m%d}.xlsx", workbook.workbook({"Actions": (asb.ACTIONS, rows)})


def asb_intelligence(world, people):
    rows = []
    for n, person in enumerate(people):
        if n % 3 == 0 or not due(world, n, 5):
            continue
        if first(world):
            person.tip = world.word(person.id, digit=True)
        day, words, gone = world.near(90, 0), [world.word(person.id) for _ in range(4)], n % 20 == 10 and not first(world)
        known = {"Log ref": person.tip, "Perp ref": perp(world, person), "About": "Drugs", "On": f"{day:%d/%m/%y}", "With": words[0], "Where": words[1], "Town": words[2], "What": words[3],
                 "Withdrawn": "Yes" if gone else "No"}
        rows.append(cells(world, person.id, asb.INTELLIGENCE, known))
        world.tell(person.id, "lcc", "asb_intelligence", ["asb", person.id], {"kind": "drugs", "event_date": iso(day), "associate": words[0], "place": f"{words[1]}, {words[2]}",
                                                                             "report": words[3]}, cancelled=gone)
    return text_file(world, "lcc", "ASB_INTEL_{}.csv", tables.lines(asb.INTELLIGENCE, rows, ","), "cp1252")


# The youth service.

BANDS = (("Low", "draft2008_low"), ("Medium", "draft2008_medium"), ("High", "draft2008_high"))
LEVELS = (("Low", "low"), ("Very high", "very_high"), ("Not assessed", ""))
SECTIONS = {"Living": "living", "ETE": "education", "Lifestyle": "lifestyle", "Substance": "substance", "Thinking": "thinking", "Attitudes": "attitudes"}
SCORES = {"0": "false", "1": "false", "2": "true", "4": "true", "X": ""}


def known_to_yos(people):
    """The service's own people; the file of one of them is closed to others."""
    return [(n, person) for n, person in enumerate(people) if n % 3 != 1 and n != 12]


def assets(world, people):
    body = []
    for n, person in enumerate(people):
        if n % 3 == 1 or not (first(world) or n % 4 == 0):
            continue
        if first(world):
            # One number and no second: by the list's own name they are one person, by another's nothing would leave.
            person.yois = world.word(person.id, digit=True), person.surname, person.forenames, world.word(person.id)
        (ref, surname, forenames, alias), closed = person.yois, n == 12
        day, band, level, note = world.far_day(person.id), BANDS[(n + first(world)) % 3], LEVELS[n % 3], world.word(person.id)
        stage, other = "void" if n % 12 == 8 and not first(world) else "complete", lambda name: f"<{name}>{world.word(person.id)}</{name}>"
        scores = {name: world.rng.choice(list(SCORES)) for name in SECTIONS}
        head = {"YOISRef": ref, "PNC": person.pnc, "Forenames": forenames, "Surname": surname, "AlsoKnownAs": alias, "DateOfBirth": iso(person.born),
                "Gender": {"M": "Male", "F": "Female"}[person.sex], "Postcode": person.postcode}
        head = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in head.items()) + other("Ethnicity") + other("School")
        sections = "".join(f"<{name}>{score}</{name}>" for name, score in scores.items()) + other("MentalHealth") + other("Family")
        body.append(f'<YoungPerson restricted="{"yes" if closed else "no"}">{head}<Asset id="{world.word(person.id)}" stage="{stage}" scale="2008"><Completed>{day}</Completed>'
                    f"<Score>{other('Dynamic')}{other('Total')}<Band>{band[0]}</Band></Score><RoSH><Level>{level[0]}</Level></RoSH><Sections>{sections}<Evidence>{note}</Evidence></Sections>"
                    f"</Asset></YoungPerson>\n")
        if closed:
            continue
        identity(world, person, "yos", ["yois", person.id], surname, forenames, aliases=alias, pnc_id=person.pnc, yos_id=ref)
        void = stage == "void"
        world.tell(person.id, "yos", "asset_scores", ["yois", person.id], {"assessed_on": iso(day), "offending_band": band[1], "harm_level": level[1]}, cancelled=void)
        world.tell(person.id, "yos", "asset_sections", ["yois", person.id], {SECTIONS[k]: SCORES[v] for k, v in scores.items()} | {"section_note": note}, cancelled=void)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<YOIS area="{world.word("nobody")}" printed="{world.word("nobody")}">\n{"".join(body)}</YOIS>\n'
    return "yos", f"YOIS_ASSETS_{world.night:%Y%m%d}.xml", text.encode()


def yos_plans(world, people):
    rows = []
    for n, person in known_to_yos(people):
        for number in ("1", "2"):
            if first(world):
                person.objective = getattr(person, "objective", {}) | {number: (world.far_day(person.id), world.word(person.id))}
            elif n % 5 == 0:
                person.objective[number] = (world.far_day(person.id), person.objective[number][1])
            (day, note), gone = person.objective[number], number == "2" and n % 4 == 0 and not first(world)
            known = {"Young person/YOIS ref": person.yois[0], "Objective/No": number, "Objective/Need": "ETE", "Objective/Review": f"{day:%d.%m.%Y}", "Objective/Progress": "I",
                     "Objective/Note": note, "Entry/State": "deleted" if gone else "live"}
            rows.append(cells(world, person.id, youth.PLANS, known))
            world.tell(person.id, "yos", "yos_plan", ["yois", person.id, number], {"objective": "education", "review_on": iso(day), "status": "in_progress", "plan_note": note}, cancelled=gone)
    header = "\t".join(name.split("/")[1] for name in youth.PLANS)
    return text_file(world, "yos", "YOIS_PLANS_{}.txt", ["\t".join(youth.PLANS_HEAD), header, *tables.lines(youth.PLANS, rows, "\t")[1:]], "cp1252")


BREACHES = (("Laid", "started"), ("Recall asked", "recall_requested"), ("Dealt with", "completed"))
OUTCOMES = (("Kept", "attended"), ("Missed", "failed"), ("Not yet", "pending"))


def contacts(world, people):
    rows = []
    for n, person in known_to_yos(people):
        if not (first(world) or n % 4 == 0):
            continue
        if first(world):
            person.contacts = [world.word(person.id, digit=True) for _ in range(2)]
        change = "-" if n % 16 == 8 and not first(world) else "+" if first(world) else "*"
        gone, day, court = change == "-", world.far_day(person.id), world.far_day(person.id)
        outcome, status = OUTCOMES[(n + first(world)) % 3], BREACHES[(n // 3 + first(world)) % 3]
        base = {"Change": change, "YOIS ref": person.yois[0]}
        rows.append(cells(world, person.id, youth.CONTACTS, base | {"No": person.contacts[0], "Type": "CONTACT", "Due": f"{uk(day)} 16:45", "Outcome": outcome[0], "Enforcement": "Warning 1"}))
        world.tell(person.id, "yos", "yos_compliance", ["yois", person.id], {"due_at": instant(day, "16:45"), "outcome": outcome[1], "stage": "first_warning"}, cancelled=gone)
        if n % 2 == 0:
            rows.append(cells(world, person.id, youth.CONTACTS, base | {"No": person.contacts[1], "Type": "BREACH", "Breach started": uk(day), "Ground": "Curfew", "Court date": uk(court),
                                                                        "Breach status": status[0]}))
            world.tell(person.id, "yos", "yos_breach", ["yois", person.id], {"started_on": iso(day), "ground": "failed_curfew", "court_date": iso(court), "status": status[1]}, cancelled=gone)
        rows.append(cells(world, person.id, youth.CONTACTS, base | {"Type": "HEALTH"}))
    return text_file(world, "yos", "YOIS_CONTACTS_{}.csv", [*tables.lines(youth.CONTACTS, rows, ";"), f"EOF;{len(rows)}"], "cp1252")


def yos_intelligence(world, people):
    rows = []
    for n, person in known_to_yos(people):
        if not due(world, n, 3):
            continue
        if first(world):
            person.entry = world.word(person.id, digit=True)
        day, words, silent, gone = world.far_day(person.id), [world.word(person.id) for _ in range(3)], n % 5 == 2, n % 12 == 6 and not first(world)
        known = {"Entry": person.entry, "YOIS ref": person.yois[0], "Open to partners": "" if silent else "yes", "Heading": "Welfare", "Happened on": iso(day), "Others present": words[0],
                 "Place": words[1], "Account": words[2], "Struck out": "yes" if gone else "no"}
        rows.append(cells(world, person.id, youth.INFO, known))
        world.tell(person.id, "yos", "yos_intelligence", ["yois", person.id], {"kind": "welfare", "event_date": iso(day), "associate": words[0], "place": words[1], "report": words[2]},
                   cancelled=gone, restricted=silent)
    return text_file(world, "yos", "YOIS_INFO_{}.csv", tables.lines(youth.INFO, rows, ","), "utf-8")


def night_files(world, people):
    """All files of the night, and the records as they stand after it."""
    return [make(world, people) for make in (custody, convictions, plans, domestic, children, intelligence, asb_cases, asb_actions, asb_intelligence, assets, yos_plans, contacts,
                                             yos_intelligence)]
