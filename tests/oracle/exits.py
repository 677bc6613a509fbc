#!/usr/bin/env python3
"""What previews of a planted deployment show: exits.py FOLDER.

`previews/` holds what the program showed, as JSON, text and page. A preview shows its operator the partner's own row; what it says
that a recipient would get may hold the words of that recipient's lawful cells alone, and what stays, none.
"""
import datetime
import html
import json
import re
import sys
from pathlib import Path

import compare
import oracle

ROW = re.compile(r'<tr><th scope="row">(\w+)</th><td>(.*?)</td><td>(.*?)</td></tr>')


def from_json(text):
    for row in json.loads(text):
        for one in row["recipients"]:
            yield one["recipient"], json.dumps(one["leaves"], ensure_ascii=False), json.dumps(one["stays"], ensure_ascii=False)


def from_text(text):
    """`wyp: gets`, then what leaves, indented; a line of what stays begins with `not`."""
    who = None
    for line in text.splitlines():
        if begins := re.fullmatch(r"(\w+): gets( nothing of it)?", line):
            who = begins[1]
        elif not line.startswith("  "):
            who = None
        elif who and line.startswith("  not "):
            yield who, "", line
        elif who:
            yield who, line, ""


def from_page(text):
    """The rows of the tables with a column for what leaves; the partner's own row has two columns."""
    for who, leaves, stays in ROW.findall(text):
        yield who, html.unescape(leaves), html.unescape(stays)


def main():
    folder = Path(sys.argv[1])
    agreement = oracle.load(folder)
    planted = json.loads((folder / "planted.json").read_text("utf-8"))
    tokens, night = planted["tokens"], planted["nights"][1]
    today = datetime.date.fromisoformat(night["as_of"])
    lawful = {}
    for who in agreement["partners"]:
        rows = oracle.expected(agreement, night["records"], who, today).values()
        lawful[who] = set().union(*(compare.words_in(cell, tokens) for row in rows for cell in row["cells"].values()))
    faults, seen = [], {}
    for path in sorted((folder / "previews").iterdir()):
        text = path.read_text("utf-8")
        reader = {".json": from_json, ".txt": from_text, ".html": from_page}[path.suffix]
        count = seen.setdefault(path.suffix, {"shown": 0, "leaves": 0, "recipients": set()})
        count["shown"] += len(compare.words_in(html.unescape(text), tokens))
        for who, leaves, stays in reader(text):
            words = compare.words_in(leaves, tokens)
            count["leaves"] += len(words)
            count["recipients"] |= {who} if words else set()
            for word in (words - lawful[who]) | compare.words_in(stays, tokens):
                faults.append(f"{path.name}: {who} is shown a word of {tokens[word]}, which it may not have")
    for suffix, count in seen.items():
        # A reader that finds nothing would find no fault.
        if count["leaves"] < 100 or count["shown"] <= count["leaves"] // len(agreement["partners"]) or len(count["recipients"]) < 5:
            faults.append(f"{suffix}: too little is read of the previews: {count}")
    print("\n".join(faults[:20]) or {k: (v["shown"], v["leaves"], len(v["recipients"])) for k, v in seen.items()})
    sys.exit(bool(faults) or len(seen) != 3)


if __name__ == "__main__":
    main()
