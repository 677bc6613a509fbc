#!/usr/bin/env python3
"""Makes a deployment whose feeds are full of words that occur nowhere else: plant.py FOLDER [--seed N].

Beside the deployment stands `planted.json`: the tokens with the person they belong to, and for each night the records
that the feeds mean. `oracle.py` reads it, the product does not.
"""
import argparse
import json
import re
import shutil
from pathlib import Path

import feeds
import later
import others
import partners
import planted


def deployment(folder):
    """The repository's own deployment, with places of its own."""
    for name in ("schema", "agreement", "mappings", "calendar"):
        shutil.copytree(planted.ROOT / name, folder / name)
    (folder / "fixtures").mkdir()
    shutil.copytree(planted.ROOT / "fixtures/keys", folder / "fixtures/keys")
    settings = (planted.ROOT / "lockgate.toml").read_text("utf-8")
    settings = re.sub(r'folder = "fixtures/(\w+)"', r'folder = "in/\1"', settings)
    # What is in the bundles is what is looked at here, and not how they are sealed.
    settings = settings.replace("[bundles]\n", "[bundles]\nplain = true\n")
    for partner in others.PARTNERS:
        settings += f'\n[place.{partner}_others]\nfolder = "in/{partner}_others"\nsettle_ms = 0\n'
        (folder / "in" / f"{partner}_others").mkdir(parents=True)
    (folder / "lockgate.toml").write_text(settings, "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=2008)
    parser.add_argument("--steady", action="store_true", help="no record that was open is marked restricted later")
    parser.add_argument("--without-restricted", metavar="PARTNER", help="leave the rows of one partner that are marked restricted out of its files")
    parser.add_argument("--without-late", action="store_true", help="leave the late rows of the second night out of the files")
    args = parser.parse_args()
    deployment(args.folder)
    world = planted.World(args.seed)
    world.steady = args.steady
    leave_out = lambda partner, row: (args.without_restricted == partner and row["covert"] == "Y") or (args.without_late and row["key"] == "late")
    people = planted.people(world)
    schema = others.read_schema(planted.ROOT)
    others.write_mappings(args.folder, schema)
    nights = []
    for night in planted.NIGHTS:
        world.night = night
        files = feeds.night_files(world, people) + partners.night_files(world, people) + later.night_files(world, people)
        files += others.night_files(world, people, schema, leave_out)
        for place, name, data in files:
            target = args.folder / "in" / place
            target.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)
        nights.append({"as_of": night.isoformat(), "records": [dict(r) for r in world.state()]})
    out = {"people": [p.id for p in people], "tokens": world.tokens, "nights": nights,
           "keys": {p.id: {"wyp-cohort": p.nominal, "probation-oasys": p.crn, "hmps-releases": p.prison_number} for p in people}}
    (args.folder / "planted.json").write_text(json.dumps(out, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
