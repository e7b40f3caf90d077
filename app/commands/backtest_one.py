"""One home, on two processes: Twoway on one, all it is measured against on the other."""

import argparse
import multiprocessing as mp
import queue
import signal
import sys
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from app.commands.backtest_job import fingerprints, make_job
from app.commands.backtest_keep import Kept, close_folder, folder_of, open_folder
from app.commands.backtest_progress import Progress
from app.config.load import write_whole
from app.errors import UserError
from energy.backtest.job import COST, Job, Results, Stopped, parts, run

_ASKS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 60.0
"""So long a part may take to keep what it has when it is asked to stop."""


def run_one(args: argparse.Namespace, chosen: tuple[str, ...]) -> int:
    """Replay one home; 0, or 130 when it was stopped."""
    began_s = time.monotonic()
    for path in (args.report, args.page):
        check_writable(path)
    job = make_job(args, args.house, args.prices, args.home, chosen)
    folder = open_folder(args.report, fingerprints(job, args.house, args.prices), resume=args.resume)
    results = _live(job, folder)
    if results is None:
        print(
            f"twoway backtest: stopped; what was done is kept in {folder_of(args.report)}. "
            "The same command with --resume goes on.",
            file=sys.stderr,
        )
        return 130
    from energy.backtest.report import build

    report = build(job, results)
    if args.credit:
        report["credit"] = args.credit
    report["timings"] = {"wall_s": round(time.monotonic() - began_s, 1)}
    write_report(report, args.report, args.page)
    close_folder(folder)
    print(summary(report))
    return 0


def write_report(report: dict[str, Any], path: Path, page: Path | None) -> None:
    """JSON, the days beside it as CSV, and the page."""
    from energy.backtest.page import page_of
    from energy.backtest.report import days_csv, text_of

    try:
        write_whole(path, text_of(report))
        write_whole(path.with_suffix(".days.csv"), days_csv(report))
        if page is not None:
            write_whole(page, page_of(report))
    except OSError as error:
        raise UserError(f"{error.filename or path} cannot be written ({error.strerror or error})") from None


def check_writable(path: Path | None) -> None:
    """Complain before the work, not after it."""
    if path is None:
        return
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file")
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {path.parent}")


def summary(report: dict[str, Any]) -> str:
    """The report's heart as a table."""
    lines = [
        f"{report['period']['days']} days from {report['period']['first_day']}; "
        f"charging on arrival costs {report['base_eur']:.2f}, perfect foresight {report['bound_eur']:.2f}",
        f"{'':26} {'cost':>9} {'saved':>8} {'captured':>9} {'cycles':>7} {'CO2 kg':>8} {'own use':>8} {'missed':>7}",
    ]
    for row in report["strategies"].values():
        share = "" if row["share"] is None else f"{row['share']:.1%}"
        lines.append(
            f"{row['title']:26} {row['cost_eur']:9.2f} {row['saved_eur']:8.2f} {share:>9} {row['cycles']:7.1f} "
            f"{row['co2_kg']:8.0f} {row['self_sufficiency']:8.1%} {row['departures_missed']:7d}"
        )
    return "\n".join(lines)


def _live(job: Job, folder: Path) -> Results | None:
    """Both parts side by side; None when they were stopped."""
    context = mp.get_context("spawn")
    told: Any = context.Queue()
    stop = context.Event()
    groups = parts(job.strategies)
    progress = Progress({name: COST[name] for group in groups for name in group}, job.days)
    workers = [
        context.Process(target=_part, args=(job, group, str(folder), told, stop), daemon=True) for group in groups
    ]
    # A Ctrl-C in their first second would end them unasked: what is ignored at their start stays so.
    asked = {number: signal.signal(number, signal.SIG_IGN) for number in _ASKS}
    for worker in workers:
        worker.start()
    for number, handler in asked.items():
        signal.signal(number, handler)
    results, waiting, stopped, failure = Results(), len(workers), False, ""
    asked_s = 0.0
    while waiting and not failure:
        try:
            kind, *what = told.get(timeout=0.5)
            if kind == "share":
                progress.tell(*what)
            elif kind == "done":
                results.add(what[0])
                waiting -= 1
            elif kind == "stopped":
                stopped, waiting = True, waiting - 1
            else:
                failure = what[0]
        except queue.Empty:
            failure = "" if _alive(workers, waiting) or not told.empty() else "a process of it ended by itself"
            if stop.is_set() and time.monotonic() - asked_s > _PATIENCE_S:
                break
        except KeyboardInterrupt:
            stop.set()
            asked_s = time.monotonic()
            progress.end("stopping …")
    if failure:
        stop.set()
    for worker in workers:
        worker.join(timeout=10.0)
        if worker.is_alive():
            worker.kill()
    if failure:
        raise UserError(f"the replay broke off: {failure}; what was done is kept, --resume goes on")
    if stopped or stop.is_set() or waiting:
        return None
    progress.end("")
    return results


def _alive(workers: Sequence[BaseProcess], waiting: int) -> bool:
    return sum(worker.is_alive() for worker in workers) >= waiting


def _part(job: Job, group: tuple[str, ...], folder: str, told: Any, stop: Any) -> None:
    """In a process of its own."""
    # Ctrl-C reaches every process of the terminal: the first one decides and asks the others to stop.
    for number in _ASKS:
        signal.signal(number, signal.SIG_IGN)
    first = mp.parent_process()
    kept = Kept(Path(folder))
    last_s = 0.0

    def tell(name: str, share: float) -> None:
        nonlocal last_s
        if stop.is_set():
            raise Stopped
        if share >= 1.0 or time.monotonic() - last_s > 0.2:
            last_s = time.monotonic()
            if first is not None and not first.is_alive():
                # Killed without a word: nobody waits for this part any more.
                told.cancel_join_thread()
                raise Stopped
            told.put(("share", name, share))

    try:
        told.put(("done", run(job, group, kept, tell)))
    except Stopped:
        told.put(("stopped",))
    except Exception as error:
        told.put(("failed", f"{type(error).__name__}: {error}"))
