"""A web application with TensorFlow Serving's REST API, and a page to try the models."""

import asyncio
import base64
import contextlib
import hashlib
import importlib
import json
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from keras_embed._errors import check_positive, message
from keras_embed._types import Json
from keras_embed.serving.request_values import RequestError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response

_PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?(?P<what>:[a-z]+|/metadata)?")
LOCAL_HOSTS = ("localhost", "127.0.0.1")


class Servable(Protocol):
    """`ServedModel` or `ServedVectors`."""

    name: str
    version: int

    def predict(self, body: Json, max_rows: int | None = None) -> dict[str, Json]:
        """Answers a request for `predict`."""
        ...

    def status(self) -> dict[str, Json]:
        """Returns the answer to a request for the status."""
        ...

    def metadata(self) -> dict[str, Json]:
        """Returns the answer to a request for the metadata."""
        ...


def rest_app(
    models: Mapping[str, Servable],
    max_bytes: int = 1 << 20,
    max_rows: int = 64,
    seconds: float = 30.0,
    threads: int = 2,
    hosts: Sequence[str] = LOCAL_HOSTS,
) -> "Starlette":
    """Returns an ASGI application that serves models; `keras-embed serve` runs it.

        GET  /                                           the page
        GET  /healthz                                    {"status": "ok", "models": [...]}
        GET  /v1/models/NAME[/versions/N]                status
        GET  /v1/models/NAME[/versions/N]/metadata       signatures
        POST /v1/models/NAME[/versions/N]:predict        answers; see `predict` of either

    Errors are JSON objects with `error`: 400 for a malformed request, 404 for an unknown path or model, 405, 413 for a
    body that is too long, 503 if too many requests wait, 504 if an answer takes too long. In that case it still
    occupies its thread; later requests wait for a free thread.

    Args:
        models: `ServedModel` or `ServedVectors` by name.
        max_bytes: Maximum length of the body of a request.
        max_rows: Maximum number of rows in a request.
        seconds: Maximum time from the end of a request's headers to its answer.
        threads: Number of requests that run at the same time.
        hosts: Allowed `Host` headers, so that pages of other sites cannot reach the application by DNS rebinding; "*"
            allows all.

    Returns:
        `starlette.applications.Starlette`.

    Raises:
        ImportError: If Starlette is not installed; the extra is `serve`.
        ValueError: If a limit is not positive, or `seconds` is infinite.

    Example:
    >>> app = rest_app({})
    >>> [route.path for route in app.routes]
    ['/', '/healthz', '/v1/models/{rest:path}']
    """
    for name, value in (("max_bytes", max_bytes), ("max_rows", max_rows), ("threads", threads)):
        check_positive(name, value)
    if not 0 < seconds < math.inf:
        raise ValueError(message("`seconds` to be a positive number", seconds))
    starlette = _starlette()
    api = _Api(dict(models), max_bytes, max_rows, seconds, threads)
    routes = [
        starlette["routing"].Route("/", _page_route(starlette["responses"])),
        starlette["routing"].Route("/healthz", api.health),
        starlette["routing"].Route("/v1/models/{rest:path}", api.model, methods=["GET", "POST"]),
    ]
    guard = starlette["middleware"].Middleware(
        importlib.import_module("starlette.middleware.trustedhost").TrustedHostMiddleware, allowed_hosts=list(hosts)
    )
    errors = {starlette["exceptions"].HTTPException: api.http_error, RequestError: api.request_error, 500: api.failure}
    return starlette["applications"].Starlette(
        routes=routes, middleware=[guard], exception_handlers=errors, lifespan=api.lifespan
    )


class _Api:
    """The handlers, and the threads that the models run in."""

    def __init__(
        self, models: dict[str, Servable], max_bytes: int, max_rows: int, seconds: float, threads: int
    ) -> None:
        self._models = models
        self._max_bytes, self._max_rows, self._seconds = max_bytes, max_rows, seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="model")
        # Bounds the queue of the threads, which has no limit of its own.
        self._waiting = asyncio.Semaphore(32 * threads)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: "Starlette") -> AsyncIterator[None]:
        yield
        # Running predictions cannot be stopped; waiting ones are cancelled.
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def health(self, request: "Request") -> "Response":
        return _json({"status": "ok", "models": sorted(self._models)})

    async def model(self, request: "Request") -> "Response":
        """Answers with status, metadata or predictions."""
        found = _PATH.fullmatch(request.url.path)
        if found is None:
            raise RequestError(message("a path such as /v1/models/NAME:predict", request.url.path), 404)
        model = self._find(found["name"], found["version"])
        if request.method == "GET" and found["what"] is None:
            return _json(model.status())
        if request.method == "GET" and found["what"] == "/metadata":
            return _json(model.metadata())
        if found["what"] == ":predict":
            if request.method != "POST":
                raise RequestError(message("POST", request.method), 405)
            return _json(await self._timed(request, model))
        expected = "GET of a model, GET of its /metadata or POST to its :predict"
        raise RequestError(message(expected, f"{request.method} {request.url.path}"), 404)

    def _find(self, name: str, version: str | None) -> Servable:
        model = self._models.get(name)
        if model is None or version not in (None, str(model.version)):
            known = sorted(f"{one.name}, version {one.version}" for one in self._models.values())
            received = name if version is None else f"{name}, version {version}"
            raise RequestError(message(f"a model among {known}", received), 404)
        return model

    async def _timed(self, request: "Request", model: Servable) -> dict[str, Json]:
        try:
            # The limit covers the body as well: a slow client cannot hold a connection for longer.
            async with asyncio.timeout(self._seconds):
                body = await self._body(request)
                return await self._run(lambda: model.predict(_parsed(body), self._max_rows))
        except TimeoutError as error:
            text = message(f"a request that takes at most {self._seconds:g} seconds", "a longer one", "fewer rows")
            raise RequestError(text, 504) from error

    async def _body(self, request: "Request") -> bytes:
        body = bytearray()  # read in parts, to stop as soon as it is too long
        async for part in request.stream():
            body += part
            if len(body) > self._max_bytes:
                text = message(f"a body of at most {self._max_bytes:,} bytes", "a longer one", "several requests")
                raise RequestError(text, 413)
        return bytes(body)

    async def _run(self, answer: Callable[[], dict[str, Json]]) -> dict[str, Json]:
        """Runs `answer` in a thread; a request that is cancelled while it waits for one is never run."""
        # At most 32 requests per thread wait; further ones are refused at once.
        if self._waiting.locked():
            raise RequestError(message("fewer requests at a time", "too many", "again later"), 503)
        async with self._waiting:
            return await asyncio.wrap_future(self._threads.submit(answer))

    async def http_error(self, request: "Request", error: "HTTPException") -> "Response":
        return _json({"error": f"{error.detail}: {request.method} {request.url.path}"}, error.status_code)

    async def request_error(self, request: "Request", error: RequestError) -> "Response":
        return _json({"error": str(error)}, error.status)

    async def failure(self, request: "Request", error: Exception) -> "Response":
        # An error of the server; the log shows it.
        return _json({"error": f"The model failed: {type(error).__name__}"}, 500)


def _parsed(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(message("a body in JSON", f"{error}")) from error


def _json(content: Json, status: int = 200) -> "Response":
    """Returns a JSON response, with NaN and Infinity as in TensorFlow Serving."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    response = importlib.import_module("starlette.responses").Response
    return response(body, status, media_type="application/json", headers={"X-Content-Type-Options": "nosniff"})


def _page_route(responses: ModuleType) -> Callable[["Request"], Awaitable["Response"]]:
    """Returns the handler of the page, whose policy allows only its own script and style, and no other host."""
    html = resources.files("keras_embed.serving").joinpath("page.html").read_text("utf-8")
    # The policy allows the page's own script and style by their digests, and nothing else.
    sources = {
        f"{kind}-src": " ".join(f"'sha256-{_digest(part)}'" for part in re.findall(f"<{tag}>(.*?)</{tag}>", html, re.S))
        for kind, tag in (("script", "script"), ("style", "style"))
    }
    none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    policy = {**none, **sources, "connect-src": "'self'", "img-src": "data:"}
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }

    async def page(request: "Request") -> "Response":
        return responses.HTMLResponse(html, headers=headers)

    return page


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _starlette() -> dict[str, ModuleType]:
    try:
        names = ("applications", "exceptions", "middleware", "responses", "routing")
        return {name: importlib.import_module(f"starlette.{name}") for name in names}
    except ImportError as missing:
        text = message("the package `starlette` for serving", str(missing), "pip install 'keras-embed[serve]'")
        raise ImportError(text) from missing
