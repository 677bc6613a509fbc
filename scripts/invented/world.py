"""The whole invented city: the cast, the crowd around it, and what each agency holds of the crowd."""
import random
from datetime import date, timedelta

from . import identifiers as ids
from .cast import cast, second_cast
from .people import Maker

RELEASES = (("REL", "CR", 40, "CRD"), ("REL", "AR", 20, "ARD"), ("TAP", "EL", 16, "ECL date"), ("REL", "HR", 14, "HDCAD"), ("REL", "NP", 4, "CRD"),
            ("REL", "SC", 3, "SED"), ("REL", "PF", 2, ""), ("REL", "BL", 3, ""), ("TAP", "RO", 3, "CRD"), ("", "PD", 3, "SED"))
ORDERS = (("Pre-Trial", "Bail curfew", "Police", 30), ("Bail", "Bail curfew", "Police", 8), ("Community", "Community Order", "Field Monitoring Service", 18),
          ("Community", "Community Order", "Probation", 14), ("Community", "Suspended Sentence Order", "Probation", 8),
          ("Post Release", "Home Detention Curfew", "Prison", 14), ("Post Release", "Licence", "Probation", 5), ("Immigration", "Immigration bail", "Home Office", 3))
COURTS = (("Magistrates Court", "Leeds Magistrates Court", 8), ("Crown Court", "Leeds Crown Court", 4), ("Magistrates Court", "Bradford Magistrates Court", 1))
PRISONS = (("LEI", 10), ("WEI", 5), ("HLI", 1), ("DNI", 1), ("MDI", 1))
CURFEWS = (("19:00:00", "07:00:00", 10), ("20:00:00", "06:00:00", 3), ("21:00:00", "07:00:00", 3), ("22:00:00", "06:00:00", 1))


def weighted(rng: random.Random, table):
    """One row of a table whose rows hold their weight at `-1` (or at 2 for RELEASES)."""
    weights = [row[2] if isinstance(row[-1], str) else row[-1] for row in table]
    return rng.choices(table, weights)[0]


class World:
    """Everything that the feeds are written from."""

    def __init__(self, seed: int, count: int, nights: list):
        self.seed, self.nights = seed, nights
        self.first = nights[0]
        first, second = cast(), second_cast()
        self.cast = first | second
        maker = Maker(seed, self.first)
        named = list(first.values())             # the second cast comes on top of the count, so that a name more draws nobody else anew
        for person in self.cast.values():
            maker.used |= {person.pnc, person.cro, person.prison, person.crn, person.subject, person.persref}
        wanted = round(count * 0.4) - sum(1 for p in named if p.cohort)
        self.crowd = []
        for i in range(max(0, count - len(named))):
            in_cohort = i < wanted
            person = maker.crowd(in_cohort, young=in_cohort and i % 11 == 0)
            self.settle(maker, person)
            self.crowd.append(person)
        maker.rng.shuffle(self.crowd)

    def settle(self, maker: Maker, person):
        """Decides which agencies know somebody, and what they hold."""
        rng, known = maker.rng, False
        adult = person.age(self.first) >= 18
        chances = {"prison": 0.45, "probation": 0.6 if adult else 0.0, "tagging": 0.3, "housing": 0.4 if adult else 0.0}
        for agency, chance in chances.items():
            if rng.random() < chance * (1.15 if person.cohort else 1.0):
                known = True
                maker.number_for(person, agency)
        if not known and not person.cohort:
            maker.number_for(person, "probation" if adult else "tagging")
        if person.prison:
            person.release = self.release(rng, person, adult)
        if person.subject:
            person.order = self.order(rng, adult)
        if person.persref:
            person.tenancy = self.tenancy(rng)
        if person.crn:
            person.assessment = self.assessment(rng)

    def offset(self, rng) -> int:
        """The night on which a row first appears: most on the first, the rest spread over a week."""
        return 0 if rng.random() < 0.5 else rng.randrange(1, 7)

    def release(self, rng, person, adult) -> dict:
        movement, reason, _, column = weighted(rng, RELEASES)
        if not adult:
            movement, reason, column = "REL", f"D{rng.randrange(1, 7)}", ""
        prison = "NHI" if person.sex == "F" else ("WYI" if not adult else rng.choices([p for p, _ in PRISONS], [w for _, w in PRISONS])[0])
        offset = self.offset(rng)
        day = self.first + timedelta(days=offset + rng.randrange(0, 45))
        return {"offset": offset, "prison": prison, "booking": ids.booking(rng), "movement": movement, "reason": reason, "column": column, "day": day,
                "months": rng.choice((3, 4, 6, 8, 9, 12, 18, 24, 36)), "later": rng.random(), "area": "YSW" if adult else rng.choice(("13YA", "13YB", "13YC", "13YD")),
                "type": rng.choice(("DPH", "DPH", "DPH", "DSH", "DST", "DAP", "DNF")), "mappa": rng.choice(("", "", "", "", "", "1", "2")),
                "time": rng.choice(("08:30", "08:45", "09:00", "09:15", "10:00"))}

    def order(self, rng, adult) -> dict:
        kind, description, responsible, _ = weighted(rng, ORDERS)
        court = weighted(rng, COURTS)[:2]
        if not adult:
            kind, description, responsible, court = "Community", rng.choice(("Supervision Order", "ISSP")), "YJS", ("Youth Court", "Leeds Youth Court")
        if description in ("Home Detention Curfew", "Licence"):
            court = ("Prison", rng.choice(("HMP Leeds", "HMP Wealstun", "HMP New Hall")))
        start, end, _ = weighted(rng, CURFEWS)
        offset = self.offset(rng)
        begin = self.first + timedelta(days=offset - rng.randrange(0, 80 if offset == 0 else 2))
        return {"offset": offset, "id": str(2_080_000 + rng.randrange(100, 7_000)), "kind": kind, "description": description, "responsible": responsible,
                "court": court, "curfew": (start, end, rng.choice(("1111111", "1111111", "1111111", "1111100", "0000011"))), "start": begin,
                "end": begin + timedelta(days=rng.randrange(60, 180)) if rng.random() < 0.7 else None, "install": rng.random(), "breach": rng.random(),
                "breach_offset": rng.randrange(0, 4), "ending": rng.randrange(0, 6) if rng.random() < 0.15 else None, "minute": rng.randrange(0, 60)}

    def tenancy(self, rng) -> dict:
        number = rng.randrange(12_000, 79_000)
        stage = rng.choices(("", "NOSP", "COURT", "SPO"), (70, 15, 10, 5))[0]
        served = self.first - timedelta(days=rng.randrange(30, 300))
        events = [] if not stage else [(served, "NOSP", "SERVED", None)]
        balance = round(rng.uniform(-60, 90), 2)
        if stage in ("COURT", "SPO"):
            events.append((served + timedelta(days=29), stage, "GRANTED" if stage == "SPO" else "LISTED", None))
        if stage:
            balance = round(rng.uniform(250, 1800), 2)
        start = self.first - timedelta(days=rng.randrange(60, 6000))
        ended = start + timedelta(days=max(30, (self.first - start).days - rng.randrange(5, 400))) if rng.random() < 0.12 else None
        return {"tenref": f"{number:07d}/{rng.randrange(1, 5):02d}", "propref": f"{rng.randrange(10_000, 99_000):08d}", "tenure": rng.choice("SSSSIINND"), "start": start,
                "end": ended, "end_reason": rng.choice(("NOTICE", "EXCHANGE", "EVICTED", "ABANDONED", "TRANSFER")) if ended else "", "rent": round(rng.uniform(48, 92), 2),
                "balance": balance, "stage": stage, "events": events, "role": rng.choices("123", (80, 12, 8))[0]}

    def assessment(self, rng) -> dict:
        done = self.first - timedelta(days=rng.randrange(3, 330))
        return {"offset": self.offset(rng), "pk": str(rng.randrange(6_400_000, 6_799_999)), "done": done, "clock": f"{rng.randrange(9, 17):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}",
                "ogrs2": rng.randrange(8, 97), "harm": rng.choices(("Low", "Medium", "High", "Very High"), (30, 45, 22, 3))[0],
                "groups": {g: rng.choices(("Low", "Medium", "High"), (75, 18, 7))[0] for g in ("Children", "Public", "KnownAdult", "Staff", "Prisoners")},
                "needs": {n: rng.choices(("Yes", "No", "DK"), (45, 52, 3))[0] for n in ("acc", "eTE", "lifestyle", "drug", "alcohol", "emo")},
                "answers": {s: rng.choice(("0-No problems", "1-Some problems", "2-Significant problems")) for s in ("11", "12")},
                "plan": rng.choice(("3", "4", "7", "8", "9", "11", "12", "")), "sentence": rng.random(), "lao": rng.random() < 0.015, "pnc": rng.random()}

    def index(self, night: date) -> int:
        """Days since the first night."""
        return (night - self.first).days

    def rng(self, label: str) -> random.Random:
        return random.Random(f"{self.seed}:{label}")
