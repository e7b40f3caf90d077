"""The HTTP API: thin routes over a ``Desk``, on loopback, with a token.

====================================  =========  ==========================================================
path under ``/api/v1``                role       answer
====================================  =========  ==========================================================
GET /health                           none       ``About``
GET /home, /plan, /wishes             reader     ``HomeSnapshot``, ``PlanOut``, ``WishesOut``
GET /events, /messages, /sessions     reader     lists; /events/{source}/{id}/account.csv as text
GET /history, /history/summary        reader     ``HistoryOut``, ``SummaryOut``; /history.csv as text
GET /history/decisions, /history/plan reader     ``DecisionsOut``, ``PastPlanOut``: what was done when, and why
GET /devices                          reader     ``HealthOut`` of every driver and link
GET /stream                           reader     server-sent events: home, plan, events, health, session …
POST /plan/preview                    homeowner  the plan that other wishes would give
PUT /wishes                           homeowner  ``WishesOut``
POST /car/boost, /car/pause           homeowner  ``WishesOut``
POST /car/stop                        homeowner  204
POST /loads/{name}/put-off            homeowner  ``LoadNow``
POST /events/{source}/{id}/opt-out    homeowner  ``EventOut``
GET, PUT /installer, /installer/home  installer  ``InstallerOut``
POST /installer/charger/reset         installer  ``InstallerOut``
GET /installer/recordings, …/{id}     installer  list of ``RecordingOut``; one as JSON lines
GET, POST, DELETE /installer/capture  installer  ``CaptureOut``, 204; …/capture/file is the pcapng file
====================================  =========  ==========================================================

Every refusal is ``ProblemOut``: one sentence. A web page elsewhere cannot reach in: requests with a foreign ``Host``
(DNS rebinding) or any ``Origin`` are refused.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Annotated, Literal

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import schema as s
from app.api.desk import Desk, Refused
from app.api.page import api_page
from app.api.tokens import Role, Tokens

KEEP_ALIVE_S = 10.0
"""A comment line is sent on an idle stream this often, so that a client can tell a quiet engine from a dead one."""


def build_app(desk: Desk, tokens: Tokens) -> FastAPI:
    """The ASGI application."""
    app = FastAPI(
        title="Twoway engine API",
        version=s.API_VERSION,
        description=s.__doc__ or "",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    started = datetime.now(UTC)

    @app.get("/api/v1/health")
    async def health() -> s.About:
        """Is the engine there, and which? Needs no token."""
        return s.About(engine_version=version("twoway"), api_version=s.API_VERSION, started=started, pid=os.getpid())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(api_page(app.openapi()))

    app.include_router(_reader_routes(desk), prefix="/api/v1", dependencies=[Depends(_needs(tokens, Role.READER))])
    app.include_router(_owner_routes(desk), prefix="/api/v1", dependencies=[Depends(_needs(tokens, Role.HOMEOWNER))])
    app.include_router(
        _installer_routes(desk), prefix="/api/v1", dependencies=[Depends(_needs(tokens, Role.INSTALLER))]
    )
    app.add_middleware(_OnlyLocal)
    _answer_problems(app)
    return app


def _reader_routes(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.get("/home")
    async def home() -> s.HomeSnapshot:
        """Everything that the Home page shows."""
        return desk.snapshot()

    @routes.get("/plan")
    async def plan() -> s.PlanOut:
        """The plan in force."""
        found = desk.plan()
        if found is None:
            raise Refused("There is no plan yet: the first one is being made.", status=404)
        return found

    @routes.get("/wishes")
    async def wishes() -> s.WishesOut:
        """What the homeowner asks for."""
        return desk.snapshot().wishes

    @routes.get("/events")
    async def events() -> list[s.EventOut]:
        """What the grid asks and has asked."""
        return desk.events()

    @routes.get("/events/{source}/{event_id}/account.csv")
    async def account_csv(source: str, event_id: str) -> Response:
        """What was asked, the baseline and what was delivered, second by second."""
        text = await desk.service_csv(source, event_id)
        return _file("twoway-event.csv", text.encode(), "text/csv")

    @routes.get("/messages")
    async def messages(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[s.MessageOut]:
        """The latest protocol messages, newest last."""
        return desk.messages(limit)

    @routes.get("/sessions")
    async def sessions(limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> list[s.SessionOut]:
        """The latest car sessions, newest first."""
        return await desk.sessions(limit)

    @routes.get("/devices")
    async def devices() -> list[s.HealthOut]:
        """Health of every driver and link."""
        return desk.health()

    @routes.get("/history")
    async def history(span: Span, points: Annotated[int, Query(ge=1, le=5000)] = 600) -> s.HistoryOut:
        """Readings between two times, decimated to at most so many points."""
        return await desk.history(*span, points)

    @routes.get("/history/summary")
    async def summary(period: Literal["day", "month", "year"] = "day", date: datetime | None = None) -> s.SummaryOut:
        """Energy by path and money of one local day, month or year."""
        return await desk.summary(period, _aware(date) if date else desk.snapshot().now)

    @routes.get("/history/decisions")
    async def decisions(span: Span, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> s.DecisionsOut:
        """What the charger was told between two times and why, newest first; 90 days are kept.

        For older ones of the same time ask again with ``to`` set to the answer's ``before``.
        """
        return await desk.decisions(*span, limit)

    @routes.get("/history/plan")
    async def past_plan(at: datetime) -> s.PastPlanOut:
        """The plan that was in force at a time, with every step's reason; 90 days are kept."""
        return await desk.past_plan(_aware(at))

    @routes.get("/history.csv")
    async def history_csv(span: Span) -> StreamingResponse:
        """Readings as CSV."""
        headers = {"Content-Disposition": "attachment; filename=twoway-history.csv"}
        return StreamingResponse(desk.export_csv(*span), media_type="text/csv", headers=headers)

    @routes.get("/stream")
    async def stream() -> StreamingResponse:
        """Live server-sent events; ``data`` is the schema's model as JSON."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_sse(desk), media_type="text/event-stream", headers=headers)

    return routes


def _owner_routes(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.post("/plan/preview")
    async def preview(wishes: s.WishesOut) -> s.PlanOut:
        """The plan that these wishes would give; nothing changes."""
        return await desk.preview(wishes)

    @routes.put("/wishes")
    async def put_wishes(wishes: s.WishesOut) -> s.WishesOut:
        """Take new wishes and plan anew."""
        return await desk.set_wishes(wishes)

    @routes.post("/car/boost")
    async def boost(body: s.BoostIn) -> s.WishesOut:
        """Charge at full power for so long; 0 ends it."""
        return await desk.boost(body.minutes)

    @routes.post("/car/pause")
    async def pause(body: s.PauseIn) -> s.WishesOut:
        """Stop charging and discharging, or go on."""
        return await desk.pause(body.paused)

    @routes.post("/car/stop", status_code=204)
    async def stop() -> None:
        """End the car's session in order."""
        await desk.stop_session()

    @routes.post("/loads/{name}/put-off")
    async def put_off(name: str) -> s.LoadNow:
        """The machine does not run in its present window."""
        return await desk.put_off(name)

    @routes.post("/events/{source}/{event_id}/opt-out")
    async def opt_out(source: str, event_id: str, body: s.OptOutIn) -> s.EventOut:
        """Decline an event, or take it up again."""
        return await desk.opt_out(source, event_id, body.opted_out)

    return routes


def _installer_routes(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.get("/installer")
    async def installer() -> s.InstallerOut:
        """Devices, links, limits and the home file."""
        return desk.installer()

    @routes.put("/installer/home")
    async def put_home(body: s.HomeTomlIn) -> s.InstallerOut:
        """Check a new home file and write it; it holds after a restart of the engine."""
        return await desk.write_home(body.toml, dry_run=body.dry_run)

    @routes.post("/installer/charger/reset")
    async def reset_charger() -> s.InstallerOut:
        """Clear a fault of the charger that somebody has looked after; what is still wrong is told anew."""
        return await desk.reset_charger()

    @routes.get("/installer/recordings")
    async def recordings() -> list[s.RecordingOut]:
        """The last sessions that were recorded, the newest first."""
        return await desk.recordings()

    @routes.get("/installer/recordings/{recording_id}")
    async def recording(recording_id: str) -> Response:
        """One recorded session, as JSON lines."""
        return _file(f"{recording_id}.jsonl", await desk.recording(recording_id), "application/x-ndjson")

    @routes.get("/installer/capture")
    async def capture() -> s.CaptureOut:
        """How the packet capture stands."""
        return desk.capture()

    @routes.post("/installer/capture")
    async def begin_capture(body: s.CaptureIn) -> s.CaptureOut:
        """Capture the sessions that begin from now on, with their keys; 0 minutes end it and keep the file."""
        return await desk.begin_capture(body.minutes)

    @routes.delete("/installer/capture", status_code=204)
    async def delete_capture() -> None:
        """End the capture, and leave nothing of it."""
        await desk.delete_capture()

    @routes.get("/installer/capture/file")
    async def captured() -> Response:
        """The capture (pcapng). It opens the sessions' encryption to whoever has it."""
        return _file(*await desk.captured(), "application/x-pcapng")

    return routes


def _file(name: str, content: bytes, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


_YEARS = range(1970, 3000)


def _aware(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise Refused(f"The time {time.isoformat()} has no zone: add Z or an offset such as +01:00.", status=422)
    if time.year not in _YEARS:
        # Beyond, a local day has no neighbours that datetime can tell.
        raise Refused(f"The time {time.isoformat()} is not in {_YEARS[0]} to {_YEARS[-1]}.", status=422)
    return time


def _span(
    desk_from: Annotated[datetime, Query(alias="from")], desk_to: Annotated[datetime, Query(alias="to")]
) -> tuple[datetime, datetime]:
    start, end = _aware(desk_from), _aware(desk_to)
    if not timedelta(0) < end - start <= timedelta(days=3660):
        raise Refused("The time 'to' must come after 'from', by ten years at the most.", status=422)
    return start, end


Span = Annotated[tuple[datetime, datetime], Depends(_span)]


async def _sse(desk: Desk) -> AsyncIterator[str]:
    events = desk.stream()
    upcoming = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=KEEP_ALIVE_S)
            if not done:
                yield ": quiet\n\n"
                continue
            name, body = upcoming.result()
            yield f"event: {name}\ndata: {body}\n\n"
            upcoming = asyncio.ensure_future(anext(events))
    except StopAsyncIteration:
        return
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            await upcoming
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _needs(tokens: Tokens, role: Role) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        held = tokens.role_of(token.strip()) if scheme.lower() == "bearer" else None
        if held is None:
            raise Refused(
                f"This needs the header 'Authorization: Bearer TOKEN'; the token is in {tokens.window_file}.",
                status=401,
            )
        if held < role:
            raise Refused(f"A {held.name.lower()}'s token may not do that: it needs {role.name.lower()}.", status=403)

    return check


def _answer_problems(app: FastAPI) -> None:
    def problem(status: int, text: str, line: int | None = None) -> JSONResponse:
        return JSONResponse(s.ProblemOut(problem=text, line=line).model_dump(), status_code=status)

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> JSONResponse:
        return problem(error.status, error.problem, error.line)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
        return problem(422, f"{where}: {first['msg']}.")

    @app.exception_handler(404)
    async def not_found(request: Request, _error: Exception) -> JSONResponse:
        return problem(404, f"There is no {request.url.path} here: see /docs for every path.")

    @app.exception_handler(405)
    async def wrong_method(request: Request, _error: Exception) -> JSONResponse:
        return problem(405, f"{request.url.path} takes no {request.method}: see /docs for what it takes.")

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return problem(500, f"{request.url.path} failed with {type(error).__name__}: see the engine's log.")


class _OnlyLocal:
    """ASGI middleware: refuse whatever a web page on another site could have sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host = headers.get("host", "").rsplit(":", 1)[0]
            if host not in {"127.0.0.1", "localhost", "[::1]"} or "origin" in headers:
                refusal = s.ProblemOut(problem="The engine answers programs on this machine only, not web pages.")
                await JSONResponse(refusal.model_dump(), status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class ApiServer:
    """The API on its socket, inside the engine's event loop."""

    def __init__(self, desk: Desk, tokens: Tokens, host: str, port: int) -> None:
        """Bind at once; a taken port raises ``OSError`` here, before anything else has started."""
        self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._host = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            build_app(desk, tokens), log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="off"
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._socket.getsockname()[1]}"

    async def run(self) -> None:
        """Serve until cancelled."""
        # The engine owns the process's signals.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._server.should_exit = True
            await serving
            raise
