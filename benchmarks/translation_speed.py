"""Translators: speed of training, greedy and beam search against PyTorch and CTranslate2, with equal weights.

On each backend, all sides do the same work alternately in one process with the same number of threads: training
batches of 64 x 32 target tokens, and 32 sentences of 32 words that are translated into exactly 32 words. Compilation
is excluded from the times; the duration of the first call is in a separate column. Rates are per CPU second, which is
less sensitive to other programs. Before a search is timed, its outputs are compared with ours.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import machine, report, worker

START, END = 2, 3
BEAMS = 5
TRANSFORMER = {"num_layers": 3, "num_heads": 4, "hidden_dim": 256, "feed_forward_dim": 1024}
#: Target rates relative to the peers.
ASKED = {"train": 1.0, "greedy": 1.0, "beam": 1.0}
#: Arguments of `measure` for small models that run quickly.
SMALL = {
    "vocabulary_size": 50,
    "transformer": {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "feed_forward_dim": 16},
    "recurrent_dim": 8,
    "batch": (4, 5),
    "search": (3, 6),
}


def measure(
    models: Sequence[str] = ("transformer", "recurrent"),
    tasks: Sequence[str] = ("greedy", "beam", "train"),
    runs: int = 5,
    peer_threads: int = 1,
    vocabulary_size: int = 8000,
    transformer: dict[str, int] = TRANSFORMER,
    recurrent_dim: int = 256,
    batch: Sequence[int] = (64, 32),
    search: Sequence[int] = (32, 32),
    jit: bool | str = "auto",
) -> list[dict[str, Any]]:
    """Times all sides on the current backend.

    Args:
        models: "transformer", "recurrent".
        tasks: "train", "greedy", "beam".
        runs: timed runs of each side.
        peer_threads: number of threads of PyTorch and CTranslate2; other libraries read it from the environment.
        vocabulary_size: vocabulary size of both languages.
        transformer: sizes of the Transformer.
        recurrent_dim: embedding dimension and number of units.
        batch: sentences and tokens of a training step.
        search: number of sentences, and of words of each source and translation.
        jit: `jit_compile` of Keras.

    Returns:
        A dict for each model, task and side: `rate` and `wall_rate`, tokens or sentences per CPU and wall-clock
        second, `first_s`, the share of `same` translations, and `ratio`, ours over the side's.
    """
    # Import PyTorch, which the peers use, before TensorFlow: the reverse order can crash the process.
    import torch  # isort: skip

    torch.set_num_threads(peer_threads)
    rows = []
    for model in models:
        sizes = transformer if model == "transformer" else {"dim": recurrent_dim}
        ours = Ours(model, vocabulary_size, sizes, search[1], jit)
        peers = peers_of(model, ours.weights(), sizes, peer_threads)
        for task in sorted(tasks, key="greedy beam train".split().index):  # training changes the weights
            sides = {"keras_embed": ours, **{name: peer for name, peer in peers.items() if hasattr(peer, task)}}
            work = Work(task, vocabulary_size, *(batch if task == "train" else search))
            rows += [{"model": model, **row} for row in timed(work, sides, runs)]
    return rows


class Ours:
    """A backbone of this library with training and search."""

    def __init__(self, model: str, vocabulary_size: int, sizes: dict[str, int], steps: int, jit: bool | str) -> None:
        import keras

        import keras_embed as ke

        # Weights are looked up by path, so names must have no numeric suffix.
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(1)
        shared = {"dropout": 0.1, "tie_embeddings": "target_softmax"}
        if model == "transformer":
            rest = dict(sizes)
            layers = rest.pop("num_layers")
            backbone = ke.backbones.TransformerSeq2SeqBackbone(
                vocabulary_size, vocabulary_size, layers, layers, **rest, **shared
            )
        else:
            dims = {"embedding_dim": sizes["dim"], "hidden_dim": sizes["dim"]}
            backbone = ke.backbones.RecurrentSeq2SeqBackbone(vocabulary_size, vocabulary_size, **dims, **shared)
        self.backbone = backbone
        self.model = keras.Model(backbone.input, backbone.output["logits"])
        loss = ke.losses.SmoothedCrossentropy(0.1)
        self.model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=jit)
        constraints = [ke.decoding.ForbiddenTokens((END,))]
        searches = {"greedy": ke.decoding.Greedy(), "beam": ke.decoding.BeamSearch(BEAMS, length_penalty=0.0)}
        self.searchers = {
            name: ke.decoding.Searcher(backbone, steps, search, constraints, START, END)
            for name, search in searches.items()
        }
        for searcher in self.searchers.values():
            searcher.compile(jit_compile=jit)

    def weights(self) -> dict[str, np.ndarray]:
        """Returns the weights by path, without the prefix of the layer that contains the target embedding."""
        return {weight.path.removeprefix("tokens/"): np.array(_numpy(weight)) for weight in self.backbone.weights}

    def train(self, work: "Work") -> Any:
        return self.model.train_on_batch(work.features, work.labels)

    def greedy(self, work: "Work") -> np.ndarray:
        return self._search("greedy", work)

    def beam(self, work: "Work") -> np.ndarray:
        return self._search("beam", work)

    def _search(self, name: str, work: "Work") -> np.ndarray:
        source = {name: work.features[name] for name in ("encoder_token_ids", "encoder_padding_mask")}
        return np.asarray(self.searchers[name].predict_on_batch(source)["token_ids"])[:, 0]


class InPyTorch:
    """A PyTorch peer with the same interface."""

    def __init__(self, peer: Any, trains: bool = True) -> None:
        self.peer = peer
        if trains:
            peer.prepare()
            self.train = lambda work: peer.train_step(work.source, work.target, work.tensor(work.labels))

    def greedy(self, work: "Work") -> np.ndarray:
        return self.peer.greedy(work.source, work.steps, START, END)

    def beam(self, work: "Work") -> np.ndarray:
        return self.peer.beam(work.source, work.steps, START, END, BEAMS)


class InCTranslate2:
    """CTranslate2 with the same interface, without training."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer

    def greedy(self, work: "Work") -> np.ndarray:
        return self.peer.search(work.features["encoder_token_ids"], work.steps, 1)

    def beam(self, work: "Work") -> np.ndarray:
        return self.peer.search(work.features["encoder_token_ids"], work.steps, BEAMS)


def peers_of(model: str, weights: dict[str, np.ndarray], sizes: dict[str, int], threads: int) -> dict[str, Any]:
    """Returns the peers by name."""
    from benchmarks import translation_peers, translation_recurrent_peer, translation_written_out

    if model == "recurrent":
        return {"PyTorch, a loop": InPyTorch(translation_recurrent_peer.Recurrent(weights))}
    heads = sizes["num_heads"]
    found = {
        "PyTorch, nn.Transformer": InPyTorch(translation_peers.PlainTransformer(weights, heads)),
        "PyTorch, JoeyNMT's way": InPyTorch(translation_written_out.WrittenOut(weights, heads)),
        "PyTorch with a cache": InPyTorch(translation_written_out.Cached(weights, heads), trains=False),
    }
    try:
        from benchmarks.translation_ctranslate2 import CTranslate2

        found["CTranslate2, float32"] = InCTranslate2(CTranslate2(weights, heads, threads))
    except ImportError:
        print("CTranslate2 is not installed and is skipped.")
    return found


class Work:
    """A batch of random token ids, shared by all sides.

    Args:
        task: "train", "greedy" or "beam".
        vocabulary_size: vocabulary size of both languages.
        sentences: batch size B.
        steps: number of tokens of each source and target.
    """

    def __init__(self, task: str, vocabulary_size: int, sentences: int, steps: int) -> None:
        rng = np.random.default_rng(0)
        source, labels = rng.integers(4, vocabulary_size, (2, sentences, steps)).astype("int32")
        target = np.concatenate([np.full((sentences, 1), START, "int32"), labels[:, :-1]], 1)
        self.task, self.steps, self.labels = task, steps, labels
        self.amount = sentences * steps if task == "train" else sentences
        self.features = {
            "encoder_token_ids": source,
            "encoder_padding_mask": source > 0,
            "decoder_token_ids": target,
            "decoder_padding_mask": target > 0,
        }
        self.source, self.target = self.tensor(source), self.tensor(target)

    def tensor(self, array: np.ndarray) -> Any:
        """Converts an array to a PyTorch tensor."""
        import torch

        return torch.tensor(array.astype("int64"))


def timed(work: Work, sides: dict[str, Any], runs: int) -> list[dict[str, Any]]:
    """Times the sides alternately and compares their first outputs with those of the first side, ours."""
    calls = {name: (lambda side=side: getattr(side, work.task)(work)) for name, side in sides.items()}
    firsts = {name: _seconds(call) for name, call in calls.items()}
    seconds: dict[str, list[Any]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            seconds[name].append(_seconds(call)[:2])
    rows: list[dict[str, Any]] = []
    for name, found in seconds.items():
        cpu, wall = np.median(np.array(found), axis=0)
        row = {"task": work.task, "side": name, "rate": work.amount / cpu, "wall_rate": work.amount / wall}
        row["first_s"] = firsts[name][1]
        row["spread"] = float(np.ptp(np.array(found)[:, 0]) / cpu)
        row["ratio"] = rows[0]["rate"] / row["rate"] if rows else 1.0
        row["wall_ratio"] = rows[0]["wall_rate"] / row["wall_rate"] if rows else 1.0
        if work.task != "train":
            ours = firsts["keras_embed"][2]
            row["same"] = float(np.mean(np.all(firsts[name][2] == ours, axis=-1)))
        rows.append(row)
    return rows


def _seconds(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Returns CPU seconds of all threads, wall-clock seconds, and the result."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = call()
    return time.process_time() - cpu, time.perf_counter() - wall, answer


def _numpy(weight: Any) -> np.ndarray:
    import keras

    return keras.ops.convert_to_numpy(weight)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table of all measurements."""
    units = {"train": "tokens/s", "greedy": "sentences/s", "beam": "sentences/s"}
    names = {"train": "training", "greedy": "greedy", "beam": f"beam {BEAMS}"}
    return report.table(
        [
            {
                "backend": row["backend"],
                "model": row["model"],
                "what": f"{names[row['task']]}, {units[row['task']]}",
                "side": row["side"],
                "per CPU second": _rate(row["rate"]),
                "keras_embed is": f"{row['ratio']:.2f}x" if row["side"] != "keras_embed" else "",
                "by the clock": f"{row['wall_ratio']:.2f}x" if row["side"] != "keras_embed" else "",
                "spread": f"{row['spread']:.0%}",
                "first call s": f"{row['first_s']:.1f}",
                "same answers": f"{row['same']:.0%}" if "same" in row else "",
            }
            for row in rows
        ]
    )


def by_task(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: a table for each backend and model, with rates and the relative speed of keras_embed."""
    backends = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    models = {"transformer": "Transformer"}
    columns = {"train": "training, tokens/s", "greedy": "greedy, sentences/s", "beam": f"beam {BEAMS}, sentences/s"}
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        name = f"{backends[row['backend']]}, {models.get(row['model'], row['model'])}"
        cells = tables.setdefault(name, {}).setdefault(row["side"], dict.fromkeys(columns.values(), ""))
        times = f" ({row['ratio']:.2f}x)" if row["side"] != "keras_embed" else ""
        cells[columns[row["task"]]] = _rate(row["rate"]) + times
    return "\n\n".join(
        report.table([{name: side, **cells} for side, cells in sides.items()]) for name, sides in tables.items()
    )


def _rate(rate: float) -> str:
    return f"{rate:.3g}" if rate < 100 else f"{rate:.0f}"


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints the table and writes translation_speed.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks translation_speed", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--models", nargs="+", default=["transformer", "recurrent"])
    parser.add_argument("--tasks", nargs="+", default=["greedy", "beam", "train"])
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side")
    parser.add_argument("--jit", action="store_true", help="compile with XLA on TensorFlow too")
    parser.add_argument("--small", action="store_true", help="use small models, to preview the report")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    wanted = {"models": options.models, "tasks": options.tasks, "runs": options.runs, "peer_threads": options.threads}
    wanted |= {"jit": True if options.jit else "auto", **(SMALL if options.small else {})}
    rows = [
        {"backend": backend, **row}
        for backend in options.backends
        for row in worker.call("benchmarks.translation_speed:measure", backend, options.threads, **wanted)
    ]
    saved = report.save("translation_speed", {"threads": options.threads, "rows": rows})
    print(f"\n{table(rows)}\n\n{by_task(rows)}\n\n{saved}")
