"""Feeds for every category, whether or not another feed brings it, made from the schema: one file for each partner, with a
column for every field of every category. So each line of the entitlement tables is tried, not only those with a feed.

Rows whose `covert` cell says `Y` are marked restricted.
"""
import csv
import datetime
import tomllib

from planted import NIGHTS, instant, iso
from invented import identifiers, tables

PARTNERS = "wyp lcc probation yos hmps g4s disc cri".split()
OWN = ("ref", "surname", "forenames", "aliases", "birth", "sex", "pnc", "cro", "category", "key", "covert", "status")
# Whoever names these is not their owner: such rows never leave.
STRANGE = {"lcc": "oasys_scores", "cri": "conviction_history"}
# Facts of the second night that a test restricts in the register before they arrive, or leaves out.
LATE = {"lcc": ["asb_complaint", "tenancy"], "g4s": ["tag_order_sentence", "tag_breach_sentence"], "probation": ["probation_breach", "oasys_scores"],
        "wyp": ["arrest"], "hmps": ["prison_release"]}
DAYS = datetime.timedelta


def read_schema(root):
    schema = {"fields": {}, "codes": {}, "owners": {}}
    for path in sorted((root / "schema").glob("*.toml")):
        for name, body in tomllib.loads(path.read_text("utf-8")).items():
            schema["fields"][name] = {f: s for f, s in body["fields"].items() if s["type"] != "file"}
    for path in (root / "schema/codes").glob("*.csv"):
        with open(path, newline="", encoding="utf-8") as lines:
            held = [row for row in csv.DictReader(lines) if (row["from"] or "0") <= "2008-11-17" and (row["until"] or "9") >= "2008-11-30"]
            schema["codes"][path.stem] = [row["code"] for row in held]
    for name, body in tomllib.loads((root / "agreement/categories.toml").read_text("utf-8")).items():
        schema["owners"][name] = list(body["clause"])
    return schema


def categories(schema, partner):
    """What a partner's file tells of: all that it shares, and what the gateway keeps for itself."""
    own = [c for c, owners in schema["owners"].items() if partner in owners and c != "person"]
    inside = {"hmps": ["custody_movement"], "disc": ["care_transfer", "caseload"], "cri": ["care_transfer", "caseload"], "yos": ["caseload"]}
    return own + inside.get(partner, []) + [c for p, c in STRANGE.items() if p == partner]


def write_mappings(folder, schema):
    for partner in PARTNERS:
        lines = ["[feed]", f'name = "{partner}-others"', f'partner = "{partner}"', 'title = "Whatever else"', 'kind = "events"', 'retention = "6 months"',
                 "[source]", f'place = "{partner}_others"', 'file = "OTHERS_{date}.csv"', 'format = "csv"', "[check]", 'empty = "accepted"', "[columns]"]
        lines += [f'{c} = "{c}"' for c in OWN]
        named = [(c, f, s) for c in categories(schema, partner) for f, s in schema["fields"][c].items()]
        lines += [f'{c}_{f} = {{ header = "{c}.{f}", required = false }}' for c, f, _ in named]
        lines += ["[identity]", 'key = ["ref"]', "[identity.person]", 'surname = "surname"', 'forenames = "forenames"', 'aliases = "aliases"',
                  'birth_date = { column = "birth", date = "yyyy-mm-dd" }', 'sex = "sex"', 'pnc_id = "pnc"',
                  # Each source has names of its own for everybody: one number alone would not do for anything to leave.
                  "[identity.evidence]", 'cro = "cro"']
        for category in categories(schema, partner):
            lines += ["[[record]]", f'category = "{category}"', 'key = ["ref", "key"]', f'when = [{{ column = "category", in = ["{category}"] }}]',
                      'cancelled = { column = "status", in = ["X"] }', 'restricted = { column = "covert", in = ["Y"] }', "[record.fields]"]
            for field, spec in schema["fields"][category].items():
                dated = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd"}.get(spec["type"])
                column = f"{category}_{field}"
                lines.append(f'{field} = {{ column = "{column}", date = "{dated}" }}' if dated else f'{field} = "{column}"')
        (folder / "mappings" / partner).mkdir(exist_ok=True)
        (folder / "mappings" / partner / "others.toml").write_text("\n".join(lines) + "\n", "utf-8")


def value(world, person, schema, category, field, spec):
    """A cell and its canonical text: a token where the type leaves room for one."""
    rng, kind = world.rng, spec["type"]
    if kind == "code":
        code = rng.choice(schema["codes"][spec["of"]])
        if category == "caseload" or category == "care_transfer":
            code = {"from_partner": "disc", "to_partner": "cri"}.get(field, code)
        return code, code
    if kind in ("date", "dob"):
        # Ends lie ahead, beginnings behind, more often than not.
        lean = 30 if any(w in field for w in ("end", "until", "expir", "left", "due")) else -30
        text = iso(world.night + DAYS(rng.choice([0, 1, -1, 28, 29, rng.randint(-60, 60) + lean, rng.randint(-20, 20) + lean])))
        return text, text
    if kind == "datetime":
        day, clock = world.night + DAYS(rng.randint(-200, 20)), f"{rng.randint(8, 22):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"
        return f"{day}T{clock}", instant(day, clock)
    if kind == "flag":
        text = rng.choice(["true", "false"])
        return text, text
    if kind in ("number", "money"):
        text = str(rng.randint(1, 9999))
        return text, text if kind == "number" else f"{text}.00"
    if kind == "postcode":
        text = world.postcode(person.id)
        return text.replace(" ", "").lower(), text
    if kind == "id" and spec["of"] == "pnc":
        world.count += 1
        text = world.mark(identifiers.pnc(1980, 700_000 + world.count), person.id)
        return text, text
    if kind == "text":
        text = f"{rng.choice(['=', '', '', '+'])}{world.word(person.id)}\n{world.word(person.id)}, \"{world.word(person.id)}\""
        return text.replace("\n", "\r\n"), text
    text = world.word(person.id, digit=kind == "id")
    return text, text


def record(world, person, partner, category, key, schema, row):
    """Fills the columns of one category; every field, or all but one."""
    fields = {}
    blank = world.rng.choice([None, None, *schema["fields"][category]])
    for field, spec in schema["fields"][category].items():
        if field == blank and category not in ("treatment_engagement", "cohort"):
            continue
        row[f"{category}.{field}"], fields[field] = value(world, person, schema, category, field, spec)
    world.tell(person.id, partner, category, ["others", person.id, key], fields, cancelled=row["status"] == "X", restricted=row["covert"] == "Y")


def told(world, person, partner, schema):
    """The rows of one partner about one person on a night."""
    if world.night == NIGHTS[0]:
        person.told = getattr(person, "told", {})
        person.told[partner] = (world.word(person.id, digit=True), *person.feed_names(world), world.word(person.id))
    ref, surname, forenames, alias = person.told[partner]
    base = {"ref": ref, "surname": surname, "forenames": forenames, "aliases": alias, "birth": iso(person.born), "sex": {"M": "male", "F": "female"}[person.sex],
            "pnc": person.pnc, "cro": person.cro}
    rows = []
    for category in categories(schema, partner):
        for n in range(2):
            if not world.chance(0.12 if world.night > NIGHTS[0] else 0.35):
                continue
            row = base | {"category": category, "key": f"{category}{n}", "covert": "Y" if world.chance(0.1) else "", "status": "X" if world.chance(0.07) else "N"}
            if (old := world.records.get((partner, category, "others", person.id, row["key"]))) is not None:
                row["covert"] = "Y" if old["restricted"] or (world.chance(0.2) and not world.steady) else ""
            if row["covert"]:
                row["surname"], row["forenames"] = person.feed_names(world)      # a cover name
            record(world, person, partner, category, row["key"], schema, row)
            rows.append(row)
    for category in LATE.get(partner, ()) if world.night > NIGHTS[0] and person.told[partner][0] in world.introduced else ():
        row = base | {"category": category, "key": "late", "covert": "", "status": "N"}
        record(world, person, partner, category, "late", schema, row)
        rows.append(row)
    if any(row["covert"] != "Y" for row in rows):
        world.introduced.add(ref)
    if rows and any(row["covert"] != "Y" for row in rows):
        world.tell(person.id, partner, "person", ["others", person.id], {"surname": surname, "forenames": forenames, "aliases": alias, "birth_date": iso(person.born),
                                                                       "sex": base["sex"], "pnc_id": person.pnc})
    return rows


def night_files(world, people, schema, leave_out):
    """`leave_out` says of a partner's row that it is not written."""
    out = []
    for partner in PARTNERS:
        columns = [*OWN, *(f"{c}.{f}" for c in categories(schema, partner) for f in schema["fields"][c])]
        rows = [row for n, person in enumerate(people) if (n + PARTNERS.index(partner)) % 4 or n < 4 for row in told(world, person, partner, schema)]
        rows = [row for row in rows if not leave_out(partner, row)]
        text = "\r\n".join([*tables.lines(columns, rows, ","), ""])
        out.append((f"{partner}_others", f"OTHERS_{world.night:%Y%m%d}.csv", text.encode("utf-8")))
    return out
