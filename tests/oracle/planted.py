"""What is planted: people, values that occur nowhere else, and the records that they mean.

A token is a word that stands once in the world (`Qx` and eight letters), or a typed value that is as rare: an identifier
with its check letter, a postcode, a date of birth. Nothing here reads the product; records are written down beside the
cells from which a reader of the mappings would make them.
"""
import datetime
import random
import sys
import zoneinfo
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from invented import identifiers  # noqa: E402

FIRST = datetime.date(2008, 11, 17)
NIGHTS = (FIRST, FIRST + datetime.timedelta(1))
LONDON = zoneinfo.ZoneInfo("Europe/London")
CONSONANTS = "bcdfghjklmnpqrstvwxz"


def uk(day):
    return day.strftime("%d/%m/%Y") if day else ""


def iso(day):
    return day.isoformat() if day else ""


def instant(day, clock):
    """The moment of a civil day and time in London, as UTC."""
    local = datetime.datetime.combine(day, datetime.time.fromisoformat(clock), LONDON)
    return local.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """Gives tokens, and keeps the records as they stand after the night that is being written."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.count = 0
        self.tokens = {}        # text, lower case -> whose
        self.records = {}       # key of the fact -> record
        self.night = FIRST
        self.steady = False     # whether an open record stays open
        self.introduced = set() # people of whom a partner's own file has told openly

    def mark(self, text, person):
        self.tokens[text.lower()] = person
        return text

    def word(self, person, digit=False):
        """A word of letters; a reference also needs a digit."""
        self.count += 1
        n, letters = self.count, ""
        for _ in range(8):
            n, rest = divmod(n, len(CONSONANTS))
            letters = CONSONANTS[rest] + letters
        word = self.mark(f"Qx{letters}", person)
        return word.upper() + "7" if digit else word

    def postcode(self, person):
        self.count += 1
        inward = identifiers.INWARD
        n = self.count
        text = f"LS{1 + n % 29} {n // 29 % 10}{inward[n // 290 % 20]}{inward[n // 5800 % 20]}"
        self.mark(text.replace(" ", ""), person)
        return self.mark(text, person)

    def far_day(self, person):
        """A day of its own, years ahead: whatever says it has it from one cell."""
        self.count += 1
        day = datetime.date(2011, 1, 1) + datetime.timedelta(self.count)
        self.mark(iso(day), person)
        self.mark(uk(day), person)
        return day

    def near(self, back, ahead):
        return self.night + datetime.timedelta(self.rng.randint(-back, ahead))

    def chance(self, share):
        return self.rng.random() < share

    def tell(self, person, originator, category, key, fields, cancelled=False, restricted=False):
        """A fact, or its next version."""
        fields = {name: value for name, value in fields.items() if value not in ("", None)}
        self.records[originator, category, *key] = {
            "person": person, "originator": originator, "category": category, "fields": fields,
            "cancelled": cancelled, "restricted": restricted, "key": "|".join((originator, category, *key))}

    def state(self):
        return [self.records[key] for key in sorted(self.records)]


class Person:
    """One planted person: the numbers and days that all sources share, and what each source is to say."""

    def __init__(self, world, number, born, sex):
        self.id = f"p{number:02d}"
        self.born, self.sex = born, sex
        world.mark(iso(born), self.id)
        world.mark(uk(born), self.id)
        self.pnc = world.mark(identifiers.pnc(1970 + number % 38, 310_000 + 7_919 * number), self.id)
        self.cro = world.mark(identifiers.cro(410_000 + 613 * number, 1970 + number % 30), self.id)
        self.prison_number = world.mark(f"K{3000 + 37 * number}Y{'PQRTUVWXYZ'[number % 10]}", self.id)
        self.crn = world.mark(f"X{610_000 + 977 * number}", self.id)
        self.nino = world.mark(f"JT{510_000 + 769 * number}C", self.id)
        self.subject = world.word(self.id, digit=True)
        self.nominal = world.word(self.id, digit=True)
        self.surname, self.forenames = f"O'{world.word(self.id)}", f"Zoë {world.word(self.id)}"
        self.postcode = world.postcode(self.id)      # the police list's and the housing system's: it joins them
        self.on_list = True

    def feed_names(self, world):
        """Names as one source has them: no other source spells them so."""
        return world.word(self.id), f"{world.word(self.id)} {world.word(self.id)}"


# Born so that every age condition holds for some, fails for others, and turns between the nights.
AGES = {
    "adult": lambda n: datetime.date(1950 + n, 1 + n % 12, 1 + n % 27),
    "child": lambda n: datetime.date(1992 + n % 3, 1 + n % 12, 1 + n % 27),
    "seventeen": lambda n: datetime.date(1991, 1 + n % 10, 1 + n % 27),
    "eighteen": lambda n: datetime.date(1990, 1 + n % 10, 1 + n % 27),
}


def people(world):
    """About forty people; how the sources tell of them is drawn, the edges are set by hand."""
    out = []
    order = ["adult", "adult", "child", "eighteen", "adult", "seventeen", "child"]
    used = set()
    for number in range(40):
        born = AGES[order[number % len(order)]](number)
        if number == 20:
            born = datetime.date(1990, 11, 18)       # eighteen on the second night
        while born in used:
            born += datetime.timedelta(1)
        used.add(born)
        person = Person(world, number, born, "MF"[number % 2])
        days = lambda n: FIRST + datetime.timedelta(n)
        person.cohort = (days(-100 - number), None)
        if number % 11 == 5:
            person.cohort = (days(-200), days(-1))   # left already
        elif number % 13 == 6:
            person.cohort = (days(-200), days(0))    # last day: withdrawn on the second night
        elif number % 13 == 8:
            person.cohort = (days(1), None)          # joins on the second night
        elif number % 8 == 7:
            person.on_list = False                   # never designated, or from the second night only
        person.listed_late = number in (15, 31)
        out.append(person)
    return out
