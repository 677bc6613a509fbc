"""A large prison feed of twenty columns and its cohort, for timing."""
import random
from datetime import date, timedelta
from pathlib import Path

from . import identifiers as ids
from .people import DISTRICTS, FORENAMES_F, FORENAMES_M, STREET_FIRST, STREET_LAST, SURNAMES

COLUMNS = ("noms_id,pnc_id,booking_no,forename,middle_names,surname,dob,gender,ethnicity,establishment,reception_date,release_date,release_type,sentence_expiry,"
           "licence_expiry,release_address,release_postcode,offender_manager,risk_level,mappa_level")
TODAY = date(2008, 11, 17)
PRISONS = "LEI WEI NHI HLI DNI MDI WDI FNI LHI HDI".split()
KINDS = "CRD ARD HDC PPD LAED ROTL".split()
ETHNICITIES = "W1 W2 W9 A1 A2 A3 A9 B1 B2 B9 M1 M9 O9 NS".split()
RISKS = ("Low", "Medium", "High", "Very High")
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
NUMBERS = 21 * 10_000 * 21 * 21
STEP = 48_271_003
BATCH = 20_000
BAD = 0.0125
COHORT = 0.2


class Pools:
    """Values drawn by index, so that a row costs microseconds."""

    def __init__(self, rng: random.Random):
        day = [(TODAY + timedelta(days=n)) for n in range(-26_000, 1_000)]
        self.days = [d.strftime("%d/%m/%Y") for d in day]
        self.surnames = [s.upper() for s in SURNAMES] + [f"{a.upper()}-{b.upper()}" for a, b in zip(SURNAMES, reversed(SURNAMES))]
        # Three syllables give about twenty thousand more surnames, so that names are as rare as in a city.
        parts = ("BAR BEL CAR COL DEN DUN ELM FAR GIL HAL HAR KEL KIR LAN LOW MAR MOR NOR OAK PEN RAD RAV SED STAN TAL THOR WAD WAL WES WIN").split()
        ends = "BY DEN DALE FIELD FORD HAM HOLM LEY MAN ROYD SON STALL THWAITE TON WELL WICK WORTH YARD".split()
        self.surnames += [f"{a}{b}{c}" for a in parts for b in ("", "ER", "IN", "AS", "EN") for c in ends]
        self.men, self.women = FORENAMES_M, FORENAMES_F
        self.streets = [f"{a} {b}" for a in STREET_FIRST for b in STREET_LAST]
        self.sectors = [(name, sector) for name, sector, *_ in DISTRICTS]
        self.units = [a + b for a in ids.INWARD for b in ids.INWARD]

    def day(self, offset: int) -> str:
        return self.days[26_000 + offset]


def good_row(pools: Pools, r, i: int) -> list:
    """Twenty cells; `r` gives numbers from 0 to 1."""
    def pick(pool):
        return pool[int(r() * len(pool))]

    male = r() < 0.93
    forenames = pools.men if male else pools.women
    year, serial = 1985 + int(r() * 24), 1 + int(r() * 9_999_998)
    pnc = f"{year}/{serial:07d}{ids.LETTERS[int(f'{year % 100:02d}{serial:07d}') % 23]}" if r() < 0.85 else ""
    # The step shares no factor with the number of prison numbers, so that none is drawn twice.
    number = i * STEP % NUMBERS
    noms = f"{LETTERS[number % 21]}{number // 21 % 10_000:04d}{LETTERS[number // 210_000 % 21]}{LETTERS[number // 4_410_000]}"
    out = int(r() * 28)
    district, sector = pick(pools.sectors)
    forename, middle, surname = pick(forenames), pick(forenames) if r() < 0.5 else "", pick(pools.surnames)
    if r() < 0.6:
        forename, middle = forename.upper(), middle.upper()
    else:
        surname = surname.title()
    if r() < 0.1:
        forename = f"  {forename} "
    postcode = sector + pick(pools.units)
    if r() < 0.1:
        postcode = postcode.replace(" ", "").lower()
    address = f'"{1 + int(r() * 198)} {pick(pools.streets)}, {district}"'
    return [noms, pnc, f"{LETTERS[int(r() * 7)]}{i % 100_000:05d}", forename, middle, surname, pools.day(-6_700 - int(r() * 18_300)), "M" if male else "F",
            pick(ETHNICITIES), pick(PRISONS), pools.day(-60 - int(r() * 2_400)), pools.day(out), pick(KINDS), pools.day(out + 30 + int(r() * 870)),
            pools.day(out + 30 + int(r() * 870)) if r() < 0.8 else "", address, postcode, f'"{pick(pools.surnames).title()}, {forename.strip()[:1]}"', pick(RISKS),
            ("", "", "", "1", "2", "3")[int(r() * 6)]]


def spoil(row: list, r) -> None:
    """One fault in one cell."""
    kind = int(r() * 6)
    if kind == 0:
        row[6] = ("31/02/1980", "1980-02-03", "??", "29/02/1981")[int(r() * 4)]
    elif kind == 1:
        row[0] += "9"
    elif kind == 2:
        row[5] = " "
    elif kind == 3:
        row[12] = "XXX"
    elif kind == 4:
        row[16] = "NFA"
    else:
        row[1] = "2008/0000000Q"


def later(row: list, pools: Pools, r) -> list:
    """The row a day on: another release date or another address."""
    row = list(row)
    if r() < 0.7:
        row[11] = pools.day(1 + int(r() * 40))
    else:
        row[15] = f'"{1 + int(r() * 198)} {pools.streets[int(r() * len(pools.streets))]}, Leeds"'
    return row


def write(out: Path, rows: int, seed: int, second_night: bool):
    """Writes the feed, the cohort list that the peers read, and the cohort feed; both nights when asked."""
    pools, rng = Pools(random.Random(f"{seed}:bench-pools")), random.Random(f"{seed}:bench")
    change = random.Random(f"{seed}:bench-changes").random
    nights = [TODAY, TODAY + timedelta(days=1)] if second_night else [TODAY]
    for place in ("hmps", "wyp"):
        (out / place).mkdir(parents=True, exist_ok=True)
    feeds = [open(out / "hmps" / f"HMPS_BENCH_{n:%Y%m%d}.csv", "w", encoding="utf-8", newline="") for n in nights]
    cohort, batches = {}, [[COLUMNS] for _ in feeds]
    for i in range(rows):
        row = good_row(pools, rng.random, i)
        listed, clean = rng.random() < COHORT, row[0]
        if listed:
            cohort[clean] = (row[5], " ".join(f"{row[3]} {row[4]}".split()), row[6])
        if rng.random() < BAD:
            spoil(row, rng.random)
        batches[0].append(",".join(row))
        if second_night:
            batches[1].append(",".join(later(row, pools, change) if change() < 0.01 else row))
        if len(batches[0]) >= BATCH:
            flush(feeds, batches)
    flush(feeds, batches)
    for feed in feeds:
        feed.close()
    (out / "cohort.csv").write_text("noms_id\n" + "".join(f"{n}\n" for n in sorted(cohort)), encoding="utf-8", newline="\n")
    people = "".join(f"{n},{surname},{forename},{born},PPO,01/11/2008\n" for n, (surname, forename, born) in sorted(cohort.items()))
    for night in nights:
        path = out / "wyp" / f"WYP_BENCH_COHORT_{night:%Y%m%d}.csv"
        path.write_text("noms_id,surname,forename,dob,designation,from\n" + people, encoding="utf-8", newline="\n")


def flush(feeds, batches):
    for feed, batch in zip(feeds, batches):
        feed.write("\n".join(batch) + "\n" if batch else "")
        batch.clear()
