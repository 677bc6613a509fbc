"""The police list of designated offenders: UTF-16 with a byte order mark, tabs."""
from .story import designations, uk
from .tables import File, lines, tally

COLUMNS = ["Nominal", "PNC", "CRO", "Prison number", "Surname", "Forenames", "Aliases", "DOB", "Sex", "Postcode", "Designation", "From", "Until", "Division", "Officer in case"]


def row(person, until) -> dict:
    word, begin, end = person.cohort
    until = until or end
    return {"Nominal": person.nominal, "PNC": person.pnc, "CRO": person.cro, "Prison number": person.prison, "Surname": person.surname, "Forenames": person.forenames,
            "Aliases": "; ".join(person.aliases), "DOB": uk(person.birth), "Sex": person.sex, "Postcode": person.home.postcode, "Designation": word, "From": uk(begin),
            "Until": uk(until) if until else "", "Division": {"EAST": "North East Leeds", "SOUTH": "City & Holbeck", "WEST": "North West Leeds"}[person.home.office],
            "Officer in case": ""}


def rows(world, night) -> list:
    out = [(row(world.cast[key], until), "mapped") for key, until in designations(world.cast, night)]
    out += [(row(person, None), "mapped") for person in world.crowd if person.cohort and person.cohort[1] <= night]
    out.append((row(world.cast["connor"], None) | {"Nominal": "LDS000000", "Surname": "ZZTEST", "Forenames": "Test", "PNC": "", "CRO": "", "Prison number": ""}, "refused"))
    return sorted(out, key=lambda pair: pair[0]["Nominal"])


def write(world, night) -> File:
    found = rows(world, night)
    text = "\r\n".join([*lines(COLUMNS, [r for r, _ in found], "\t"), ""])
    return File("wyp", "wyp-cohort", f"IOM_COHORT_{night:%Y%m%d}.txt", b"\xff\xfe" + text.encode("utf-16-le"), tally(o for _, o in found))
