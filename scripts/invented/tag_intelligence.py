"""What the contractor's field officers report: one file more beside the four of tagging.py."""
from .daily import delimited, told
from .story import N17, N19

COLUMNS = "legacy_subject_id report_id report_type event_date seen_at details void".split()


def reports(night) -> list:
    seen = {"report_id": "FR-2201", "report_type": "Tag conduct", "event_date": "2008-11-15", "seen_at": "31 Osier Fold, Beeston", "void": "No",
            "details": "Boasted of a foil sleeve,\nneighbour Mr Tibb heard it (canary-field-report)"}
    first = [("rafiq_son", seen, "mapped"), ("declan", seen | {"report_id": "FR-2202"}, "mapped"),
             ("kyle", seen | {"report_id": "FR-2194", "event_date": "2008-11-08"}, "mapped"), ("tyler", seen | {"report_id": "FR-2203", "report_type": "Whispers"}, "refused")]
    return {N17: first, N19: [("rafiq_son", seen | {"void": "Yes"}, "mapped")]}.get(night, [])


def write(world, night) -> list:
    rows = told(reports(night), lambda key: {"legacy_subject_id": world.cast[key].subject})
    return [delimited("g4s", "g4s-intelligence", f"EMS_LEEDS_{night:%Y%m%d}_INTELLIGENCE.csv", COLUMNS, rows, ",", trailer="TRAILER")]
