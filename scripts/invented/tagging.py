"""The tagging contractor's four daily files: UTF-8, commas, dates and times apart, a trailer with the count."""
from datetime import timedelta

from . import story
from .tables import File, lines, tally

CUT = 35  # the contractor's system cuts an address line here
SEX = {"M": "Male", "F": "Female"}
PERSON = "legacy_subject_id legacy_order_id first_name last_name alias date_of_birth adult_or_child sex pnc_id nomis_id".split()
HOME = "primary_address_line_1 primary_address_line_2 primary_address_line_3 primary_address_post_code".split()
ORDER = ("phone_or_mobile_number ppo mappa order_start_date order_end_date order_type order_type_description order_type_detail curfew_start_time curfew_end_time "
         "curfew_days notifying_organisation notifying_organisation_details_name responsible_organisation responsible_organisation_details_region order_notes").split()
ORDERS = PERSON + HOME + ORDER
ENDINGS = PERSON + ["end_reason", "end_notified_date"] + HOME + ORDER
INSTALLS = (PERSON + HOME[3:] + "address_1 address_2 address_3 postcode actual_work_start_date actual_work_start_time actual_work_end_date actual_work_end_time visit_type "
            "visit_outcome attempt visit_notes".split())
VIOLATIONS = (PERSON + HOME[3:] + "order_type order_type_description responsible_organisation enforcement_reason breach_details minutes_absent breach_date breach_time "
              "breach_identified_date breach_identified_time authority_first_notified_date authority_first_notified_time agency_action investigation_outcome_reason "
              "breach_enforcement_outcome breach_pack_requested_date breach_pack_sent_date section_9_date summons_served_date hearing_date warning_letter_sent_date".split())
FAILURES = ("No Show", "No Show", "No access", "Subject not at address", "Refused by householder", "No power", "Equipment fault")
REASONS = (("15 Minute Absence", "15", "warning"), ("Return Home Late", "40", ""), ("Left Home During Curfew", "125", "warning"), ("PID Tamper", "", "pack"),
           ("Battery Breach", "", ""), ("Curfew Absence", "720", "pack"))


def plain(person, night) -> dict:
    """What every file says of anybody."""
    home = person.home
    row = {"legacy_subject_id": person.subject, "first_name": person.forenames.split(" ")[0], "last_name": person.surname.title() if person.story == "" else person.surname,
           "alias": person.aliases[0] if person.aliases else "", "date_of_birth": person.birth.isoformat(), "adult_or_child": "Adult" if person.age(night) >= 18 else "Child",
           "sex": SEX[person.sex], "pnc_id": person.pnc, "nomis_id": "", "primary_address_post_code": home.postcode}
    row |= {column: line[:CUT] for column, line in zip(HOME, home.lines)}
    return row


def order_cells(night) -> dict:
    return {"ppo": "No", "mappa": "No Mappa", "order_type_detail": "Curfew (Without Location Tracking)", "responsible_organisation_details_region": "West Yorkshire"}


def crowd_order(person, night) -> dict:
    """The order of one of the crowd, whole."""
    facts = person.order
    start, end, days = facts["curfew"]
    row = plain(person, night) | order_cells(night)
    row |= {"legacy_order_id": facts["id"], "order_type": facts["kind"], "order_type_description": facts["description"], "responsible_organisation": facts["responsible"],
            "notifying_organisation": facts["court"][0], "notifying_organisation_details_name": facts["court"][1], "curfew_start_time": start, "curfew_end_time": end,
            "curfew_days": days, "order_start_date": facts["start"].isoformat(), "order_end_date": facts["end"].isoformat() if facts["end"] else "2040-01-01",
            "ppo": "Yes" if person.cohort[:1] == ("PPO",) else "No", "nomis_id": person.prison if facts["minute"] % 3 == 0 else "",
            "pnc_id": person.pnc if facts["minute"] % 4 else ""}
    if facts["minute"] % 5 == 0:
        row["primary_address_post_code"] = row["primary_address_post_code"].replace(" ", "").lower()
    if facts["minute"] % 7 == 0:
        row["order_notes"] = "Key safe at side door.\r\nRing before visit, \"no dogs\""
    return row


def told(world, night, rows_of) -> list:
    """The story's rows of one file, with the plain columns filled in."""
    out = []
    for key, differences, outcome in rows_of(world.cast, night):
        out.append((plain(world.cast[key], night) | differences, outcome))
    return out


def tagged(world):
    return [p for p in world.crowd if p.order]


def orders(world, night) -> list:
    out = [(order_cells(night) | row, outcome) for row, outcome in told(world, night, story.orders)]
    for person in tagged(world):
        if person.order["offset"] == world.index(night):
            out.append((crowd_order(person, night), "skipped" if person.order["kind"] == "Immigration" else "mapped"))
    return out


def endings(world, night) -> list:
    out = [(order_cells(night) | row, outcome) for row, outcome in told(world, night, story.endings)]
    for person in tagged(world):
        facts = person.order
        # Never on the first night: an order and its end in the files of one night would hang on the order of the feeds.
        if world.index(night) and facts["ending"] == world.index(night) and facts["offset"] == 0 and facts["kind"] != "Immigration":
            reason = ("Completed", "Revoked", "Recalled", "Varied by court")[facts["minute"] % 4]
            end = {"order_end_date": (night - timedelta(days=1)).isoformat(), "end_reason": reason, "end_notified_date": night.isoformat()}
            out.append((crowd_order(person, night) | end, "mapped"))
    return out


def installs(world, night) -> list:
    out = []
    for row, outcome in told(world, night, story.installs):
        out.append((visit_address(row), outcome))
    for person in tagged(world):
        facts = person.order
        if facts["offset"] != world.index(night) or facts["kind"] == "Immigration":
            continue
        failed = facts["install"] < 0.2
        visit = {"legacy_order_id": facts["id"], "visit_type": "Install", "visit_outcome": FAILURES[facts["minute"] % len(FAILURES)] if failed else "Success", "attempt": "1",
                 "actual_work_start_date": (night - timedelta(days=1)).isoformat(), "actual_work_start_time": f"{18 + facts['minute'] % 4}:{facts['minute']:02d}:00",
                 "actual_work_end_time": f"{18 + facts['minute'] % 4}:59:00", "visit_notes": "" if not failed else "Calling card left,\nwill try again"}
        out.append((visit_address(plain(person, night) | visit), "mapped" if failed else "skipped"))
        if not failed and facts["minute"] % 9 == 0:
            ranged = visit | {"visit_type": "Range Test", "actual_work_start_time": "21:59:30"}
            out.append((visit_address(plain(person, night) | ranged), "skipped"))
    return out


def visit_address(row) -> dict:
    cells = {f"address_{i}": row[HOME[i - 1]] for i in (1, 2, 3)} | {"postcode": row["primary_address_post_code"]}
    return cells | {"actual_work_end_date": row["actual_work_start_date"]} | row


def violations(world, night) -> list:
    out = [(notified(row), outcome) for row, outcome in told(world, night, story.violations)]
    for person in tagged(world):
        facts = person.order
        if facts["breach"] > 0.3 or facts["breach_offset"] != world.index(night) or facts["offset"] > world.index(night):
            continue
        reason, minutes, action = REASONS[facts["minute"] % len(REASONS)]
        breach = {"legacy_order_id": facts["id"], "order_type": facts["kind"], "order_type_description": facts["description"], "responsible_organisation": facts["responsible"],
                  "enforcement_reason": reason, "minutes_absent": minutes, "breach_date": (night - timedelta(days=1)).isoformat(),
                  "breach_time": f"{19 + facts['minute'] % 5}:{facts['minute']:02d}:00", "breach_identified_time": f"{19 + facts['minute'] % 5}:{facts['minute']:02d}:40"}
        if action == "warning":
            breach |= {"agency_action": "Warning letter sent", "warning_letter_sent_date": night.isoformat()}
        elif action == "pack":
            breach |= {"agency_action": "Breach pack sent", "breach_pack_sent_date": night.isoformat(), "breach_enforcement_outcome": "Pending"}
        out.append((notified(plain(person, night) | breach), "skipped" if facts["kind"] == "Immigration" else "mapped"))
    return out


def notified(row) -> dict:
    """Fills in when the breach was noticed and told."""
    day = row.get("breach_identified_date", row["breach_date"])
    cells = {"agency_action": "No Value", "investigation_outcome_reason": "No Value", "breach_identified_date": day}
    late = {"authority_first_notified_date": day, "authority_first_notified_time": row["breach_identified_time"]}
    return cells | late | row


def write(world, night) -> list:
    """The four files of a night; the orders of the first night start with a byte order mark."""
    out = []
    tables = (("ORDERS", ORDERS, orders), ("INSTALLS", INSTALLS, installs), ("VIOLATIONS", VIOLATIONS, violations), ("ENDINGS", ENDINGS, endings))
    for word, columns, rows_of in tables:
        found = rows_of(world, night)
        text = "\r\n".join([*lines(columns, [row for row, _ in found], ","), f"TRAILER,{len(found)}", ""])
        data = text.encode("utf-8-sig" if word == "ORDERS" and night == world.first else "utf-8")
        out.append(File("g4s", f"g4s-{word.lower()}", f"EMS_LEEDS_{night:%Y%m%d}_{word}.csv", data, tally(o for _, o in found)))
    return out
