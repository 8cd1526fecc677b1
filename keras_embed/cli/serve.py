"""`keras-embed serve`."""

import argparse
import importlib
import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from keras_embed._backend import import_quietly
from keras_embed._errors import message
from keras_embed.cli._shared import Commands, add_command, add_json, json_line, positive, positive_float

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from keras_embed.serving import ServedModel, ServedVectors

_Served: TypeAlias = "ServedModel | ServedVectors"

_EXAMPLES = (
    "keras-embed serve exported/ner",
    "keras-embed serve names=exported/ner/1 reviews=exported/reviews/1 --port 8080",
    "keras-embed serve --vectors vectors.txt",
)


def add(commands: Commands) -> None:
    """Adds the command."""
    summary = "serve exported models and word vectors with TensorFlow Serving's REST API, and a web page to try them"
    parser = add_command(commands, "serve", run, summary, _EXAMPLES)
    parser.rest = "models"
    parser.add_argument("models", nargs="*", metavar="[NAME=]DIR", help="folder of a SavedModel, or of its versions")
    help = "word vectors in any common format, served for nearest neighbours; may be repeated"
    parser.add_argument("--vectors", action="append", default=[], metavar="[NAME=]FILE", help=help)
    help = (
        "address to listen at (127.0.0.1: requests from and to this machine only; other addresses accept any host name)"
    )
    parser.add_argument("--host", default="127.0.0.1", help=help)
    parser.add_argument("--port", type=_port, default=8501, help="port to listen at (8501); 0 selects a free one")
    parser.add_argument(
        "--max-bytes", type=positive, default=1 << 20, metavar="N", help="maximum size of a request (1048576)"
    )
    parser.add_argument(
        "--max-rows", type=positive, default=64, metavar="N", help="maximum number of texts in a request (64)"
    )
    parser.add_argument("--seconds", type=positive_float, default=30.0, metavar="N", help="timeout of a request (30)")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="requests processed at a time (2)")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Loads the models and serves until it is interrupted."""
    if not options.models and not options.vectors:
        options.parser.error("expected a DIR, or --vectors, received neither")
    uvicorn = _uvicorn()
    import_quietly("keras", *(["tensorflow"] if options.models else []))
    from keras_embed.serving import rest_app

    with socket.create_server(
        (options.host, options.port)
    ) as listening:  # an occupied port is an error before models are loaded
        models = _loaded(options)
        limits = (options.max_bytes, options.max_rows, options.seconds, options.threads)
        app = rest_app(models, *limits, hosts=_hosts(options.host))
        address = f"http://{options.host}:{listening.getsockname()[1]}"
        _announce(address, models, options.json)
        serve(uvicorn, app, listening)


def _loaded(options: argparse.Namespace) -> dict[str, _Served]:
    """Loads models and vectors; returns them by name."""
    from keras_embed import vectors
    from keras_embed.serving import ServedModel, ServedVectors

    loaders: list[tuple[str, Callable[[str, str | None], _Served]]] = [(text, ServedModel) for text in options.models]
    loaders += [
        (text, lambda file, name: ServedVectors(vectors.load(file), name or Path(file).stem))
        for text in options.vectors
    ]
    found: dict[str, _Served] = {}
    for text, load in loaders:
        name, path = _named(text)
        if not options.json and Path(path).exists():
            print(f"Loading {path} ...", flush=True)
        model = load(path, name)
        if model.name in found:
            options.parser.error(f"expected models of different names, received {model.name!r} twice; NAME=...")
        found[model.name] = model
    return found


def _hosts(host: str) -> tuple[str, ...]:
    """Returns the allowed values of the header `Host` of a request.

    Example:
    >>> _hosts("127.0.0.2"), _hosts("localhost"), _hosts("0.0.0.0")
    (('localhost', '127.0.0.1', '127.0.0.2'), ('localhost', '127.0.0.1'), ('*',))
    """
    from keras_embed.serving.rest_app import LOCAL_HOSTS

    if host in LOCAL_HOSTS:
        return LOCAL_HOSTS
    return (*LOCAL_HOSTS, host) if host.startswith("127.") else ("*",)


def serve(uvicorn: ModuleType, app: "Starlette", listening: socket.socket) -> None:
    """Serves requests on a socket.

    Args:
        uvicorn: the module.
        app: the application of `serving.rest_app`.
        listening: a bound socket.
    """
    settings = uvicorn.Config(app, log_level="warning", lifespan="on", limit_concurrency=256, timeout_keep_alive=5)
    uvicorn.Server(settings).run(sockets=[listening])


def _announce(address: str, models: dict[str, _Served], as_json: bool) -> None:
    if as_json:
        print(json_line({"address": address, "models": sorted(models)}), flush=True)
        return
    print(f"The page is at {address}/ ; stop with Ctrl-C.")
    for name in sorted(models):
        print(f"POST {address}/v1/models/{name}:predict", flush=True)


def _named(text: str) -> tuple[str | None, str]:
    """Splits `NAME=DIR` into name and folder.

    Example:
    >>> _named("ner=exported/ner/1"), _named("exported/ner")
    (('ner', 'exported/ner/1'), (None, 'exported/ner'))
    """
    name, sign, folder = text.partition("=")
    if not sign or "/" in name:
        return None, text
    if not name or ":" in name:
        raise ValueError(message("a name without colons", text, "NAME=DIR"))
    return name, folder


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, received {text!r}")
    return int(text)


def _uvicorn() -> ModuleType:
    try:
        return importlib.import_module("uvicorn")
    except ImportError as missing:
        text = message("the package `uvicorn` for serving", str(missing), "pip install 'keras-embed[serve]'")
        raise ImportError(text) from missing
