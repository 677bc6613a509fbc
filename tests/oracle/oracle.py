"""An independent reading of the agreement: who may have which value of which planted record.

It shares no code with the product: the entitlement tables are read from their TOML, the named conditions are written
out by hand from the agreement's words (docs/conditions.md), the reductions likewise. Records are dictionaries:
{"person", "originator", "category", "cancelled", "restricted", "fields": {name: canonical text}}.
"""
import csv
import datetime
import pathlib
import tomllib
from collections import defaultdict

DAY = datetime.date.fromisoformat
PROVENANCE = "record_id record_version change person_ref originator clause purpose handling as_of review_by".split()
INTERNAL = {"cohort", "caseload", "care_transfer", "custody_movement"}


def load(deployment):
    root = pathlib.Path(deployment)
    read = lambda path: tomllib.loads((root / path).read_text("utf-8"))
    schema = {}
    for path in sorted((root / "schema").glob("*.toml")):
        for name, body in tomllib.loads(path.read_text("utf-8")).items():
            schema[name] = {f: spec["type"] for f, spec in body["fields"].items()}
    groups = {}
    for path in (root / "schema/codes").glob("*.csv"):
        with open(path, newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                groups[path.stem, row["code"]] = row["group"]
    grants = {}
    for path in (root / "agreement/entitlements").glob("*.toml"):
        body = tomllib.loads(path.read_text("utf-8"))
        recipient = body.pop("recipient")
        for category, grant in body.items():
            grants[recipient, category] = grant
    partners = list(read("agreement/agreement.toml")["partner"])
    return {"schema": schema, "groups": groups, "grants": grants, "partners": partners, "root": root}


def date_of(text):
    return DAY(text[:10]) if text else None


class Facts:
    """What the current, unrestricted records of one person say on a day."""

    def __init__(self, records, today):
        self.today = today
        self.records = [r for r in records if not r["cancelled"] and not r["restricted"]]

    def of(self, *categories):
        return [r for r in self.records if r["category"] in categories]

    def day(self, record, field):
        return date_of(record["fields"].get(field))

    def span(self, record, start, end):
        first, last = self.day(record, start), self.day(record, end)
        return first is not None and first <= self.today and (last is None or self.today <= last)

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

    def in_custody(self):
        moves = []
        for r in self.of("custody_movement", "prison_transfer", "prison_release"):
            field = "release_date" if r["category"] == "prison_release" else "moved_on"
            inwards = r["category"] == "prison_transfer" or r["fields"].get("direction") == "in"
            day = self.day(r, field)
            if day is not None and day <= self.today:
                moves.append((day, inwards))
        last = max((day for day, _ in moves), default=None)
        return last is not None and all(inwards for day, inwards in moves if day == last)

    def due(self):
        returning = {"recall_requested", "unlawfully_at_large"}
        ends = {"SED", "LED", "TARIFF"}
        return (any(self.ahead(r, "release_date", 28) for r in self.of("prison_release"))
                or any(self.ahead(r, "projected_date", 28) and r["fields"].get("basis") not in ends | {None, ""}
                       for r in self.of("release_projection"))
                or any(r["fields"].get("status") in returning for r in self.of("probation_breach", "yos_breach"))
                or any(r["fields"].get("action_taken") == "recall_requested"
                       and r["fields"].get("outcome") in (None, "", "pending") for r in self.of("tag_breach_sentence")))

    def tagged(self):
        return any(self.span(r, "start_date", "end_date") for r in self.of("tag_order_bail", "tag_order_sentence"))

    def hdc(self):
        out = any(r["fields"].get("release_type") in ("hdc", "hdc_unconditional", "hdc_rerelease")
                  and (self.day(r, "release_date") or self.today + datetime.timedelta(1)) <= self.today
                  for r in self.of("prison_release"))
        running = any((self.day(r, "end_date") or self.today) >= self.today for r in self.of("tag_order_sentence"))
        return out and running

    def tenancy(self):
        def recent(r):
            end = self.day(r, "end_date")
            return end is not None and 0 <= (self.today - end).days <= 183
        return any(self.span(r, "start_date", "end_date") or recent(r) for r in self.of("tenancy"))

    def asb_case(self):
        return False  # no feed of the present eight brings anti-social behaviour records


def holds(name, facts, record, recipient):
    ages = facts.ages()
    rules = {
        "works_with": lambda: facts.works_with(recipient),
        "on_caseload": lambda: any(r["originator"] == recipient and facts.span(r, "from", "until") for r in facts.of("caseload")),
        "young_person": lambda: bool(ages) and all(a < 18 for a in ages),
        "adult": lambda: bool(ages) and all(a >= 18 for a in ages),
        "transition": lambda: bool(ages) and all(17 <= a <= 18 for a in ages) and facts.works_with("yos") and facts.works_with("probation"),
        "custody_or_due": lambda: facts.in_custody() or facts.due(),
        "hdc": facts.hdc,
        "tagged": facts.tagged,
        "asb_case": facts.asb_case,
        "housing_or_asb_case": lambda: facts.tenancy() or facts.asb_case(),
        "condition_current": lambda: record["fields"].get("status") == "current" and facts.span(record, "start_date", "end_date"),
        "own_action": lambda: record["fields"].get("lead_agency") == recipient,
    }
    return rules[name]() if name in rules else None


def reduce(word, text, today, group):
    cut = {"date": 10, "month": 7, "year": 4}
    if word in cut:
        return text[:cut[word]]
    if word == "district":
        return text.split(" ")[0]
    if word == "group":
        return group or None
    raise KeyError(word)


def expected(agreement, records, recipient, today):
    """{(person, originator, category): [cells]} that the recipient may have on a first night."""
    out = defaultdict(list)
    by_person = defaultdict(list)
    for record in records:
        by_person[record["person"]].append(record)
    for person, all_of in by_person.items():
        facts = Facts(all_of, today)
        if not facts.cohort():
            continue
        rows = []
        for record in facts.records:
            grant = agreement["grants"].get((recipient, record["category"]))
            if grant is None or record["originator"] == recipient or record["category"] in INTERNAL:
                continue
            verdicts = [holds(c, facts, record, recipient) for c in grant.get("when", [])]
            assert None not in verdicts, f"the oracle does not know a condition of {recipient}/{record['category']}"
            if not all(verdicts):
                continue
            kinds = agreement["schema"][record["category"]]
            cells = {}
            for field in grant.get("fields", []):
                assert kinds[field] not in ("text", "person"), "no text or other person by standing grant"
                cells[field] = record["fields"].get(field) or ""
            for field, word in grant.get("reduce", {}).items():
                text = record["fields"].get(field) or ""
                cells[field] = reduce(word, text, today, None) if text else ""
            if any(cells.values()):
                rows.append((record, cells))
        if any(record["category"] != "person" for record, _ in rows):
            for record, cells in rows:
                out[person, record["originator"], record["category"]].append(cells)
    return out


def bundle_rows(folder):
    """(originator, category, cells) of every data row of a bundle folder, formula guard undone."""
    for path in sorted(pathlib.Path(folder, "data").glob("*.csv")):
        with open(path, newline="", encoding="utf-8-sig") as lines:
            for row in csv.DictReader(lines):
                category = "person" if path.stem.startswith("people") else path.stem.split("-")[0]
                cells = {k: (v[1:] if v[:1] == "'" else v) for k, v in row.items() if k not in PROVENANCE}
                yield row, category, cells
