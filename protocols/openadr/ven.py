"""The VEN: what to ask the VTN next, and what its answers mean. Sans-I/O: time is an argument.

    ven = Ven(VenConfig(version=version_of("3.1.0"), client_id=…, client_secret=…, ven_name="home"))
    request = ven.next_request(now)            # None: nothing to ask before ven.next_timer()
    ven.receive(request, status, body, now)    # or ven.failed(request, why, now)
    ven.on_timer(now)
    while (item := ven.next_event()) …         # VenChange or ReportDue, each once
    ven.report(report_due, values)             # is sent with the next requests

One request is under way at a time. What has to be true before the next one is a table, ``_ORDER``; what a
refusal (HTTP 4xx) of each means is another, ``_REFUSED``. Polled events stay in force when the link is down.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from protocols.openadr.agenda import ReportAgenda
from protocols.openadr.changes import VenChange
from protocols.openadr.config import LinkState, VenConfig, VenHealth, steady_shift
from protocols.openadr.events import BadEventError, Shift, read_units
from protocols.openadr.exchange import Listing, Request, Stage
from protocols.openadr.ledger import EventLedger
from protocols.openadr.login import Login
from protocols.openadr.model import AdrEvent, PayloadUnits
from protocols.openadr.reports import ReportDue, ReportValues, report_json
from protocols.openadr.versions import read_targets

_MAX_REPORTS = 1_000
_RETRY_STATUS = {408, 425, 429}
_BAD_CREDENTIALS = {400, 401, 403}
_STEP_BACK_S = 60.0
"""A clock that goes back by more was wrong before: what was reckoned by it is reckoned anew."""


class Ven:
    """One VEN and its dealings with one VTN."""

    def __init__(self, config: VenConfig, *, random: Callable[[], float], shift: Shift | None = None) -> None:
        """``random``: uniform in 0..1, for back-off; ``shift``: draws for ``randomizeStart``."""
        self.config = config
        self._random = random
        self._agenda = ReportAgenda(config.ad_hoc_report_s)
        names = frozenset({config.ven_name, *config.resource_names, *config.targets})
        own_shift = steady_shift(f"{config.ven_name} {config.client_id} {config.client_secret}")
        self._ledger = EventLedger(shift or own_shift, self._agenda, names)
        self._reports_due: deque[ReportDue] = deque()
        self._reports: deque[dict[str, Any]] = deque(maxlen=_MAX_REPORTS)
        self._login = Login(config)
        self._programs_at_s = -math.inf
        self._ven_id: str | None = None
        self._registered = False
        self._missing_resources: list[str] = []
        self._listing: Listing | None = None
        self._under_way: Request | None = None
        self._not_before_s = -math.inf
        self._failures = 0
        self._next_poll_s = -math.inf
        self._latest_s = -math.inf
        self._last_contact_s: float | None = None
        self._trouble = ""
        self._refused = False
        self.remarks: dict[str, str] = {}
        """What the VTN does not let us do, by stage, in words; the rest goes on."""

    # -- what is known -------------------------------------------------------------------------------------

    @property
    def events(self) -> tuple[AdrEvent, ...]:
        """Events in force or still to come, most important first."""
        return self._ledger.events

    @property
    def quarantined(self) -> dict[str, str]:
        """Events not acted on, by id, with the reason."""
        return self._ledger.quarantined

    def health(self) -> VenHealth:
        """How the link is."""
        if self._refused:
            state, sentence = LinkState.REFUSED, self._trouble
        elif self._trouble:
            kept = f" The {len(self.events)} known events stay in force." if self.events else ""
            state, sentence = LinkState.WAITING, f"{self._trouble} It is tried again.{kept}"
        elif self._last_contact_s is None:
            state, sentence = LinkState.STARTING, "The link to the utility is starting."
        else:
            bad = f", {len(self.quarantined)} not understood" if self.quarantined else ""
            state, sentence = LinkState.OK, f"The utility is connected: {len(self.events)} events{bad}."
        return VenHealth(state, sentence, self._last_contact_s)

    # -- what the home tells -------------------------------------------------------------------------------

    def report(self, due: ReportDue, values: ReportValues) -> None:
        """Queue a report for sending: by resource name one value for each interval, in the asked units."""
        self._reports.append(report_json(self.config.version, due, self.config.ven_name, values))

    def poll_now(self) -> None:
        """Ask for the events at the next opportunity (a back-off is still kept)."""
        self._next_poll_s = -math.inf

    def discard_limits(self) -> None:
        """After a grid outage: forget all capacity limits and poll again (User Guide 8.10.1)."""
        self._ledger.discard_limits()
        self.poll_now()

    # -- time ----------------------------------------------------------------------------------------------

    def next_timer(self) -> float:
        """When something is due next: ``next_request`` or ``on_timer`` is to be called then."""
        duties_s = min(self._ledger.next_s(), self._agenda.next_s())
        if self._under_way is not None:
            return duties_s
        asks_s = -math.inf if self._reports else min(self._next_poll_s, self._programs_due_s())
        return min(duties_s, max(asks_s, self._not_before_s))

    def on_timer(self, now_s: float) -> None:
        """Complete events that ended, and collect the reports that fall due."""
        self._mind_clock(now_s)
        self._ledger.on_timer(now_s)
        self._reports_due.extend(self._agenda.due(now_s))

    def next_event(self) -> VenChange | ReportDue | None:
        """The next change or report to be filled in, or None."""
        if self._ledger.changes:
            return self._ledger.changes.popleft()
        return self._reports_due.popleft() if self._reports_due else None

    # -- asking --------------------------------------------------------------------------------------------

    def next_request(self, now_s: float) -> Request | None:
        """What to ask now, or None: one is under way, a back-off runs, or nothing is due."""
        self._mind_clock(now_s)
        if self._under_way is not None or now_s < self._not_before_s:
            return None
        for stage, is_needed, build in _ORDER:
            if is_needed(self, now_s):
                request = build(self, stage)
                self._under_way = request
                return request
        return None

    def _mind_clock(self, now_s: float) -> None:
        if now_s < self._latest_s - _STEP_BACK_S:
            self._next_poll_s = self._programs_at_s = self._not_before_s = -math.inf
            self._login.reject()
            self._agenda.plan_all(self._ledger.events, now_s)
            self._latest_s = now_s
        self._latest_s = max(self._latest_s, now_s)

    def _anything_due(self, now_s: float) -> bool:
        return bool(self._reports) or now_s >= min(self._next_poll_s, self._programs_due_s())

    def _programs_due_s(self) -> float:
        return self._programs_at_s + self.config.programs_poll_s

    def _needs_token(self, now_s: float) -> bool:
        return self._login.is_due(now_s) and self._anything_due(now_s)

    def _ask(self, stage: Stage, method: str, url: str, **more: Any) -> Request:
        return Request(stage, method, url, token=self._login.token, **more)

    def _ask_discover(self, stage: Stage) -> Request:
        return Request(stage, "GET", self.config.version.auth_server_path or "")

    def _ask_token(self, stage: Stage) -> Request:
        return Request(stage, "POST", self._login.url, form=self._login.form)

    def _ask_list(self, stage: Stage) -> Request:
        if self._listing is None or self._listing.stage is not stage:
            self._listing = Listing(stage, self._queries(stage))
        return self._ask(stage, "GET", f"/{stage}", params=self._listing.params(self.config.page_size))

    def _queries(self, stage: Stage) -> tuple[tuple[tuple[str, str], ...], ...]:
        """3.1 lets a VEN name its targets: events with targets may be shown only to those who do."""
        named = tuple(("targets", target) for target in self.config.targets)
        if stage is Stage.EVENTS and named and not self.config.version.typed_targets:
            return (), named
        return ((),)

    def _ask_find_ven(self, stage: Stage) -> Request:
        return self._ask(stage, "GET", "/vens", params=(("venName", self.config.ven_name),))

    def _ask_create_ven(self, stage: Stage) -> Request:
        body = {"venName": self.config.ven_name, **self.config.version.ven_marks}
        return self._ask(stage, "POST", "/vens", body=body)

    def _resources_path(self) -> str:
        return self.config.version.resources(quote(self._ven_id or "", safe=""))

    def _ask_find_resources(self, stage: Stage) -> Request:
        params = (("venID", self._ven_id or ""),) if self.config.version.resource_marks else ()
        return self._ask(stage, "GET", self._resources_path(), params=params)

    def _ask_create_resource(self, stage: Stage) -> Request:
        version = self.config.version
        body = {"resourceName": self._missing_resources[0], "venID": self._ven_id, **version.resource_marks}
        return self._ask(stage, "POST", self._resources_path(), body=body)

    def _ask_report(self, stage: Stage) -> Request:
        return self._ask(stage, "POST", "/reports", body=self._reports[0])

    # -- answers -------------------------------------------------------------------------------------------

    def receive(
        self, request: Request, status: int, body: object, now_s: float, retry_after_s: float | None = None
    ) -> None:
        """Take the answer to ``request``. ``body`` is the decoded JSON, None where there is none."""
        self._under_way = None
        if 200 <= status < 300:
            self._take(request, body, now_s)
        elif status in _RETRY_STATUS or status >= 500:
            self._back_off(f"The utility answers {status} to {request.method} {request.url}.", now_s, retry_after_s)
        elif request.stage is Stage.TOKEN and status in _BAD_CREDENTIALS:
            self._refused = True
            self._back_off(
                f"The utility refuses the credentials of “{self.config.client_id}” ({status}):"
                " check the client id and the secret.",
                now_s,
                self.config.backoff_max_s,
            )
        elif status == 401 and request.token is not None:
            self._token_rejected(now_s)
        else:
            self._refusal(request, status, body, now_s)

    def failed(self, request: Request, why: str, now_s: float) -> None:
        """No answer, or one that cannot be read; ``why`` is a clause for a person."""
        self._under_way = None
        self._back_off(f"The utility cannot be reached ({request.method} {request.url}): {why}.", now_s, None)

    def _take(self, request: Request, body: object, now_s: float) -> None:
        problem = _TAKE[request.stage](self, body, now_s)
        if problem:
            self._back_off(f"The utility's answer to {request.method} {request.url} {problem}.", now_s, None)
            return
        if request.stage not in (Stage.DISCOVER, Stage.TOKEN):
            self._failures, self._trouble = 0, ""
            self._login.accepted()
        self.remarks.pop(request.stage, None)
        self.on_timer(now_s)

    def _token_rejected(self, now_s: float) -> None:
        if self._login.reject():
            self._back_off("The utility rejects the token that it has just given.", now_s, None)

    def _refusal(self, request: Request, status: int, body: object, now_s: float) -> None:
        detail = body.get("detail") or body.get("title") if isinstance(body, dict) else None
        self.remarks[request.stage] = f"The utility answers {status} to {request.method} {request.url}" + (
            f": {str(detail)[:200]}." if detail else "."
        )
        handler = _REFUSED.get(request.stage)
        if handler is None:
            self._back_off(self.remarks[request.stage], now_s, None)
        else:
            handler(self, status, now_s)

    def _back_off(self, trouble: str, now_s: float, at_least_s: float | None) -> None:
        config = self.config
        ceiling_s = min(config.backoff_max_s, config.backoff_min_s * 2.0 ** min(self._failures, 30))
        wait_s = ceiling_s * (0.5 + 0.5 * self._random())
        if at_least_s is not None and math.isfinite(at_least_s):
            wait_s = max(wait_s, min(at_least_s, config.backoff_max_s))
        self._failures += 1
        self._listing = None
        self._trouble = trouble
        self._not_before_s = now_s + wait_s

    # -- one method an answer: None, or a clause telling what is wrong with it -----------------------------

    def _take_discover(self, body: object, now_s: float) -> str | None:
        return self._login.discover(body)

    def _take_token(self, body: object, now_s: float) -> str | None:
        problem = self._login.take(body, now_s)
        self._refused = self._refused and problem is not None
        return problem

    def _take_page(self, body: object) -> list[Any] | str | None:
        """The whole list when it is complete, None while pages are missing, else what is wrong."""
        if not isinstance(body, list):
            return "is no list"
        listing = self._listing or Listing(Stage.EVENTS)
        return listing.items if listing.take(body, self.config.page_size) else None

    def _take_programs(self, body: object, now_s: float) -> str | None:
        items = self._take_page(body)
        if not isinstance(items, list):
            return items
        self._listing = None
        self._programs_at_s = now_s
        units: dict[str, dict[str, PayloadUnits]] = {}
        wanted: set[str] = set()
        for item in items:
            if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                continue
            if {item["id"], item.get("programName")} & set(self.config.programs):
                wanted.add(item["id"])
            try:
                units[item["id"]] = read_units(item.get("payloadDescriptors"))
            except BadEventError as problem:
                self.remarks[f"program {item['id']}"] = f"Programme {item['id']}: {problem}."
        self._ledger.know_programs(frozenset(wanted) if self.config.programs else None, units)
        if self.config.programs and not wanted:
            self.remarks["programs"] = f"The utility offers none of {', '.join(self.config.programs)}."
        return None

    def _take_find_ven(self, body: object, now_s: float) -> str | None:
        if not isinstance(body, list):
            return "is no list"
        mine = [v for v in body if isinstance(v, dict) and v.get("venName") == self.config.ven_name]
        if mine:
            return self._take_ven(mine[0], now_s)
        self._ven_id = ""  # to be created
        return None

    def _take_ven(self, body: object, now_s: float) -> str | None:
        ven_id = body.get("id") if isinstance(body, dict) else None
        if not isinstance(ven_id, str) or not ven_id:
            return "holds no id of the ven"
        self._ven_id = ven_id
        self._learn_targets(body)
        return None

    def _learn_targets(self, body: object) -> None:
        """The VTN may put this home in groups: they address it from then on."""
        try:
            given = read_targets(body.get("targets") if isinstance(body, dict) else None)
        except ValueError:
            return
        names = {self.config.ven_name, *self.config.resource_names, *self.config.targets}
        self._ledger.know_targets(frozenset(names | {target.value for target in given}))

    def _take_find_resources(self, body: object, now_s: float) -> str | None:
        if not isinstance(body, list):
            return "is no list"
        known = {r.get("resourceName") for r in body if isinstance(r, dict)}
        self._missing_resources = [name for name in self.config.resource_names if name not in known]
        self._registered = True
        return None

    def _take_create_resource(self, body: object, now_s: float) -> str | None:
        self._missing_resources.pop(0)
        return None

    def _take_report(self, body: object, now_s: float) -> str | None:
        self._reports.popleft()
        return None

    def _take_events(self, body: object, now_s: float) -> str | None:
        listing = self._listing
        items = self._take_page(body)
        if not isinstance(items, list):
            return items
        self._listing = None
        several_pages = listing is not None and listing.pages > len(listing.queries)
        self._ledger.take(items, now_s, absences_needed=2 if several_pages else 1)
        self._last_contact_s = now_s
        self._next_poll_s = now_s + self.config.poll_s
        return None

    # -- what a refusal means where the rest can go on ------------------------------------------------------

    def _without_discovery(self, status: int, now_s: float) -> None:
        self._login.discovered = True

    def _without_programs(self, status: int, now_s: float) -> None:
        self._listing, self._programs_at_s = None, now_s

    def _without_registration(self, status: int, now_s: float) -> None:
        self._registered, self._missing_resources = True, []

    def _without_resource(self, status: int, now_s: float) -> None:
        self._missing_resources.pop(0)

    def _without_report(self, status: int, now_s: float) -> None:
        self._reports.popleft()
        if status == 409:  # it is there already
            self.remarks.pop(Stage.REPORT, None)


_Need = Callable[[Ven, float], bool]
_Build = Callable[[Ven, Stage], Request]

_ORDER: tuple[tuple[Stage, _Need, _Build], ...] = (
    (Stage.DISCOVER, lambda v, now: not v._login.discovered, Ven._ask_discover),
    (Stage.TOKEN, Ven._needs_token, Ven._ask_token),
    (Stage.PROGRAMS, lambda v, now: now >= v._programs_due_s(), Ven._ask_list),
    (Stage.FIND_VEN, lambda v, now: not v._registered and v._ven_id is None, Ven._ask_find_ven),
    (Stage.CREATE_VEN, lambda v, now: not v._registered and v._ven_id == "", Ven._ask_create_ven),
    (Stage.FIND_RESOURCES, lambda v, now: not v._registered, Ven._ask_find_resources),
    (Stage.CREATE_RESOURCE, lambda v, now: bool(v._missing_resources), Ven._ask_create_resource),
    (Stage.EVENTS, lambda v, now: now >= v._next_poll_s, Ven._ask_list),
    (Stage.REPORT, lambda v, now: bool(v._reports), Ven._ask_report),
)
"""The first whose need is met is asked."""

_TAKE: dict[Stage, Callable[[Ven, object, float], str | None]] = {
    Stage.DISCOVER: Ven._take_discover,
    Stage.TOKEN: Ven._take_token,
    Stage.PROGRAMS: Ven._take_programs,
    Stage.FIND_VEN: Ven._take_find_ven,
    Stage.CREATE_VEN: Ven._take_ven,
    Stage.FIND_RESOURCES: Ven._take_find_resources,
    Stage.CREATE_RESOURCE: Ven._take_create_resource,
    Stage.REPORT: Ven._take_report,
    Stage.EVENTS: Ven._take_events,
}

_REFUSED: dict[Stage, Callable[[Ven, int, float], None]] = {
    Stage.DISCOVER: Ven._without_discovery,
    Stage.PROGRAMS: Ven._without_programs,
    Stage.FIND_VEN: Ven._without_registration,
    # 409: the name is taken, by us in an earlier life that we may not see.
    Stage.CREATE_VEN: Ven._without_registration,
    Stage.FIND_RESOURCES: Ven._without_registration,
    Stage.CREATE_RESOURCE: Ven._without_resource,
    Stage.REPORT: Ven._without_report,
}
"""Stages whose refusal (4xx) is remarked and lived with; of others it is a failure, and tried again."""
