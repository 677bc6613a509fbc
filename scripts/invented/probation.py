"""The probation area's OASys extract: XML, one `Assessment` element for each assessment."""
from xml.sax.saxutils import escape, quoteattr

from .story import assessments
from .tables import File, tally

CODES = {"Children": "SUM6.1.1", "Public": "SUM6.2.1", "KnownAdult": "SUM6.3.1", "Staff": "SUM6.4.1", "Prisoners": "SUM6.5.2"}
NEEDS = ("acc", "eTE", "lifestyle", "drug", "alcohol", "emo")
LEVELS = ("Low", "Medium", "High", "Very High")
# Words that occur nowhere else: a test looks for them wherever they must not be.
NOTE = "Owes money to an uncle.\r\n\r\nSays he \u201cwill not go back\u201d (canary-factor-note)."
NATURE = "Threats and possible violence towards a former partner (canary-nature)."
WHO = "Former partner"


def band(score: int) -> str:
    """The bands of OGRS3: 50, 75 and 90 per cent."""
    return LEVELS[(score >= 50) + (score >= 75) + (score >= 90)]


def crowd(person, night, world) -> dict:
    facts = person.assessment
    if facts["offset"] != world.index(night):
        return {}
    highest = max(LEVELS.index(v) for v in [*facts["groups"].values(), facts["harm"]])
    return {"pk": facts["pk"], "completed": f"{facts['done']}T{facts['clock']}", "lao": "true" if facts["lao"] else "false",
            "pnc": "UNKNOWN PNC" if facts["pnc"] < 0.35 else person.pnc, "ogrs2": str(facts["ogrs2"]), "band": band(facts["ogrs2"]), "overall": LEVELS[highest],
            "groups": facts["groups"], "needs": facts["needs"], "answers": facts["answers"], "plan": facts["plan"], "dates": facts["sentence"] < 0.3}


def named(differences: dict) -> dict:
    """A story row with everything that it does not say filled in."""
    groups = {g: "Low" for g in CODES}
    groups |= {"Public": differences.get("public", "Medium"), "Children": differences.get("children", "Low"), "KnownAdult": differences.get("known_adult", "Low")}
    row = {"status": "COMPLETE", "completed": "2008-10-21T10:12:44", "lao": "false", "ogrs2": "63", "band": "Medium", "groups": groups,
           "overall": LEVELS[max(LEVELS.index(v) for v in groups.values())], "needs": dict.fromkeys(NEEDS, "No") | {"drug": "Yes", "acc": "Yes"},
           "answers": {"11": "2-Significant problems", "12": "1-Some problems"}, "plan": "8", "dates": False}
    return row | differences


def rows(world, night) -> list:
    out = [(world.cast[key], named(differences), outcome) for key, differences, outcome in assessments(world.cast, night)]
    for person in world.crowd:
        if person.crn and (facts := crowd(person, night, world)):
            out.append((person, {"status": "COMPLETE"} | facts, "refused" if facts["lao"] == "true" else "mapped"))
            if person.assessment["pnc"] > 0.9:
                later = {"status": "LOCKED_INCOMPLETE", "pk": str(int(facts["pk"]) + 50_000), "completed": ""}
                out.append((person, {"status": "COMPLETE"} | facts | later, "refused" if facts["lao"] == "true" else "skipped"))
    return out


def element(name: str, text: str, **attributes) -> str:
    marks = "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items())
    return f"<{name}{marks}>{escape(text)}</{name}>" if text else f"<{name}{marks}/>"


def assessment(person, row: dict) -> str:
    """One `Assessment` element."""
    risks = "".join(element(f"risk{group}Community", level, code=CODES[group]) for group, level in row["groups"].items())
    raised = any(level in ("High", "Very High") for level in row["groups"].values())
    needs = "".join(element(f"{need}LinkedToReoffending", row["needs"][need]) for need in NEEDS)
    note = element("issuesDetails", NOTE if row["needs"]["acc"] == "Yes" else "")
    answers = "".join(f"<Section{number}>{element('overallAnswer', answer)}</Section{number}>" for number, answer in row["answers"].items())
    plan = element("mainObjective", row["plan"], number="1") + element("reviewDate", "2009-02-16" if row["plan"] else "")
    dates = ("2008-12-01", "2008-11-28", "2009-12-01", "2010-06-01") if row["dates"] else ("", "", "", "")
    sentence = "".join(element(n, d) for n, d in zip(("earliestRelease", "hdcEligibility", "licenceExpiry", "sentenceExpiry"), dates))
    return (f'   <Assessment assessmentPk="{row["pk"]}" assessmentType="LAYER3" assessmentVersion="1">\n'
            f"    {element('assessmentStatus', row['status'])}{element('initiationDate', '2008-10-01T09:00:00')}{element('dateCompleted', row['completed'])}\n"
            f"    <Predictors><OGRS>{element('ogrs31Year', str(int(row['ogrs2']) * 2 // 3))}{element('ogrs32Year', row['ogrs2'])}{element('ogrs3RiskRecon', row['band'])}</OGRS></Predictors>\n"
            f"    <RoSH>{element('overallRisk', row['overall'])}{risks}{element('whoAtRisk', WHO if raised else '')}{element('natureOfRisk', NATURE if raised else '')}"
            f"{element('riskImminence', 'If drinking' if raised else '')}</RoSH>\n"
            f"    <Needs>{needs}{note}</Needs>\n    <Sections>{answers}</Sections>\n    <SentencePlan>{plan}</SentencePlan>\n    <Sentence>{sentence}</Sentence>\n   </Assessment>\n")


def offender(person, group: list) -> str:
    """One `Offender` with all assessments; what identifies the person stands first."""
    first = group[0]
    lao = "" if first["lao"] is None else f' limitedAccessOffender="{first["lao"]}"'
    own = {"probNumber": person.crn, "prisNumber": first.get("prison", person.prison), "pnc": first.get("pnc", person.pnc), "forename": person.forenames,
           "familyName": first.get("surname", person.surname.title() if "'" not in person.surname else person.surname), "dateOfBirth": person.birth.isoformat(),
           "gender": "1" if person.sex == "M" else "2", "custodyInd": "N"}
    head = "".join(element(name, text) for name, text in own.items())
    return f"  <Offender{lao}>\n   {head}\n{''.join(assessment(person, row) for row in group)}  </Offender>\n"


def write(world, night) -> File:
    found, groups = rows(world, night), {}
    for person, row, _ in found:
        groups.setdefault(person.crn, (person, []))[1].append(row)
    body = "".join(offender(person, group) for person, group in groups.values())
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<OASysExtract source="OASys" area="YSW" extracted="{night}T02:10:00">\n{body}</OASysExtract>\n'
    return File("probation", "probation-oasys", f"OASYS_EXTRACT_{night:%Y%m%d}.xml", text.encode("utf-8"), tally(o for _, _, o in found))
