"""The youth offending service: Asset assessments, plans, appointments and breaches, and what it learns."""
from datetime import date, timedelta
from xml.sax.saxutils import escape, quoteattr

from .people import Home, Person
from .rows import delimited, some
from .story import N17, N18, N19
from .tables import File, tally

PLANS = ["Young person/YOIS ref", "Young person/Surname", "Objective/No", "Objective/Need", "Objective/Review", "Objective/Progress", "Objective/Note", "Entry/State", "Entry/Worker"]
PLANS_HEAD = ["Young person", "", "Objective", "", "", "", "", "Entry", ""]
CONTACTS = ["No", "Change", "Type", "YOIS ref", "Surname", "Due", "Outcome", "Enforcement", "Breach started", "Ground", "Court date", "Breach status", "Worker", "Place", "Notes"]
INFO = ["Entry", "YOIS ref", "Surname", "Open to partners", "Heading", "Happened on", "Others present", "Place", "Account", "Struck out", "Worker", "Entered on"]
SECTIONS = ("Living", "Family", "ETE", "Neighbourhood", "Lifestyle", "Substance", "PhysicalHealth", "MentalHealth", "Perception", "Thinking", "Attitudes", "Motivation")
REFS = {"tyler": "YOT-2008-0317", "jordan": "YOT-2007-0112", "ellis": "YOT-2006-0240", "test": "YOT-2000-0000"}
# A young person of whom the police list knows nothing.
OUTSIDE = Person("THACKWRAY", "Reece", date(1993, 4, 2), home=Home(("6 Alder Fold", "Gipton", "Leeds"), "LS9 6ZQ"))
# Names, places and words of other people, which no bundle may hold.
NOTES = ("Marvin Eastbrook", "canary-asset-evidence", "canary-yos-note", "canary-contact", "Alder Fold garages", "canary-yos-intelligence", "canary-yos-silent", "Thackwray")


def young(world):
    """The crowd's young people on the list; the last of them has a closed file."""
    return [person for person, _, _ in some(world, "youth", 1.0, lambda p: p.nominal and p.age(N17) < 18)]


def ref(world, person) -> str:
    for key, number in REFS.items():
        if world.cast[key] is person:
            return number
    return "YOT-2008-0900" if person is OUTSIDE else f"YOT-2008-1{world.crowd.index(person):03d}"


def asset(stage="complete", day="2008-10-20", band="Medium", harm="Medium", total=36, **scores) -> dict:
    plain = dict.fromkeys(SECTIONS, "1") | {"ETE": "3", "Lifestyle": "4", "Substance": "2", "Thinking": "3", "Attitudes": "X"}
    return {"stage": stage, "scale": "2008", "day": day, "band": band, "harm": harm, "total": total, "sections": plain | scores}


def assets_story(world, night) -> list:
    cast, quiet = world.cast, young(world)
    first = [(cast["tyler"], asset(), "mapped"), (cast["jordan"], asset(day="2008-09-29", band="High", total=45, Attitudes="3", Living="2"), "mapped"),
             (cast["ellis"], asset(day="2008-07-14", band="High", total=41), "mapped"), (cast["tyler"], asset("started", ""), "skipped"), (OUTSIDE, asset(day="2008-11-03", band="Low", harm="Low", total=20), "mapped"), (cast["test"], asset(), "refused")]
    if quiet:
        first.append((quiet[-1], asset() | {"restricted": "yes"}, "refused"))
        first.append((quiet[-1], asset() | {"restricted": "yes", "scale": ""}, "refused"))
    second = [(cast["tyler"], asset(day="2008-11-17", band="High", harm="High", total=44, Living="3"), "mapped")]
    third = [(cast["jordan"], asset("void", day="2008-09-29", band="High", total=45, Attitudes="3", Living="2"), "mapped")]
    crowd = [(person, asset(day="2008-10-13", band="Low" if n % 2 else "Medium", harm="Low", total=24 + n % 2), "mapped") for n, person in enumerate(quiet[:-1]) if n % 3 == world.index(night)]
    return {N17: first, N18: second, N19: third}.get(night, []) + crowd


def assets(world, night) -> File:
    body = []
    found = assets_story(world, night)
    for person, told, _ in found:
        head = {"YOISRef": ref(world, person), "PNC": person.pnc or "UNKNOWN", "Forenames": person.forenames, "Surname": person.surname.title(), "AlsoKnownAs": "; ".join(person.aliases),
                "DateOfBirth": str(person.birth), "Gender": {"M": "Male", "F": "Female"}[person.sex], "Postcode": person.home.postcode, "Ethnicity": person.ethnicity, "School": ""}
        head = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in head.items())
        sections = "".join(f"<{name}>{score}</{name}>" for name, score in told["sections"].items())
        evidence = "Stays out with Marvin Eastbrook (canary-asset-evidence)"
        body.append(f'  <YoungPerson restricted="{told.get("restricted", "no")}">{head}\n    <Asset id="{len(body) + 1}" stage={quoteattr(told["stage"])} scale="{told["scale"]}">'
                    f'<Completed>{told["day"]}</Completed><Score><Dynamic>{told["total"] - 9}</Dynamic><Static>9</Static><Total>{told["total"]}</Total><Band>{told["band"]}</Band></Score>'
                    f'<RoSH><Level>{told["harm"]}</Level></RoSH><Sections>{sections}<Evidence>{evidence}</Evidence></Sections></Asset>\n  </YoungPerson>\n')
    data = f'<?xml version="1.0" encoding="UTF-8"?>\n<YOIS area="13YB" printed="{night}">\n{"".join(body)}</YOIS>\n'.encode("utf-8")
    return File("yos", "yos-assets", f"YOIS_ASSETS_{night:%Y%m%d}.xml", data, tally(o for *_, o in found))


def plans(world, night) -> File:
    later, last = night >= N18, night >= N19
    row = lambda number, need, review, progress, state="live": {"Objective/No": number, "Objective/Need": need, "Objective/Review": review, "Objective/Progress": progress,
                                                               "Objective/Note": "Goes with Marvin Eastbrook (canary-yos-note)", "Entry/State": state, "Entry/Worker": "TB"}
    cast = world.cast
    found = [(cast["tyler"], row("1", "Substance use", "02.02.2009" if later else "19.01.2009", "I"), "mapped"), (cast["tyler"], row("2", "ETE", "19.01.2009", "P", "deleted" if last else "live"), "mapped"),
             (cast["jordan"], row("1", "Thinking", "12.12.2008", "I"), "mapped"), (OUTSIDE, row("1", "Reparation", "12.12.2008", "A"), "mapped"),
             (cast["jordan"], row("2", "Gaming", "12.12.2008", "A"), "refused"), (cast["test"], row("1", "ETE", "", "A"), "refused")]
    found += [(person, row("1", "ETE", "15.12.2008", "A"), "mapped") for person in young(world)[:-1]]
    rows = [({"Young person/YOIS ref": ref(world, person), "Young person/Surname": person.surname.title()} | told, outcome) for person, told, outcome in found]
    return delimited(night, "yos", "yos-plans", "YOIS_PLANS", PLANS, rows, "\t", "cp1252", "txt", upper=PLANS_HEAD)


def contacts(world, night) -> File:
    def contact(number, due, outcome, stage="None", change="+", kind="CONTACT"):
        return {"No": number, "Change": change, "Type": kind, "Due": due, "Outcome": outcome, "Enforcement": stage, "Worker": "TB", "Place": "Office", "Notes": "Late again (canary-contact)"}

    def breach(number, started, ground, court, status, change="+"):
        return {"No": number, "Change": change, "Type": "BREACH", "Breach started": started, "Ground": ground, "Court date": court, "Breach status": status, "Notes": "canary-contact"}

    laid = ("88122", "17/11/2008", "Appointments", "28/11/2008")
    first = [("tyler", contact("88121", "14/11/2008 16:30", "Missed", "Final warning"), "mapped"), ("tyler", breach(*laid, "Proposed"), "mapped"),
             ("jordan", contact("88130", "13/11/2008 10:00", "Kept"), "mapped"), ("jordan", breach("88131", "03/11/2008", "Lost touch", "24/11/2008", "Listed"), "mapped"),
             ("tyler", contact("88123", "12/11/2008 14:00", "Kept", kind="HEALTH"), "skipped"), ("outside", contact("88140", "14/11/2008 12:00", "Missed", "Warning 1"), "mapped"),
             ("jordan", contact("88132", "14/11/2008", "Kept"), "refused"), ("test", contact("80000", "14/11/2008 12:00", "Kept"), "refused")]
    second = [("tyler", contact("88121", "14/11/2008 16:30", "Missed, accepted", "Withdrawn", "*"), "mapped"), ("tyler", breach(*laid, "Laid", "*"), "mapped"),
              ("tyler", contact("88150", "18/11/2008 09:30", "Kept"), "mapped")]
    third = [("tyler", breach(*laid, "Laid", "-"), "mapped"), ("jordan", contact("88130", "13/11/2008 10:00", "Kept", change="-"), "mapped")]
    found = []
    for key, told, outcome in {N17: first, N18: second, N19: third}.get(night, []):
        person = OUTSIDE if key == "outside" else world.cast[key]
        found.append(({"YOIS ref": ref(world, person), "Surname": person.surname.title()} | told, outcome))
    for n, person in enumerate(young(world)[:-1]):
        due = night + timedelta(days=n % 5 - 3)
        found.append(({"YOIS ref": ref(world, person), "Surname": person.surname.title()} | contact(f"9{world.index(night)}{n:03d}", f"{due:%d/%m/%Y} 15:00", "Not yet" if due > night else "Kept"), "mapped"))
    return delimited(night, "yos", "yos-contacts", "YOIS_CONTACTS", CONTACTS, found, ";", "cp1252", trailer="EOF")


def info(world, night) -> File:
    row = lambda entry, heading, day="2008-11-13", **more: {"Entry": entry, "Open to partners": "yes", "Heading": heading, "Happened on": day, "Others present": "Marvin Eastbrook",
                                                           "Place": "Alder Fold garages", "Account": "Seen together, =late (canary-yos-intelligence)", "Struck out": "no", "Worker": "TB"} | more
    first = [("tyler", row("I-551", "Associates"), "mapped"), ("tyler", row("I-552", "Welfare", **{"Open to partners": "", "Account": "canary-yos-silent"}), "mapped"),
             ("outside", row("I-553", "Drugs"), "mapped"), ("jordan", row("I-554", "Weapons", "2008-11-31"), "refused"), ("ellis", row("I-540", "Associates", "2008-11-04"), "mapped"), ("test", row("I-000", "Drugs"), "refused")]
    second = [("tyler", row("I-551", "Associates", "2008-11-12"), "mapped")]
    third = [("tyler", row("I-551", "Associates", "2008-11-12", **{"Struck out": "yes"}), "mapped")]
    found = []
    for key, told, outcome in {N17: first, N18: second, N19: third}.get(night, []):
        person = OUTSIDE if key == "outside" else world.cast[key]
        found.append(({"YOIS ref": ref(world, person), "Surname": person.surname.title(), "Entered on": "2008-11-14"} | told, outcome))
    return delimited(night, "yos", "yos-intelligence", "YOIS_INFO", INFO, found)


def write(world, night) -> list:
    return [assets(world, night), plans(world, night), contacts(world, night), info(world, night)]
