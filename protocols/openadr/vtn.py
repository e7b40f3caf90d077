"""A simulated VTN: a utility's OpenADR 3 server on loopback, for the demo home and for tests.

It speaks 3.0.1 or 3.1.0 over HTTP, with a token endpoint, roles, paging, targets, stored reports, and faults to
order. It keeps everything in memory and believes in whatever events it is given, malformed ones too.

    async with SimulatedVtn(V3_1_0, clock=time.time) as vtn:
        program = vtn.add("programs", {"programName": "dynamic tariff"})
        event = vtn.add("events", {"programID": program["id"], …})
        vtn.change("events", event["id"], {"priority": 0}); vtn.remove("events", event["id"])
        vtn.base_url, vtn.reports, vtn.log
"""

import asyncio
import base64
import json
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocols.openadr.client import read_json
from protocols.openadr.times import format_time
from protocols.openadr.versions import Version, read_targets

Object = dict[str, Any]
_MOST = 50
_START_S = 10.0
_LOGGED = 10_000


@dataclass(frozen=True, slots=True)
class _Collection:
    """The rules of one kind of object."""

    object_type: str
    writers: frozenset[str]
    required: tuple[str, ...]
    unique: str | None = None
    """Member whose value no two objects share."""
    owned: bool = False
    """A VEN sees only what it made itself."""
    filters: tuple[str, ...] = ()
    """Query parameters that select by the member of the same name."""


_ALL, _BL, _VEN = frozenset({"BL", "VEN"}), frozenset({"BL"}), frozenset({"VEN"})
_COLLECTIONS = {
    "programs": _Collection("PROGRAM", _BL, ("programName",), unique="programName"),
    "events": _Collection("EVENT", _BL, ("programID",), filters=("programID",)),
    "reports": _Collection(
        "REPORT",
        _VEN,
        ("eventID", "clientName", "resources"),
        owned=True,
        filters=("programID", "eventID", "clientName"),
    ),
    "vens": _Collection("VEN", _ALL, ("venName",), unique="venName", owned=True, filters=("venName",)),
    "resources": _Collection("RESOURCE", _ALL, ("resourceName",), owned=True, filters=("resourceName", "venID")),
}
_OWNER = "clientID"
_METADATA = {"id", "createdDateTime", "modificationDateTime"}


@dataclass(frozen=True, slots=True)
class VtnClient:
    """Someone who may talk to the VTN."""

    secret: str = field(repr=False)
    role: str = "VEN"
    """``VEN`` or ``BL`` (the utility's business logic)."""


class _Refusal(Exception):
    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail


class _Server(uvicorn.Server):
    """Uvicorn without its hands on the process's signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class SimulatedVtn:
    """One VTN. ``clock`` gives POSIX seconds; ``clients`` are ids with their secrets and roles."""

    def __init__(
        self,
        version: Version,
        *,
        clock: Callable[[], float],
        clients: Mapping[str, VtnClient] | None = None,
        token_lifetime_s: int = 3_600,
    ) -> None:
        self.version = version
        self.clients = dict(clients or {"home": VtnClient("home-secret"), "utility": VtnClient("utility", "BL")})
        self.token_lifetime_s = token_lifetime_s
        self.base_url = ""
        self.log: deque[tuple[str, str, int]] = deque(maxlen=_LOGGED)
        """Method, path and status of the latest requests served."""
        self._clock = clock
        self._objects: dict[str, dict[str, Object]] = {name: {} for name in _COLLECTIONS}
        self._tokens: dict[str, tuple[str, float]] = {}
        self._faults: deque[tuple[str, int, dict[str, str]]] = deque()
        self._count = 0
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    # -- what the utility does -----------------------------------------------------------------------------

    def add(self, collection: str, members: Object, owner: str | None = None) -> Object:
        """Put an object into ``programs``, ``events``, ``vens`` …; returns it with its metadata."""
        self._count += 1
        now = format_time(self._clock())
        stamp = {"id": f"{collection[:-1]}-{self._count}", "createdDateTime": now, "modificationDateTime": now}
        mine = {_OWNER: owner} if owner is not None else {}
        made = stamp | mine | members | {"objectType": _COLLECTIONS[collection].object_type}
        self._objects[collection][made["id"]] = made
        return made

    def change(self, collection: str, object_id: str, members: Object) -> Object:
        """Change members of an object; its ``modificationDateTime`` moves on."""
        changed = self._objects[collection][object_id] | {"modificationDateTime": format_time(self._clock())} | members
        self._objects[collection][object_id] = changed
        return changed

    def remove(self, collection: str, object_id: str) -> None:
        """Delete an object (an event: cancel it)."""
        self._objects[collection].pop(object_id, None)

    def fail(self, path: str, status: int, times: int = 1, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next ``times`` requests whose path begins with ``path`` by ``status``."""
        self._faults.extend([(path, status, dict(headers or {}))] * times)

    def revoke_tokens(self) -> None:
        """Forget every token given: the next request with one is answered 401."""
        self._tokens.clear()

    @property
    def reports(self) -> list[Object]:
        """Reports received, in order."""
        return list(self._objects["reports"].values())

    @property
    def vens(self) -> list[Object]:
        """VENs registered."""
        return list(self._objects["vens"].values())

    @property
    def resources(self) -> list[Object]:
        """Resources registered."""
        return list(self._objects["resources"].values())

    # -- running -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve; returns the base URL. Port 0: any free one."""
        listener = socket.create_server((host, port))
        config = uvicorn.Config(self.app(), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="simulated VTN")
        async with asyncio.timeout(_START_S):
            await self._server.ready.wait()
        self.base_url = f"http://{host}:{listener.getsockname()[1]}"
        return self.base_url

    async def stop(self) -> None:
        """Stop serving; what was stored stays readable."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    def app(self) -> Starlette:
        """The VTN as an ASGI application."""
        nested = "/vens/{venID}/resources" if self.version.typed_targets else "/resources"
        paths = {name: f"/{name}" for name in ("programs", "events", "reports", "vens")} | {"resources": nested}
        routes = [
            Route("/auth/token", self._serve(self._token), methods=["POST"]),
            Route("/auth/server", self._serve(self._auth_server), methods=["GET"]),
        ]
        for name, path in paths.items():
            one = f"{path}/{{objectID}}"
            routes += [
                Route(path, self._serve(self._on(name, self._list)), methods=["GET"]),
                Route(path, self._serve(self._on(name, self._create)), methods=["POST"]),
                Route(one, self._serve(self._on(name, self._read)), methods=["GET"]),
                Route(one, self._serve(self._on(name, self._update)), methods=["PUT"]),
                Route(one, self._serve(self._on(name, self._delete)), methods=["DELETE"]),
            ]
        return Starlette(routes=routes)

    # -- serving -------------------------------------------------------------------------------------------

    def _serve(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                self._fault(request)
                response: Response = await handler(request)
            except _Refusal as refusal:
                response = _problem(refusal.status, refusal.detail)
            self.log.append((request.method, request.url.path, response.status_code))
            return response

        return endpoint

    def _fault(self, request: Request) -> None:
        for fault in self._faults:
            path, status, _ = fault
            if request.url.path.startswith(path):
                self._faults.remove(fault)
                raise _Refusal(status, "a fault made to order")

    async def _auth_server(self, request: Request) -> Response:
        if self.version.auth_server_path is None:
            raise _Refusal(404, "OpenADR 3.0.1 has no /auth/server")
        return _json({"tokenURL": f"{self.base_url}/auth/token"})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") != "client_credentials":
            return _json({"error": "unsupported_grant_type"}, 400)
        client = self.clients.get(client_id)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            return _json({"error": "invalid_client"}, 401)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = (client_id, self._clock() + self.token_lifetime_s)
        return _json({"access_token": token, "token_type": "Bearer", "expires_in": self.token_lifetime_s})

    def _caller(self, request: Request) -> tuple[str, str]:
        """Client id and role, or 401."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        client_id, until_s = self._tokens.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or self._clock() >= until_s:
            raise _Refusal(401, "no valid bearer token")
        return client_id, self.clients[client_id].role

    def _on(self, name: str, action: Callable[..., Any]) -> Callable[[Request], Any]:
        async def handler(request: Request) -> Response:
            client_id, role = self._caller(request)
            rules = _COLLECTIONS[name]
            if request.method != "GET" and role not in rules.writers:
                raise _Refusal(403, f"a {role} may not write {name}")
            answer: Response = await action(request, name, client_id, role)
            return answer

        return handler

    async def _list(self, request: Request, name: str, client_id: str, role: str) -> Response:
        query = request.query_params
        found = [o for o in self._objects[name].values() if self._may_see(o, name, client_id, role)]
        for member in _COLLECTIONS[name].filters:
            wanted = request.path_params.get(member) or query.get(member)
            found = [o for o in found if wanted is None or o.get(member) == wanted]
        asked = set(query.getlist("targets") or query.getlist("targetValues"))
        if asked:
            found = [o for o in found if asked & {t.value for t in read_targets(o.get("targets"))}]
        skip, limit = _whole(query.get("skip", "0"), 2**31 - 1), _whole(query.get("limit", str(_MOST)), _MOST)
        return _json(found[skip : skip + limit])

    def _may_see(self, item: Object, name: str, client_id: str, role: str) -> bool:
        """VENs see their own objects, and of the utility's those that address them or everybody."""
        if role == "BL":
            return True
        if _COLLECTIONS[name].owned:
            return bool(item.get(_OWNER) == client_id)
        try:
            targets = {t.value for t in read_targets(item.get("targets"))}
        except ValueError:
            return True  # a malformed event made to order
        return not targets or not targets.isdisjoint(self._names_of(client_id))

    def _names_of(self, client_id: str) -> set[str]:
        mine = [o for name in ("vens", "resources") for o in self._objects[name].values() if o.get(_OWNER) == client_id]
        names = {str(o.get("venName") or o.get("resourceName")) for o in mine}
        return names | {t.value for o in mine for t in read_targets(o.get("targets"))}

    async def _create(self, request: Request, name: str, client_id: str, role: str) -> Response:
        members = await self._members(request, name)
        unique = _COLLECTIONS[name].unique
        if unique and any(o.get(unique) == members[unique] for o in self._objects[name].values()):
            raise _Refusal(409, f"{unique} “{members[unique]}” exists already")
        owner = members.get(_OWNER, client_id) if role == "BL" else client_id
        made = self.add(name, members, str(owner) if _COLLECTIONS[name].owned else None)
        return _json(made, 201)

    async def _members(self, request: Request, name: str) -> Object:
        """The request's object, checked as far as its required members."""
        try:
            members = read_json(await request.body())
        except Exception as problem:  # an unreadable body of any kind is a bad request
            raise _Refusal(400, f"the body is no JSON: {problem}") from problem
        if not isinstance(members, dict):
            raise _Refusal(400, "the body is no object")
        missing = [member for member in _COLLECTIONS[name].required if members.get(member) is None]
        if missing:
            raise _Refusal(400, f"missing: {', '.join(missing)}")
        return {key: value for key, value in members.items() if key not in _METADATA} | request.path_params

    def _one(self, request: Request, name: str, client_id: str, role: str) -> Object:
        found = self._objects[name].get(request.path_params["objectID"])
        if found is None or not self._may_see(found, name, client_id, role):
            raise _Refusal(404, f"no such object in {name}")
        return found

    async def _read(self, request: Request, name: str, client_id: str, role: str) -> Response:
        return _json(self._one(request, name, client_id, role))

    async def _update(self, request: Request, name: str, client_id: str, role: str) -> Response:
        found = self._one(request, name, client_id, role)
        members = await self._members(request, name)
        members.pop("objectID", None)
        return _json(self.change(name, found["id"], members | {"objectType": found["objectType"]}))

    async def _delete(self, request: Request, name: str, client_id: str, role: str) -> Response:
        found = self._one(request, name, client_id, role)
        self.remove(name, found["id"])
        return _json(found)


def _basic(request: Request) -> tuple[str, str] | None:
    """Credentials in the header (RFC 6749, 2.3.1), as some clients send them; OpenADR's own place is the form."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError as problem:
        raise _Refusal(400, "the credentials are not base64") from problem
    return unquote_plus(client_id), unquote_plus(secret)


def _whole(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise _Refusal(400, f"“{text[:20]}” is no whole number from 0 to {most}")
    return int(text)


def _json(content: object, status: int = 200) -> Response:
    """JSON that may hold NaN: a hostile utility's would."""
    return Response(json.dumps(content), status, media_type="application/json")


def _problem(status: int, detail: str) -> Response:
    return _json({"type": "about:blank", "title": "refused", "status": status, "detail": detail}, status)
