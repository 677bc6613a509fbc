#!/usr/bin/env python3
"""Looks for planted words where none may stand: search.py FOLDER.

Everything that the program said (`said/`), every name under `state/`, and the plain bytes of every file there outside
the bundles. Bundles are `compare.py`'s business.
"""
import json
import sys
from pathlib import Path

import compare


def readings(raw):
    """The bytes as one-byte text, and without zeros, as UTF-16 text would be."""
    yield raw.decode("latin-1")
    yield raw.replace(b"\0", b"").decode("latin-1")


def main():
    folder = Path(sys.argv[1])
    tokens = json.loads((folder / "planted.json").read_text("utf-8"))["tokens"]
    said = [p for p in (folder / "said").iterdir() if p.is_file()]
    state = list((folder / "state").rglob("*"))
    inside = [p for p in state if p.is_file() and not {"bundles", "staging"} & set(p.relative_to(folder / "state").parts)]
    found = [(path.relative_to(folder), words) for path in [*said, *inside]
             if (words := set().union(*(compare.words_in(text, tokens) for text in readings(path.read_bytes()))))]
    found += [("a name under state", words) for path in state if (words := compare.words_in(str(path.relative_to(folder)), tokens))]
    for place, words in found:
        print(f"{place}: {len(words)} planted words, the first of {tokens[min(words)]}")
    print(json.dumps({"said": len(said), "bytes said": sum(p.stat().st_size for p in said), "files": len(inside)}))
    sys.exit(bool(found) or not said or not inside)


if __name__ == "__main__":
    main()
