"""What happens to the named people, night by night. fixtures/README.md tells the same in prose."""
from datetime import date

from . import identifiers as ids

N17, N18, N19 = date(2008, 11, 17), date(2008, 11, 18), date(2008, 11, 19)
N21, N22, N24 = date(2008, 11, 21), date(2008, 11, 22), date(2008, 11, 24)


def uk(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def releases(cast: dict, night: date) -> list:
    """Rows of the release list: (person, columns that differ from the plain row, expected outcome)."""
    ecl = {"Movement type": "TAP", "Reason": "EL", "Length": "0Y6M0D", "ECL date": "18/11/2008", "CRD": "06/12/2008", "Licence": "Y"}
    conditional = {"Movement type": "REL", "Reason": "CR", "Length": "2Y0M0D", "Licence": "Y", "Licence type": "CJA"}
    connor = {"Booking number": "V74111", "Release time": "08:45", **ecl, "Address type": "DPH", "PPO": "Y", "ACCT open": "N", "DIP": "Y", "Tag (HDC)": "N"}
    craig = {"Booking number": "T40912", **conditional, "Release date": "24/11/2008", "CRD": "24/11/2008", "SED": "24/11/2009"}
    first = [
        ("connor", {**connor, "Release date": "18/11/2008"}, "mapped"),
        # Her prison record still has the name she was born with, and a curly apostrophe in the remark of a name before that.
        ("shanelle", {"Establishment": "NHI", "Booking number": "V70326", **conditional, "Surname": "MARSH", "Forenames": "SHANELLE", "CRD": "05/12/2008",
                      "Release date": "05/12/2008", "SED": "05/06/2009", "Address type": "DAP", "MAPPA level": "1"}, "mapped"),
        ("declan", {"Booking number": "V74202", "Movement type": "REL", "Reason": "AR", "Length": "0Y4M0D", "ARD": "20/11/2008", "SED": "20/01/2009",
                    "Release date": "20/11/2008", "Licence": "N"}, "mapped"),
        ("craig", craig, "mapped"),
        ("kieran", {"Booking number": "T51007", **conditional, "Release date": "21/11/2008", "CRD": "21/11/2008", "SED": "21/11/2009"}, "mapped"),
        ("dominic", {"Booking number": "T48830", "Movement type": "REL", "Reason": "HR", "Length": "1Y0M0D", "HDCAD": "19/11/2008", "CRD": "12/01/2009",
                     "Release date": "19/11/2008", "Licence": "Y", "Licence type": "HDC", "Tag (HDC)": "Y"}, "mapped"),
        ("piotr", {"Establishment": "WEI", "Booking number": "X60214", **conditional, "Release date": "03/12/2008", "CRD": "03/12/2008"}, "mapped"),
        # The same valid-looking number as nobody else: two digits of his PNC are the wrong way round and the clerk worked out the letter anew.
        ("marcus", {"Booking number": "T47765", **conditional, "PNC": ids.pnc(2002, 270_351), "Release date": "26/11/2008", "CRD": "26/11/2008"}, "mapped"),
        ("ryan", {"Booking number": "V74340", "Movement type": "REL", "Reason": "HR", "PNC": ids.wrong_letter(cast["ryan"].pnc), "HDCAD": "22/11/2008",
                  "Release date": "22/11/2008", "Licence": "Y"}, "mapped"),
        ("leon", {"Establishment": "WEI", "Booking number": "X61180", **conditional, "CRO": "000000/00Z", "Forenames": "LÉON FRANÇOIS",
                  "Release date": "28/11/2008", "CRD": "28/11/2008"}, "mapped"),
        ("zoe", {"Establishment": "NHI", "Booking number": "V70415", "Movement type": "REL", "Reason": "AR", "Forenames": "ZOË", "ARD": "25/11/2008",
                 "Release date": "25/11/2008", "Release address 1": "", "Release address 2": "", "Release address 3": "", "Postcode": "NF1 1NF",
                 "Address type": "DNF"}, "mapped"),
        ("jordan", {"Establishment": "WYI", "Booking number": "T33019", "Movement type": "REL", "Reason": "D2", "Length": "0Y8M0D",
                    "Release date": "01/12/2008", "Probation area": "13YA"}, "mapped"),
        ("gary", {"Booking number": "V73990", "Movement type": "REL", "Reason": "QQ", "Release date": "27/11/2008"}, "refused"),
        ("aidan", {"Booking number": "V74002", **conditional, "Release date": "29/11/2008", "CRD": "29/11/2008"}, "refused"),  # the `;` in his address is not quoted
        ("test", {"Booking number": "V00000", "Movement type": "REL", "Reason": "CR", "Release date": "17/11/2008"}, "refused"),
        ("connor", {**connor, "Release date": "18/11/2008"}, "duplicate"),
        ("stefan", {"Booking number": "T49117", "Movement type": "REL", "Reason": "HR", "Length": "0Y9M0D", "HDCAD": "18/11/2008", "CRD": "02/01/2009",
                    "Release date": "18/11/2008", "Licence": "Y", "Licence type": "HDC", "Tag (HDC)": "Y"}, "mapped"),
    ]
    second = [
        ("connor", {**connor, "Release date": "20/11/2008", "ECL date": "20/11/2008", "Status": "C"}, "mapped"),
        ("wayne", {**ecl, "Booking number": "V74401", "Release date": "18/11/2008", "Release time": "09:15"}, "mapped"),
        ("rafiq_son", {"Booking number": "T50218", **conditional, "Release date": "02/12/2008", "CRD": "02/12/2008"}, "mapped"),
    ]
    third = [
        ("connor", {**connor, "Release date": "20/11/2008", "ECL date": "20/11/2008", "Status": "X"}, "mapped"),
        ("craig", {**craig, "Status": "X"}, "mapped"),
        ("tyler", {"Establishment": "WYI", "Booking number": "T33340", "Movement type": "REL", "Reason": "D1", "Length": "0Y8M0D",
                   "Release date": "24/11/2008", "ETD": "", "Probation area": "13YB"}, "mapped"),
        ("ryan", {"Booking number": "V74340", "Movement type": "REL", "Reason": "HR", "PNC": ids.wrong_letter(cast["ryan"].pnc), "HDCAD": "22/11/2008",
                  "Release date": "22/11/2008", "Licence": "Y", "Postcode": "LS9 7TI", "Status": "C"}, "mapped"),
    ]
    return {N17: first, N18: second, N19: third}.get(night, [])


def orders(cast: dict, night: date) -> list:
    """Rows of new and changed tagging orders."""
    curfew = {"curfew_start_time": "19:00:00", "curfew_end_time": "07:00:00", "curfew_days": "1111111"}
    bail = {"order_type": "Pre-Trial", "order_type_description": "Bail curfew", "notifying_organisation": "Magistrates Court",
            "notifying_organisation_details_name": "Leeds Magistrates Court", "responsible_organisation": "Police", **curfew}
    community = {"order_type": "Community", "order_type_description": "Community Order", "notifying_organisation": "Magistrates Court",
                 "notifying_organisation_details_name": "Leeds Magistrates Court", **curfew}
    hdc = {"order_type": "Post Release", "order_type_description": "Home Detention Curfew", "notifying_organisation": "Prison",
           "notifying_organisation_details_name": "HMP Leeds", "responsible_organisation": "Prison", **curfew}
    first = [
        ("declan", {"legacy_order_id": "2088001", **community, "responsible_organisation": "Field Monitoring Service", "pnc_id": "",
                    "order_start_date": "2008-10-20", "order_end_date": "2009-01-19"}, "mapped"),
        ("rafiq_son", {"legacy_order_id": "2087610", **bail, "order_start_date": "2008-11-03", "order_end_date": "2040-01-01"}, "mapped"),
        ("tyler", {"legacy_order_id": "2087702", **community, "order_type_description": "ISSP", "notifying_organisation": "Youth Court",
                   "notifying_organisation_details_name": "Leeds Youth Court", "responsible_organisation": "YJS", "order_start_date": "2008-10-27",
                   "order_end_date": "2009-04-26"}, "mapped"),
        ("danielle", {"legacy_order_id": "2086118", **community, "responsible_organisation": "Field Monitoring Service", "order_start_date": "2008-08-19",
                      "order_end_date": "2008-11-18"}, "mapped"),
        ("kieran", {"legacy_order_id": "2087900", **bail, "order_start_date": "2008-11-10", "order_end_date": ""}, "mapped"),
        ("jordan", {"legacy_order_id": "2087955", **bail, "notifying_organisation": "Youth Court", "notifying_organisation_details_name": "Leeds Youth Court",
                    "responsible_organisation": "YJS", "order_start_date": "2008-11-12", "order_end_date": ""}, "mapped"),
        ("stacey", {"legacy_order_id": "2087801", **community, "responsible_organisation": "Probation", "date_of_birth": "1900-01-01",
                    "order_start_date": "2008-11-05", "order_end_date": "2009-02-04"}, "mapped"),
        ("naomi", {"legacy_order_id": "2087730", **community, "responsible_organisation": "Probation", "order_start_date": "2008-10-13",
                   "order_end_date": "2009-01-12"}, "mapped"),
        ("kyle", {"legacy_order_id": "2087688", **community, "notifying_organisation": "Youth Court", "notifying_organisation_details_name": "Leeds Youth Court",
                  "responsible_organisation": "Field Monitoring Service", "order_start_date": "2008-10-13", "order_end_date": "2009-01-12"}, "mapped"),
        ("kyle", {"legacy_order_id": "2087866", **bail, "notifying_organisation": "Youth Court", "notifying_organisation_details_name": "Leeds Youth Court",
                  "order_start_date": "2008-11-07", "order_end_date": "2008-11-12"}, "mapped"),
        ("test", {"legacy_order_id": "2000000", **bail, "order_start_date": "2008-01-01"}, "refused"),
    ]
    second = [("dominic", {"legacy_order_id": "2088040", **hdc, "order_start_date": "2008-11-19", "order_end_date": "2009-01-12"}, "mapped"),
              ("stefan", {"legacy_order_id": "2088038", **hdc, "order_start_date": "2008-11-18", "order_end_date": "2009-01-02"}, "mapped"),
              ("stacey", {"legacy_order_id": "2088052", **bail, "date_of_birth": "1900-01-01", "primary_address_post_code": "LS9 7TI",
                          "order_start_date": "2008-11-18"}, "refused")]
    later = [("connor", {"legacy_order_id": "2088117", **bail, "order_start_date": "2008-11-21"}, "mapped")]
    return {N17: first, N18: second, N21: later}.get(night, [])


def endings(cast: dict, night: date) -> list:
    """Rows of ended orders: the whole order again, with its end."""
    base = {legacy["legacy_order_id"]: (who, legacy) for day in (N17, N18) for who, legacy, _ in orders(cast, day)}
    who, order = base["2087900"]
    lifted = {**order, "order_end_date": "2008-11-18", "end_reason": "Revoked", "end_notified_date": "2008-11-18"}
    return {N19: [(who, lifted, "mapped")]}.get(night, [])


def installs(cast: dict, night: date) -> list:
    """Visits to fit the equipment."""
    visit = {"visit_type": "Install", "visit_outcome": "No Show", "attempt": "1"}
    first = [("rafiq_son", {"legacy_order_id": "2087610", **visit, "actual_work_start_date": "2008-11-16", "actual_work_start_time": "20:20:00",
                            "actual_work_end_time": "20:55:00", "visit_notes": "No answer at door.\nCalling card left"}, "mapped"),
             ("kyle", {"legacy_order_id": "2087866", **visit, "visit_outcome": "No access", "actual_work_start_date": "2008-11-07", "actual_work_start_time": "19:10:00",
                       "actual_work_end_time": "19:20:00"}, "mapped")]
    third = [("stefan", {"legacy_order_id": "2088038", **visit, "visit_outcome": "No power", "actual_work_start_date": "2008-11-18", "actual_work_start_time": "18:15:00",
                         "actual_work_end_time": "18:40:00"}, "mapped"),
             ("dominic", {"legacy_order_id": "2088040", **visit, "visit_outcome": "Refused by householder", "actual_work_start_date": "2008-11-18",
                          "actual_work_start_time": "19:40:00", "actual_work_end_time": "19:45:00", "visit_notes": "Sister of subject, \"not in my house\""}, "mapped")]
    later = [("connor", {"legacy_order_id": "2088117", **visit, "actual_work_start_date": "2008-11-21", "actual_work_start_time": "20:20:00",
                         "actual_work_end_time": "20:55:00", "visit_notes": "No answer at door.\nCalling card left"}, "mapped")]
    return {N17: first, N19: third, N22: later}.get(night, [])


def violations(cast: dict, night: date) -> list:
    """Breaches; one of them twice, with a later notification."""
    short = {"enforcement_reason": "15 Minute Absence", "minutes_absent": "16"}
    bail = {"order_type": "Pre-Trial", "order_type_description": "Bail curfew", "responsible_organisation": "Police"}
    rafiq = {"legacy_order_id": "2087610", **bail, **short, "breach_date": "2008-11-16", "breach_time": "22:10:00", "breach_identified_date": "2008-11-16"}
    first = [("rafiq_son", {**rafiq, "breach_identified_time": "22:26:00"}, "mapped"), ("rafiq_son", {**rafiq, "breach_identified_time": "22:41:00"}, "mapped"),
             ("declan", {"legacy_order_id": "2088001", "order_type": "Community", "order_type_description": "Community Order", "minutes_absent": "95",
                         "responsible_organisation": "Field Monitoring Service", "enforcement_reason": "Return Home Late", "breach_date": "2008-11-15",
                         "breach_time": "19:00:00", "breach_identified_time": "19:05:00", "agency_action": "Warning letter sent"}, "mapped"),
             ("kyle", {"legacy_order_id": "2087688", "order_type": "Community", "order_type_description": "Community Order", "responsible_organisation": "Field Monitoring Service",
                       "enforcement_reason": "Left Home During Curfew", "minutes_absent": "140", "breach_date": "2008-11-05", "breach_time": "20:10:00",
                       "breach_identified_time": "20:25:00", "agency_action": "Breach pack requested", "hearing_date": "2008-12-01", "breach_enforcement_outcome": "Pending"}, "mapped"),
             ("kyle", {"legacy_order_id": "2087866", **bail, "enforcement_reason": "Return Home Late", "minutes_absent": "48", "breach_date": "2008-11-10",
                       "breach_time": "19:00:00", "breach_identified_time": "19:16:00"}, "mapped")]
    second = [("tyler", {"legacy_order_id": "2087702", "order_type": "Community", "order_type_description": "ISSP", "responsible_organisation": "YJS",
                         "enforcement_reason": "PID Tamper", "breach_date": "2008-11-17", "breach_time": "23:58:00", "breach_identified_time": "23:59:00"}, "mapped"),
              ("danielle", {"legacy_order_id": "2086118", "order_type": "Community", "order_type_description": "Community Order",
                            "responsible_organisation": "Field Monitoring Service", "enforcement_reason": "Curfew Absence", "minutes_absent": "720",
                            "breach_date": "2008-11-17", "breach_time": "19:00:00", "breach_identified_time": "07:05:00", "breach_identified_date": "2008-11-18",
                            "agency_action": "Breach pack sent", "breach_pack_sent_date": "2008-11-18", "hearing_date": "2008-12-02",
                            "breach_enforcement_outcome": "Pending"}, "mapped")]
    hdc = {"legacy_order_id": "2088038", "order_type": "Post Release", "breach_date": "2008-11-18", "breach_identified_date": "2008-11-18"}
    # The curfew is the prison's, his licence is probation's: each hears of what is its own.
    third = [("stefan", {**hdc, "order_type_description": "Home Detention Curfew", "responsible_organisation": "Prison", "enforcement_reason": "Return Home Late",
                         "minutes_absent": "35", "breach_time": "19:00:00", "breach_identified_time": "19:20:00", "agency_action": "Monitoring"}, "mapped"),
             ("stefan", {**hdc, "order_type_description": "Licence", "responsible_organisation": "Probation", "enforcement_reason": "HMU Moved", "breach_time": "21:40:00",
                         "breach_identified_time": "21:42:00"}, "mapped")]
    connor = {"legacy_order_id": "2088117", **bail, **short, "breach_date": "2008-11-23", "breach_time": "22:10:00", "breach_identified_date": "2008-11-23"}
    later = [("connor", {**connor, "breach_identified_time": "22:26:00"}, "mapped"), ("connor", {**connor, "breach_identified_time": "22:41:00"}, "mapped")]
    return {N17: first, N18: second, N19: third, N24: later}.get(night, [])


def assessments(cast: dict, night: date) -> list:
    """OASys: (person, differences, expected outcome)."""
    first = [
        ("connor", {"pk": "6758939", "completed": "2008-11-05T11:48:36", "pnc": "UNKNOWN PNC", "public": "High", "children": "Low", "ogrs2": "78", "band": "High"}, "mapped"),
        ("connor", {"pk": "6801155", "status": "OPEN", "completed": ""}, "skipped"),
        ("shanelle", {"pk": "6740022", "lao": "true"}, "refused"),
        ("kieran", {"pk": "6755510"}, "mapped"), ("dominic", {"pk": "6700871"}, "mapped"), ("wayne", {"pk": "6731204"}, "mapped"),
        ("craig", {"pk": "6698120", "known_adult": "Very High"}, "mapped"), ("marcus", {"pk": "6750919"}, "mapped"),
        ("lorraine", {"pk": "6744410", "pnc": "UNKNOWN PNC", "prison": ""}, "mapped"),
        ("piotr", {"pk": "6761002", "surname": "Wiśniewski"}, "mapped"), ("jordan", {"pk": "6762310"}, "mapped"),
        ("stacey", {"pk": "6729998", "lao": None}, "refused"),  # the flag is missing: treated as limited
        ("test", {"pk": "1000001"}, "refused"),
    ]
    second = [("rafiq_son", {"pk": "6802240", "completed": "2008-11-17T16:02:11"}, "mapped")]
    # A review: the public is no longer at high risk, so last week's record of that is withdrawn.
    third = [("connor", {"pk": "6801155", "completed": "2008-11-18T15:20:05", "pnc": "UNKNOWN PNC", "public": "Low", "children": "Low", "ogrs2": "78", "band": "High"}, "mapped")]
    return {N17: first, N18: second, N19: third}.get(night, [])


def tenancies(cast: dict, night: date) -> list:
    """Council tenancies as they stand that night: (person, role, tenancy)."""
    copse = {"tenref": "0044210/02", "propref": "00023402", "tenure": "S", "start": date(2006, 3, 6), "rent": 72.15, "balance": 184.30, "stage": "NOSP",
             "events": [(date(2008, 10, 13), "NOSP", "SERVED", None)]}
    if night >= date(2008, 12, 2):
        copse["events"].append((date(2008, 12, 2), "COURT", "ADJOURNED", None))
    old = {"tenref": "0051108/01", "propref": "00030117", "tenure": "I", "start": date(2007, 9, 3), "rent": 64.90, "balance": 311.02, "stage": "",
           "events": []}
    if night >= N18:
        old |= {"balance": 389.50, "stage": "NOSP", "events": [(date(2008, 11, 17), "NOSP", "SERVED", None)]}
    rows = [("connor", "1", copse), ("declan", "2", copse),
            ("rafiq_father", "1", rafiq := {"tenref": "0038877/01", "propref": "00019906", "tenure": "S", "start": date(1994, 5, 30), "rent": 70.02,
                                            "balance": 0.0, "stage": "", "events": []}),
            ("rafiq_son", "3", rafiq),
            ("shanelle", "1", {"tenref": "0047719/01", "propref": "00025540", "tenure": "S", "start": date(2005, 1, 10), "rent": 69.00, "balance": -12.40,
                               "stage": "", "events": []}),
            ("kieran", "1", {"tenref": "0060215/01", "propref": "00041180", "tenure": "N", "start": date(2008, 6, 16), "rent": 61.75, "balance": 45.00,
                             "stage": "", "events": []}),
            ("dominic", "2", {"tenref": "0049020/03", "propref": "00028814", "tenure": "S", "start": date(2004, 11, 1), "rent": 75.30, "balance": 0.0,
                              "stage": "", "events": []}),
            ("danielle", "1", {"tenref": "0055530/01", "propref": "00036602", "tenure": "D", "start": date(2006, 12, 4), "rent": 66.10, "balance": 902.77,
                               "stage": "COURT", "events": [(date(2008, 9, 1), "NOSP", "SERVED", None), (date(2008, 10, 20), "SPO", "GRANTED", 902.77)]}),
            ("bernadette", "1", {"tenref": "0058840/01", "propref": "00038191", "tenure": "S", "start": date(2003, 4, 14), "rent": 63.40, "balance": 0.0, "stage": "",
                                 "events": []}),
            ("kyle", "2", {"tenref": "0050917/02", "propref": "00029952", "tenure": "S", "start": date(2008, 8, 25), "rent": 70.85, "balance": 0.0, "stage": "",
                           "events": []})]
    if night >= N19:
        old |= {"end": date(2008, 11, 18), "end_reason": "EXCHANGE"}
        rows.append(("lorraine", "1", {"tenref": "0061300/01", "propref": "00041907", "tenure": "I", "start": date(2008, 11, 18), "rent": 58.20, "balance": 0.0,
                                       "stage": "", "events": [], "home": "fennel"}))
    return [*rows, ("lorraine", "1", old), ("test", "1", {"tenref": "0099999/01", "propref": "00099999", "tenure": "S", "start": date(2008, 1, 7),
                                                         "rent": 50.0, "balance": 0.0, "stage": "", "events": []})]


def designations(cast: dict, night: date) -> list:
    """Who is on the police list that night, and how: (person, until)."""
    rows = []
    for key, person in cast.items():
        if not person.cohort or (key == "kieran" and night < N18) or (key == "piotr" and night >= N19):
            continue
        rows.append((key, N18 if key == "dominic" and night >= N19 else None))
    return rows
