#!/usr/bin/env python3
"""A first night of several large feeds with its store on a PostgreSQL server: by one process, and with workers beside it.

  benches/workers.py --url postgresql://USER@HOST/DATABASE [--feeds 4] [--rows 1000000] [--workers 1] [--runs 3] [--pin | --cores [--share]]

Builds nothing: `cargo build --release` first. The database is emptied before every night (`psql`), and the rows of the prison
list of `benches/night.py` are dealt out to so many feeds. In turn: the night alone, and the night with so many workers. `--pin` gives each process a core of
its own, in turn (`taskset`), as if each were a machine. `--cores` lets a night of so many processes have as many cores and no more, the
server and its parallel work among it: what a second worker brings together with the core that it runs on; with `--share` no process has a core
of its own, and each may use all that the night has. Seconds of the reading, of all else, and of the whole night are printed as
Markdown, each run by itself; the bundles of all nights are compared, the ledger's checkpoint left out.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DAY = "20081117"


def deal(source, folder, feeds):
    """Deals the rows of one list out to so many."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [folder / f"HMPS_BENCH{n}_{DAY}.csv" for n in range(feeds)]
    if all(name.exists() for name in names):
        return
    files = [name.open("wb") for name in names]
    with source.open("rb") as rows:
        head = rows.readline()
        for file in files:
            file.write(head)
        for n, row in enumerate(rows):
            files[n % feeds].write(row)
    for file in files:
        file.close()


def deployment(work, feeds, url, password):
    """A copy of the timing deployment with so many prison feeds, and an empty store."""
    home = work / "deployment"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(ROOT / "benches/deployment", home, ignore=shutil.ignore_patterns("state", "feeds"))
    text = (home / "lockgate.toml").read_text("utf-8").replace("../../", f"{ROOT}/")
    store = f'path = "state"\nurl = "{url}"\n'
    store += f'password = {{ file = "{password}" }}\n' if password else ""
    (home / "lockgate.toml").write_text(text.replace('path = "state"\n', store, 1), "utf-8")
    mapping = home / "mappings/hmps/bench.toml"
    text = mapping.read_text("utf-8")
    mapping.unlink()
    for n in range(feeds):
        one = text.replace('"hmps-bench"', f'"hmps-bench{n}"').replace("HMPS_BENCH_", f"HMPS_BENCH{n}_")
        one = one.replace('key_space = "prison_number"', f'key_space = "prison_number_{n}"')
        (home / f"mappings/hmps/bench{n}.toml").write_text(one, "utf-8")
    (home / "feeds").mkdir()
    for path in [*(work / "dealt").glob("*"), *(work / "feeds" / "wyp").glob(f"*{DAY}*")]:
        os.link(path, home / "feeds" / path.name)
    return home


def pinned(a, command, core, workers):
    """A command held to its core, or to all that the night has."""
    if a.cores and a.share:
        return ["taskset", "-c", f"0-{workers}", *command]
    return ["taskset", "-c", str(core), *command] if a.pin or a.cores else command


def confine(pid, cores):
    """Holds a process and all that it has started, and will start, to so many cores."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    for one in [pid, *children]:
        subprocess.run(["taskset", "-acp", f"0-{cores - 1}", str(one)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def psql(url, password, text):
    env = dict(os.environ)
    if password:
        env["PGPASSWORD"] = pathlib.Path(password).read_text("utf-8").strip()
    return subprocess.run(["psql", "-XAtqc", text, url], check=True, env=env, capture_output=True, text=True).stdout


def digests(home):
    """Every file of every bundle, manifests without what they say of the ledger."""
    out = {}
    for path in sorted((home / "state/bundles").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.name == "datapackage.json":
                manifest = json.loads(data)
                manifest["lockgate"].pop("ledger"), manifest["lockgate"].pop("previous", None)
                data = json.dumps(manifest).encode()
            out[str(path.relative_to(home))] = hashlib.sha256(data).hexdigest()
    return out


def night(a, work, workers):
    """Seconds of reading, of the whole night, the most MiB of a process of each kind, and what left."""
    psql(a.url, a.password, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    home = deployment(work, a.feeds, a.url, a.password)
    call = [str(BINARY), "--config", str(home)]
    # The store is made by a night before anything lies there.
    (home / "feeds").rename(home / "later")
    (home / "feeds").mkdir()
    subprocess.run([*call, "run", "--as-of", "2008-11-16", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    (home / "feeds").rmdir()
    (home / "later").rename(home / "feeds")
    cores = os.cpu_count()
    if a.cores:
        folder = psql(a.url, a.password, "SHOW data_directory").strip()
        confine(int((pathlib.Path(folder) / "postmaster.pid").read_text().split()[0]), workers + 1)
    beside = [
        subprocess.Popen(pinned(a, [*call, "worker", "--quiet"], (n + 1) % cores, workers), stderr=subprocess.DEVNULL)
        for n in range(workers)
    ]
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted"
    while int(psql(a.url, a.password, locks)) < workers:
        time.sleep(0.1)
    start = time.perf_counter()
    lead = pinned(a, [*call, "run", "--as-of", "2008-11-17", "--json"], 0, workers)
    lead = subprocess.Popen(lead, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    told = lead.stdout.read()
    _, status, usage = os.wait4(lead.pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 4):
        sys.exit(f"the night ended {os.waitstatus_to_exitcode(status)}")
    lead.returncode = 0
    peak = 0
    for worker in beside:
        worker.terminate()
        _, _, more = os.wait4(worker.pid, 0)
        worker.returncode = 0
        peak = max(peak, more.ru_maxrss / 1024)
    stages = json.loads(told)["timings"]
    reading = sum(s for name, s in stages if re.match(r"reading|taking|waiting for workers", name))
    return reading, wall, usage.ru_maxrss / 1024, peak, digests(home)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--password", help="the file of the password")
    parser.add_argument("--feeds", type=int, default=4)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pin", action="store_true")
    parser.add_argument("--cores", action="store_true", help="root, and a server on this machine")
    parser.add_argument("--share", action="store_true", help="with --cores: no process has a core of its own")
    parser.add_argument("--binary", default=os.environ.get("LOCKGATE", "target/release/lockgate"))
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the feeds, used again when they are there")
    a = parser.parse_args()
    global BINARY
    BINARY = pathlib.Path(a.binary).resolve()
    work = (a.keep or pathlib.Path(tempfile.mkdtemp(prefix="lockgate-bench-"))).resolve()
    if not (work / "feeds").exists():
        make = [sys.executable, str(ROOT / "scripts/make_fixtures.py"), "--bench", str(a.rows), "--out", str(work / "feeds")]
        subprocess.run(make, check=True)
    deal(work / "feeds" / "hmps" / f"HMPS_BENCH_{DAY}.csv", work / "dealt", a.feeds)
    results, first = {0: [], a.workers: []}, None
    for _ in range(a.runs):
        for workers, figures in results.items():
            *one, left = night(a, work, workers)
            first = first or left
            if left != first:
                sys.exit("the bundles differ")
            figures.append(one)
    where = ", each process on a core of its own" if a.pin else f", as many cores as processes{', shared' if a.share else ''}" if a.cores else ""
    print(f"{a.feeds} feeds, {a.rows:,} rows, {a.runs} runs{where}; the same bundles\n")
    print("| beside the night | reading s | the whole night s | peak MiB, a worker's |\n| --- | --- | --- | --- |")
    for workers, figures in results.items():
        cells = [", ".join(f"{run[n]:.2f}" for run in figures) for n in range(2)]
        peaks = " / ".join(f"{max(run[n] for run in figures):.0f}" for n in (2, 3))
        print(f"| {workers} workers | {cells[0]} | {cells[1]} | {peaks} |")
    reading = [statistics.median(run[0] for run in results[n]) for n in (0, a.workers)]
    whole = [statistics.median(run[1] for run in results[n]) for n in (0, a.workers)]
    print(f"\nreading, alone / shared, medians: {reading[0] / reading[1]:.2f}; the whole night {whole[0] / whole[1]:.2f}")
    if not a.keep:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
