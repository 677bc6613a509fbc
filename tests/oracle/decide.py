#!/usr/bin/env python3
"""An independent reading of the agreement: may this record go to this recipient, and what of it?

Reads the deployment's files (but for what the case brings along) and decides without a look at the program. One JSON object a line on
standard input: first `{"entitlements": {recipient: toml}, "dissemination": toml, "classes": {partner: class}}` for a new agreement, then
`{"as_of", "record", "restrictions", "authorities", "suspended", "facts": {recipient: {"cohort", "holds"}}}` for each record. One line of
answers for each record: recipient -> null, or clause, purpose, handling and cells. What the named conditions say is given as facts.
"""
import csv
import datetime
import json
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Coarser to the right; where two meet, the later counts.
ORDER = ["date", "month", "year", "age", "age_band", "sector", "district", "area", "town", "initials", "presence", "count", "group"]
NEVER = {"text", "person", "file"}


def toml(path):
    return tomllib.loads((ROOT / path).read_text("utf-8"))


def read_codes():
    out = {}
    for path in (ROOT / "schema/codes").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            out[path.stem] = list(csv.DictReader(lines))
    return out


SCHEMA = {name: body for path in (ROOT / "schema").glob("*.toml") for name, body in tomllib.loads(path.read_text("utf-8")).items()}
CODES = read_codes()
CATEGORIES = toml("agreement/categories.toml")
HANDLING = toml("agreement/handling.toml")["handling"]
HEAD = toml("agreement/agreement.toml")["agreement"]
NOMINEES = toml("agreement/nominees.toml").get("nominee", [])


class Unreducible(Exception):
    """A value that cannot be reduced: its row stays."""


def within(day, first, last):
    return first <= day and (last is None or day <= last)


def in_force(day):
    return within(day, HEAD["in_force"], HEAD.get("until"))


def nominated(who, day):
    return any(n["partner"] == who and within(day, n["from"], n.get("until")) for n in NOMINEES)


def names(restriction, who):
    return restriction["recipients"] == "all" or who in restriction["recipients"]


def covering(case, who):
    """The restrictions that cover the record for a recipient today. An end before the beginning is no end."""
    for one in case["restrictions"]:
        until = one["until"] if one["until"] and one["until"] >= one["from"] else None
        if one["covers"] and names(one, who) and within(case["as_of"], one["from"], until):
            yield one


def standing_authorities(case, who, kind):
    record = case["record"]
    for one in case["authorities"]:
        if (
            one["kind"] == kind and one["covers"] and who in one["recipients"]
            and one["granted_by"] == record["originator"] and one["ground"].strip() and one["reference"].strip()
            and one["from"] <= case["as_of"] <= one["until"]
        ):
            yield one


def release(agreement, case, who, handling):
    """`free`, `authority` or `never` by the dissemination code; None where the category has no such field."""
    graded = handling.get("graded_by")
    if graded is None or graded not in SCHEMA[case["record"]["category"]]["fields"]:
        return None, False
    rule = agreement["codes"].get(case["record"]["fields"].get(graded))
    if rule is None:
        return "never", False
    mine = agreement["classes"][who]
    carries = rule.get("carry_conditions", False)
    if mine in rule.get("classes", []):
        return "free", carries
    return ("authority" if mine in rule.get("on_authority", []) else "never"), carries


def asked(kinds_all, kinds_any, has):
    return all(has(k) for k in kinds_all) and (not kinds_any or any(has(k) for k in kinds_any))


def opened_whole(agreement, case, who, grant, handling, field):
    ceiling = grant.get("on_authority")
    if ceiling is None or field not in ceiling["fields"]:
        return False

    def has(kind):
        if kind == "nim" and release(agreement, case, who, handling)[0] == "free":
            return True
        # A review of text counts for what was read, as long as it is the same text.
        read = lambda one: kind != "text_review" or field in one["read"]
        return any(field in one["fields"] and read(one) for one in standing_authorities(case, who, kind))

    return asked(ceiling.get("all", []), ceiling.get("any", []), has) and asked(
        handling.get("needs_all", []), handling.get("needs_any", []), has
    )


def how(agreement, case, who, grant, handling, field, kind):
    """None when the field stays; else `whole` or a reduction."""
    if opened_whole(agreement, case, who, grant, handling, field):
        got = "whole"
    elif not handling["standing"] or kind in NEVER:
        return None
    elif field in grant.get("fields", []):
        got = "whole"
    elif field in grant.get("reduce", {}):
        got = grant["reduce"][field]
    else:
        return None
    steps = [got] if got != "whole" else []
    steps += [one["reduce"][field] for one in covering(case, who) if field in (one["reduce"] or {})]
    return max(steps, key=ORDER.index) if steps else "whole"


def years(birth, day):
    born = datetime.date.fromisoformat(birth[:10])
    today = datetime.date.fromisoformat(day)
    if born > today:
        raise Unreducible
    # Born on 29 February: a year older on 1 March where there is no such day.
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def band(age):
    for last, word in ((17, "<18"), (20, "18-20"), (24, "21-24"), (34, "25-34"), (49, "35-49")):
        if age <= last:
            return word
    return "50+"


def postcode(value):
    found = re.fullmatch(r"([A-Z0-9]{2,4}) ([0-9])[A-Z0-9]{2}", value)
    if not found:
        raise Unreducible
    return found.groups()


def group(category, field, value, day):
    rows = [r for r in CODES[SCHEMA[category]["fields"][field]["of"]] if r["code"] == value]
    now = [r for r in rows if (not r["from"] or r["from"] <= day) and (not r["until"] or day <= r["until"])]
    for row in now or rows:
        if row["group"]:
            return row["group"]
        break
    raise Unreducible


def reduced(category, field, value, way, as_of, record_day):
    if way in ("date", "month", "year"):
        return value[: {"date": 10, "month": 7, "year": 4}[way]]
    if way == "age":
        return str(years(value, as_of))
    if way == "age_band":
        return band(years(value, as_of))
    if way == "sector":
        return " ".join(postcode(value))
    if way == "district":
        return postcode(value)[0]
    if way == "area":
        letters = re.match(r"[A-Z]+", postcode(value)[0])
        if not letters:
            raise Unreducible
        return letters.group()
    if way == "town":
        parts = [p.strip() for p in value.split(",")]
        if len(parts) < 2 or not ",".join(parts[:-1]).strip() or not parts[-1] or re.search(r"\d", parts[-1]):
            raise Unreducible
        return parts[-1]
    if way == "initials":
        lists = ["".join(re.search(r"[^\W\d_]", w).group().upper() for w in n.split() if re.search(r"[^\W\d_]", w)) for n in value.split(";")]
        if not any(lists):
            raise Unreducible
        return "; ".join(l for l in lists if l)
    if way == "presence":
        return "true"
    if way == "group":
        return group(category, field, value, record_day)
    raise Unreducible


def decide(agreement, case, who):
    record, day = case["record"], case["as_of"]
    category, originator = record["category"], record["originator"]
    facts = case["facts"][who]
    rule, grant = CATEGORIES.get(category), agreement["grants"][who].get(category)
    silent = record["restricted"] or any(one["silent"] for one in covering(case, who))
    if silent or record["cancelled"] or originator == who or rule is None or grant is None:
        return None
    if not in_force(day) or not nominated(who, day) or who in case["suspended"] or not facts["cohort"]:
        return None
    clause = rule["clause"].get(originator)
    if clause is None or clause not in grant["clause"] or not all(c in facts["holds"] for c in grant.get("when", [])):
        return None
    handling = HANDLING[rule["handling"]]
    code, carries = release(agreement, case, who, handling)
    nim = list(standing_authorities(case, who, "nim"))
    if code == "never" or (code == "authority" and not nim):
        return None
    mark = rule["handling"]
    if carries:
        stated = [one["conditions"].strip() for one in nim if (one["conditions"] or "").strip()]
        if not stated:
            return None
        mark = f"{mark}; {stated[0]}"
    cells = {}
    try:
        for field, form in SCHEMA[category]["fields"].items():
            way = how(agreement, case, who, grant, handling, field, form["type"])
            value = record["fields"].get(field)
            if way is None:
                continue
            if way == "count":
                cells[field] = {"count": value is not None and (form["type"] != "flag" or value == "true")}
            elif value is None or way == "whole":
                cells[field] = value
            else:
                cells[field] = reduced(category, field, value, way, day, record["as_of"])
    except Unreducible:
        return None
    if not any(isinstance(v, str) for v in cells.values()):
        return None
    return {"clause": clause, "purpose": ";".join(grant["purposes"]), "handling": mark, "cells": cells}


def main():
    agreement = None
    for line in sys.stdin:
        case = json.loads(line)
        if "entitlements" in case:
            codes = tomllib.loads(case["dissemination"])["dissemination"]
            agreement = {
                "grants": {who: tomllib.loads(text) for who, text in case["entitlements"].items()},
                "codes": {code: rule for scheme in codes.values() for code, rule in scheme.items()},
                "classes": case["classes"],
            }
            continue
        answers = {who: decide(agreement, case, who) for who in case["facts"]}
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
