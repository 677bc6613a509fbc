"""An independent reading of the agreement: who may have which value of which planted record.

It shares no code with the product: the entitlement tables are read from their TOML, the named conditions are written
out by hand from the agreement's words (docs/conditions.md), the reductions likewise. Records are dictionaries:
{"key", "person", "originator", "category", "cancelled", "restricted", "fields": {name: canonical text}}.
"""
import csv
import datetime
import pathlib
import tomllib
from collections import defaultdict

DAY = datetime.date.fromisoformat
PROVENANCE = "record_id record_version change person_ref originator clause purpose handling as_of review_by".split()
INTERNAL = {"cohort", "caseload", "care_transfer", "custody_movement"}
# 5.1.1.vii, the older form: what a code permits each class without asking anybody. Codes that are not listed: nobody.
DISSEMINATION = {"1": {"law"}, "2": {"law"}, "P": {"law"}}
NOT_STANDING = {"intel", "medical"}
NEVER_STANDING = {"text", "person"}


def load(deployment):
    root = pathlib.Path(deployment)
    read = lambda path: tomllib.loads((root / path).read_text("utf-8"))
    schema = {}
    for path in sorted((root / "schema").glob("*.toml")):
        for name, body in tomllib.loads(path.read_text("utf-8")).items():
            schema[name] = {f: spec["type"] for f, spec in body["fields"].items()}
    grants = {}
    for path in (root / "agreement/entitlements").glob("*.toml"):
        body = tomllib.loads(path.read_text("utf-8"))
        recipient = body.pop("recipient")
        for category, grant in body.items():
            grants[recipient, category] = grant
    partners = read("agreement/agreement.toml")["partner"]
    return {"schema": schema, "grants": grants, "partners": partners, "categories": read("agreement/categories.toml")}


def date_of(text):
    return DAY(text[:10]) if text else None


class Facts:
    """What the current records of one person that a recipient may know of say on a day."""

    def __init__(self, agreement, records, recipient, today):
        self.today, self.recipient = today, recipient
        self.records = [r for r in records if not r["cancelled"] and (not r["restricted"] or r["originator"] == recipient) and owned(agreement, r)]
        self.held = {}

    def of(self, *categories):
        return [r for r in self.records if r["category"] in categories]

    def day(self, record, field):
        return date_of(record["fields"].get(field))

    def span(self, record, start, end):
        first, last = self.day(record, start), self.day(record, end)
        return first is not None and first <= self.today and (last is None or self.today <= last)

    def not_past(self, record, field):
        last = self.day(record, field)
        return last is None or self.today <= last

    def ahead(self, record, field, days):
        day = self.day(record, field)
        return day is not None and 0 <= (day - self.today).days <= days

    def ages(self):
        births = [self.day(r, "birth_date") for r in self.of("person") if r["fields"].get("birth_date")]
        t = self.today
        return [t.year - b.year - ((t.month, t.day) < (b.month, b.day)) for b in births]

    def cohort(self):
        return any(r["originator"] == "wyp" and self.span(r, "from", "until") for r in self.of("cohort"))

    def works_with(self, who):
        return any(r["originator"] == who and r["category"] not in INTERNAL | {"person"} for r in self.records)

    def on_caseload(self):
        return any(r["originator"] == self.recipient and self.span(r, "from", "until") for r in self.of("caseload"))

    def in_custody(self):
        moves = []
        for r in self.of("custody_movement", "prison_transfer", "prison_release"):
            field = "release_date" if r["category"] == "prison_release" else "moved_on"
            inwards = r["category"] == "prison_transfer" or r["fields"].get("direction") == "in"
            told = r["category"] != "custody_movement" or (r["originator"] == "hmps" and r["fields"].get("direction") in ("in", "out"))
            day = self.day(r, field)
            if told and day is not None and day <= self.today:
                moves.append((day, inwards))
        last = max((day for day, _ in moves), default=None)
        return last is not None and all(inwards for day, inwards in moves if day == last)

    def due(self):
        returning = {"recall_requested", "unlawfully_at_large"}
        ends = {"SED", "LED", "TARIFF"}
        return (any(self.ahead(r, "release_date", 28) for r in self.of("prison_release"))
                or any(self.ahead(r, "projected_date", 28) and r["fields"].get("basis", "SED") not in ends for r in self.of("release_projection"))
                or any(r["fields"].get("status") in returning for r in self.of("probation_breach", "yos_breach"))
                or any(r["fields"].get("action_taken") == "recall_requested" and r["fields"].get("outcome", "pending") == "pending" for r in self.of("tag_breach_sentence")))

    def tagged(self):
        return any(self.span(r, "start_date", "end_date") for r in self.of("tag_order_bail", "tag_order_sentence"))

    def hdc(self):
        out = any(r["fields"].get("release_type") in ("hdc", "hdc_unconditional", "hdc_rerelease")
                  and self.day(r, "release_date") is not None and self.day(r, "release_date") <= self.today for r in self.of("prison_release"))
        return out and any(self.not_past(r, "end_date") for r in self.of("tag_order_sentence"))

    def tenancy(self):
        def recent(r):
            end = self.day(r, "end_date")
            return end is not None and 0 <= (self.today - end).days <= 183
        return any(self.span(r, "start_date", "end_date") or recent(r) for r in self.of("tenancy"))

    def asb_case(self):
        going = {"proposed", "applied", "adjourned", "interim", "current", "varied", "breached"}
        return (any(r["fields"].get("status") in ("open", "investigating", "action", "monitoring") for r in self.of("asb_complaint"))
                or any("expires_on" in r["fields"] and self.span(r, "issued_on", "expires_on") for r in self.of("asb_pre_court"))
                or any(r["fields"].get("stage") in going and self.not_past(r, "expires_on") for r in self.of("asb_court_action")))

    def transfer_of_care(self):
        def passed(r):
            day = self.day(r, "transferred_on")
            return (r["originator"] != self.recipient and r["fields"].get("from_partner") in ("disc", "cri") and r["fields"].get("to_partner") == self.recipient
                    and day is not None and abs((day - self.today).days) <= 28)
        return any(passed(r) for r in self.of("care_transfer"))

    def about_person(self, name):
        if name not in self.held:
            self.held[name] = self.ask(name)
        return self.held[name]

    def ask(self, name):
        ages = self.ages()
        match name:
            case "works_with": return self.works_with(self.recipient)
            case "young_person": return bool(ages) and all(a < 18 for a in ages)
            case "adult": return bool(ages) and all(a >= 18 for a in ages)
            case "transition": return bool(ages) and all(17 <= a <= 18 for a in ages) and self.works_with("yos") and self.works_with("probation")
            case "custody_or_due": return self.in_custody() or self.due()
            case "housing_or_asb_case": return self.tenancy() or self.asb_case()
            case "on_caseload" | "hdc" | "tagged" | "asb_case" | "transfer_of_care": return getattr(self, name)()
        raise KeyError(f"the oracle does not know the condition {name}")


def about_row(name, facts, record):
    """A condition on the row itself; None when it is about the person."""
    value = record["fields"].get
    match name:
        case "condition_current": return value("status") == "current" and facts.span(record, "start_date", "end_date")
        case "own_action": return value("lead_agency") == facts.recipient
        case "order_in_force": return value("stage") in ("interim", "current", "varied") and facts.not_past(record, "expires_on")
        case "housing_licence_condition": return value("condition") in ("reside", "hostel", "exclusion")
        case "curfew_licence_condition": return value("condition") in ("curfew", "tag", "reside", "hostel")
        case "treatment_licence_condition": return value("condition") in ("drug_testing", "drug_treatment", "alcohol")
        case "housing_requirement": return value("requirement") in ("residence", "exclusion")
        case "curfew_requirement": return value("requirement") == "curfew"
        case "treatment_requirement": return value("requirement") in ("drug_rehabilitation", "alcohol_treatment")
    return None


def holds(name, facts, record):
    row = about_row(name, facts, record)
    return facts.about_person(name) if row is None else row


def owned(agreement, record):
    """Whether the originator shares the category (5.1); what the gateway keeps for itself has no owner."""
    rule = agreement["categories"].get(record["category"])
    return rule is None or record["originator"] in rule["clause"]


def disseminated(agreement, record, recipient):
    if "nim_code" not in agreement["schema"][record["category"]]:
        return True
    return agreement["partners"][recipient]["class"] in DISSEMINATION.get(record["fields"].get("nim_code"), set())


def reduce(word, text):
    cut = {"date": 10, "month": 7, "year": 4}
    if word in cut:
        return text[:cut[word]]
    if word == "district":
        return text.split(" ")[0]
    raise KeyError(f"the oracle does not know the reduction {word}")


def granted(agreement, grant, record):
    """The cells of a row by standing grant: {field: text}, and the fields that are given as a count."""
    kinds = agreement["schema"][record["category"]]
    fields, cells = record["fields"], {}
    if agreement["categories"][record["category"]]["handling"] in NOT_STANDING:
        return {}, []
    for field in grant.get("fields", []):
        if kinds[field] not in NEVER_STANDING and fields.get(field):
            cells[field] = fields[field]
    counted = [f for f, word in grant.get("reduce", {}).items() if word == "count"]
    for field, word in grant.get("reduce", {}).items():
        if word != "count" and fields.get(field):
            cells[field] = reduce(word, fields[field])
    return cells, counted


def row_of(agreement, grant, record, cells):
    rule = agreement["categories"][record["category"]]
    return {"key": record["key"], "person": record["person"], "originator": record["originator"], "category": record["category"], "cells": cells,
            "clause": rule["clause"][record["originator"]], "purpose": ";".join(grant["purposes"]), "handling": rule["handling"]}


def person_rows(agreement, records, recipient, today):
    facts = Facts(agreement, records, recipient, today)
    if not facts.cohort():
        return []
    rows, counts = [], defaultdict(list)
    for record in facts.records:
        grant = agreement["grants"].get((recipient, record["category"]))
        if grant is None or record["originator"] == recipient or record["category"] in INTERNAL:
            continue
        if agreement["categories"][record["category"]]["clause"][record["originator"]] not in grant["clause"] or not disseminated(agreement, record, recipient):
            continue
        if not all(holds(name, facts, record) for name in grant.get("when", [])):
            continue
        cells, counted = granted(agreement, grant, record)
        if counted and cells:
            counts[record["originator"], record["category"], tuple(sorted(cells.items())), tuple(counted)].append(record)
        elif cells:
            rows.append(row_of(agreement, grant, record, cells))
    for (_, category, cells, counted), alike in counts.items():
        kinds = agreement["schema"][category]
        total = {f: str(sum(r["fields"].get(f) == "true" if kinds[f] == "flag" else f in r["fields"] for r in alike)) for f in counted}
        row = row_of(agreement, agreement["grants"][recipient, category], alike[0], dict(cells) | total)
        rows.append(row | {"key": "|".join(["count", row["person"], row["originator"], category, *(v for _, v in cells)])})
    told = {row["originator"] for row in rows if row["category"] != "person"}
    return [row for row in rows if row["category"] != "person" or row["originator"] in told]


def expected(agreement, records, recipient, today):
    """{key: row} that the recipient holds after a night, if it was told everything that it may have."""
    by_person = defaultdict(list)
    for record in records:
        by_person[record["person"]].append(record)
    return {row["key"]: row for of in by_person.values() for row in person_rows(agreement, of, recipient, today)}


def columns(agreement, recipient, category):
    """The columns of a recipient's table: all that a grant can ever open, and nothing else."""
    grant = agreement["grants"][recipient, category]
    return {*grant.get("fields", []), *grant.get("reduce", {}), *grant.get("on_authority", {}).get("fields", [])}


def bundle_rows(folder, schema):
    """(row, category, cells) of every data row of a bundle folder, the formula guard of text columns undone."""
    texts = {"text", "person", "name", "address", "postcode", "id", "code"}
    for path in sorted(pathlib.Path(folder, "data").glob("*.csv")):
        category = "person" if path.stem.startswith("people") else path.stem.split("-")[0]
        with open(path, newline="", encoding="utf-8-sig") as lines:
            for row in csv.DictReader(lines):
                plain = lambda f, v: v[1:] if v[:1] == "'" and schema[category][f] in texts else v
                yield row, category, {f: plain(f, v) for f, v in row.items() if f not in PROVENANCE and v}
