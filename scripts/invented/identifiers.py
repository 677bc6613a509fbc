"""Identifiers with correct check letters, for people who do not exist."""
import random

LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"  # I, O and S are never used
INWARD = "ABDEFGHJLNPQRSTUWXYZ"      # letters that may stand in the second half of a postcode


def check_letter(digits: str) -> str:
    """The letter that closes a PNC or CRO number: the digits as one number, modulo 23."""
    return LETTERS[int(digits) % 23]


def pnc(year: int, serial: int) -> str:
    """`YYYY/NNNNNNNX`."""
    return f"{year}/{serial:07d}{check_letter(f'{year % 100:02d}{serial:07d}')}"


def wrong_letter(number: str) -> str:
    """The same number with a letter that cannot be right."""
    return number[:-1] + LETTERS[(LETTERS.index(number[-1]) + 5) % 23]


def cro(serial: int, year: int) -> str:
    """`NNNNNN/YYX`."""
    return f"{serial:06d}/{year % 100:02d}{check_letter(f'{year % 100:02d}{serial:06d}')}"


def small_file_cro(year: int, serial: int) -> str:
    """`SFYY/NNNX`: the serial of a small file is not padded."""
    return f"SF{year % 100:02d}/{serial}{check_letter(f'{year % 100:02d}{serial}')}"


def prison_number(rng: random.Random) -> str:
    """Letter, four digits, two letters."""
    return f"{rng.choice('ABCDEF')}{rng.randrange(1000, 9999)}{rng.choice('ABCDEFGHJK')}{rng.choice('ABCDEFGHJKLM')}"


def booking(rng: random.Random) -> str:
    """A booking number: new at each reception."""
    return f"{rng.choice('TVX')}{rng.randrange(10000, 99999)}"


def nino(rng: random.Random) -> str:
    """A National Insurance number with letters that may stand where they stand."""
    return f"{rng.choice('ABCEGHJKLMNPRSTWXYZ')}{rng.choice('ABCEGHJKLMNPRSTWXYZ')}{rng.randrange(100000, 999999)}{rng.choice('ABCD')}"


def nino_allowed(number: str) -> bool:
    """False for prefixes that are never issued."""
    return number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def unit_postcode(rng: random.Random, sector: str) -> str:
    """A postcode in a real sector; `Z` as first inward letter is all but unused."""
    return f"{sector}Z{rng.choice(INWARD)}"
