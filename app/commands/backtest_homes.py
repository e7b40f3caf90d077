"""A street of homes on Dask: one home a task, on this machine's cores or on a given cluster.

Each folder of the street is a home: ``house*.csv[.gz]`` and, where it has them, ``prices*.csv[.gz]`` and ``home.toml``;
prices (and a home file) that lie in the street's own folder serve every home that brings none. A home that cannot be
replayed is one line of the summary, and the rest goes on. Finished homes are kept, so that a stopped street goes on.
"""

import argparse
import copy
import csv
import importlib
import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.commands.backtest_job import make_job
from app.commands.backtest_keep import close_folder, folder_of, open_folder
from app.commands.backtest_one import check_writable
from app.commands.backtest_progress import Progress
from app.config.load import write_whole
from app.errors import UserError
from energy.backtest.job import Job, run
from energy.backtest.report import text_of
from energy.backtest.street import add_up, page_of_street

_AT_ONCE = 2
"""Homes on their way to each worker."""


@dataclass(frozen=True, slots=True)
class Place:
    """One home's files."""

    name: str
    house: Path
    prices: Path
    home: Path | None


def run_homes(args: argparse.Namespace, chosen: tuple[str, ...]) -> int:
    """Replay a street; 0 when at least one home was lived, 130 when it was stopped."""
    for path in (args.report, args.page):
        check_writable(path)
    places = places_in(args.homes, args.home)
    whole = json.dumps([[p.name, str(p.house), str(p.prices), str(p.home)] for p in places])
    options = {key: getattr(args, key) for key in ("start", "days", "seed", "capacity_kwh", "fees", "tax")}
    inputs = {"--homes": whole, "the options": repr((options, args.export_fees, args.timezone, chosen))}
    folder = open_folder(args.report, inputs, resume=args.resume)
    homes = _kept(folder, places)
    progress = Progress({place.name: 1.0 for place in places}, len(places))
    for name in homes:
        progress.tell(name, 1.0)
    try:
        for name, found in _lived(args, chosen, [place for place in places if place.name not in homes]):
            homes[name] = found
            write_whole(folder / f"{name}.json", json.dumps(found))
            progress.tell(name, 1.0)
    except KeyboardInterrupt:
        progress.end("")
        print(
            f"twoway backtest: stopped; {len(homes)} of {len(places)} homes are kept in {folder_of(args.report)}. "
            "The same command with --resume goes on.",
            file=sys.stderr,
        )
        return 130
    progress.end("")
    street = add_up([(place.name, homes[place.name]) for place in places])
    _write(street, args.report, args.page)
    close_folder(folder)
    print(_summary(street))
    return 0 if street["homes_lived"] else 1


def places_in(folder: Path, home: Path | None) -> list[Place]:
    """The homes of a street. Raises ``UserError`` where there is none."""
    if not folder.is_dir():
        raise UserError(f"--homes {folder} is no folder: give one with a folder for each home")
    shared_prices = _one(folder, "prices")
    shared_home = home or _home_file(folder)
    places = []
    for sub in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.endswith(".partial")):
        house, prices = _one(sub, "house"), _one(sub, "prices") or shared_prices
        if house is None:
            continue
        if prices is None:
            raise UserError(f"{sub} has no prices*.csv, and neither has {folder}: put one there")
        places.append(Place(sub.name, house, prices, _home_file(sub) or shared_home))
    if not places:
        raise UserError(f"{folder} has no folder with a house*.csv in it: give each home one")
    return places


def _one(folder: Path, stem: str) -> Path | None:
    found = sorted(path for path in folder.glob(f"{stem}*.csv*") if path.name.endswith((".csv", ".csv.gz")))
    if len(found) > 1:
        raise UserError(f"{folder} has several {stem} files ({', '.join(p.name for p in found)}): leave one")
    return found[0] if found else None


def _home_file(folder: Path) -> Path | None:
    path = folder / "home.toml"
    return path if path.is_file() else None


def _kept(folder: Path, places: Sequence[Place]) -> dict[str, Any]:
    homes = {}
    for place in places:
        try:
            homes[place.name] = json.loads((folder / f"{place.name}.json").read_text())
        except (OSError, ValueError):
            continue
    return homes


def _lived(args: argparse.Namespace, chosen: tuple[str, ...], places: Sequence[Place]) -> Iterator[tuple[str, Any]]:
    """Each home as it is finished: its report, or ``{"failed": why}``."""
    waiting = iter(places)
    ready: list[tuple[str, Any]] = []

    def next_job() -> tuple[str, Job] | None:
        for place in waiting:
            try:
                own = copy.copy(args)
                own.home = None
                return place.name, make_job(own, place.house, place.prices, place.home, chosen)
            except UserError as error:
                ready.append((place.name, {"failed": str(error)}))
        return None

    client = _client(args)
    try:
        workers = max(1, len(client.scheduler_info()["workers"]))
        running: dict[Any, str] = {}
        finished = _dask().as_completed(with_results=False)

        def start() -> None:
            job = next_job()
            if job is not None:
                future = client.submit(live_home, job[1], key=f"home-{job[0]}-{id(args)}", pure=False, retries=1)
                running[future.key] = job[0]
                finished.add(future)

        for _ in range(workers * _AT_ONCE):
            start()
        yield from ready
        ready.clear()
        while running:
            future = next(finished)
            name = running.pop(future.key)
            error = future.exception()
            yield name, future.result() if error is None else {"failed": f"{type(error).__name__}: {error}"}
            future.release()
            start()
            yield from ready
            ready.clear()
        yield from ready
    finally:
        _close(client)


def live_home(job: Job) -> dict[str, Any]:
    """In a worker: one home from beginning to end, its report without the pictures."""
    from energy.backtest.report import build

    report = build(job, run(job, job.strategies, _Nowhere(), lambda name, share: None))
    report.pop("typical")
    return report


class _Nowhere:
    """A street keeps whole homes only."""

    def load(self, name: str) -> object | None:
        """Nothing."""
        return None

    def save(self, name: str, what: object, *, now: bool = False) -> None:
        """Nothing."""


def _client(args: argparse.Namespace) -> Any:
    dask = _dask()
    logging.getLogger("distributed").setLevel(logging.ERROR)
    if args.cluster is None:
        cluster = dask.LocalCluster(
            n_workers=args.workers or os.cpu_count() or 1,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
        )
        return dask.Client(cluster)
    try:
        return dask.Client(args.cluster, timeout=10.0)
    except (OSError, ValueError, TimeoutError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"--cluster {args.cluster}: no Dask scheduler answers there ({why})") from None


def _dask() -> Any:
    """Imported only here: it takes a second, and its functions have no types."""
    return importlib.import_module("distributed")


def _close(client: Any) -> None:
    cluster = client.cluster
    client.close(timeout=5)
    if cluster is not None:
        cluster.close(timeout=5)


def _write(street: dict[str, Any], path: Path, page: Path | None) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = max((list(row) for row in street["homes"]), key=len, default=["name"])
    writer.writerow(columns)
    for row in street["homes"]:
        writer.writerow([row.get(column, "") for column in columns])
    try:
        write_whole(path, text_of(street))
        write_whole(path.with_suffix(".homes.csv"), out.getvalue())
        if page is not None:
            write_whole(page, page_of_street(street))
    except OSError as error:
        raise UserError(f"{error.filename or path} cannot be written ({error.strerror or error})") from None


def _summary(street: dict[str, Any]) -> str:
    lines = [f"{street['homes_lived']} homes replayed, {street['homes_failed']} not"]
    for name, row in street["strategies"].items():
        share = row["share"]
        lines.append(
            f"{name:12} saved {row['saved_eur']['p50']:8.2f} a home ({row['saved_eur']['p10']:.2f} to "
            f"{row['saved_eur']['p90']:.2f})"
            + ("" if share is None else f", captured {share['p50']:.1%} ({share['p10']:.1%} to {share['p90']:.1%})")
            + f", missed departures {row['departures_missed']}"
        )
    lines += [f"{row['name']}: {row['failed']}" for row in street["homes"] if row.get("failed")]
    return "\n".join(lines)
