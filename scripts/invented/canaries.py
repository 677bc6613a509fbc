"""Lists for tests: words that must turn up nowhere but in a lawful bundle, and who is who."""
from . import asb, police_protection, police_records, youth

# What stands in free text, in the names of associates and in medical cells of the later feeds.
NOTES = ("canary-condition-note canary-plan-note canary-contact-note canary-incident canary-associate canary-probation-intel canary-adjudication canary-acct "
         "canary-sir-associate canary-sir canary-field-report canary-disc-plan-note canary-disc-diagnosis canary-disc-script canary-disc-test canary-disc-note "
         "canary-disc-advice canary-disc-summary canary-disc-associate canary-disc-intel canary-cri-plan-text canary-cri-diagnosis canary-cri-script canary-cri-test "
         "canary-cri-note canary-cri-advice canary-cri-summary canary-cri-associate canary-cri-intel canary-cri-other")


def text(world) -> str:
    """`kind,word`, sorted, each word once."""
    found = {("note", "canary-factor-note"), ("note", "canary-nature"), ("note", "Calling card left"), ("note", "not in my house")}
    found |= {("note", word) for module in (asb, police_protection, police_records, youth) for word in module.NOTES}
    found |= {("note", word) for word in NOTES.split()}
    for person in [*world.cast.values(), *world.crowd]:
        found.add(("surname", person.surname))
        found.add(("birth", person.birth.isoformat()))
        found.add(("birth", person.birth.strftime("%d/%m/%Y")))
        found.add(("address", person.home.lines[0]))
        numbers = {"pnc": person.pnc, "cro": person.cro, "prison_number": person.prison, "crn": person.crn, "em_subject": person.subject, "persref": person.persref,
                   "nino": person.nino, "nominal": person.nominal, "tenancy_ref": person.tenancy.get("tenref", ""), "booking": person.release.get("booking", "")}
        found |= {(kind, number) for kind, number in numbers.items() if number}
    return "kind,word\n" + "".join(f'{kind},"{word}"\n' if "," in word else f"{kind},{word}\n" for kind, word in sorted(found))


def truth(world) -> str:
    """Who is who: one line a person, with the key under which each agency knows them. What linking should find, where the rows allow it."""
    out = ["story,designation,wyp,hmps,probation,g4s,lcc"]
    people = [*world.cast.items(), *(("", person) for person in world.crowd)]
    for story, p in people:
        out.append(",".join([story, p.cohort[0].lower() if p.cohort else "", p.nominal, p.prison, p.crn, p.subject, p.persref]))
    return "\n".join(out) + "\n"
