"""ELMo at full size: tokens per second and LSTM FLOP rate, against the published forward pass in PyTorch.

On each backend, both sides process the same batches of real sentences alternately in one process, with the same number
of threads and the same random weights of the published shapes. Compilation is excluded from the times.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import machine, report, worker
from benchmarks.timing import alternate

#: Targets: tokens per second relative to the peer, and share of the rate of a large matrix product.
ASKED = {"whole model": 3.0, "LSTMs": 0.6}
ROWS = 32
#: Size of a square matrix product that measures the peak rate.
SQUARE = 2048
#: Arguments of `measure` for a small model that runs quickly.
SMALL = {"hidden_dim": 64, "projection_dim": 16, "filters": ((1, 8), (3, 16)), "char_dim": 8, "square": 256, "steps": 6}


def measure(
    corpus: str = "ud_english_ewt",
    batches: int = 3,
    runs: int = 5,
    steps: int = 24,
    square: int = SQUARE,
    seed: int = 1,
    **sizes: Any,
) -> dict[str, Any]:
    """Times both sides on the current backend and checks that their outputs are equal.

    Args:
        corpus: corpus whose training split provides the batches.
        batches: number of batches of `ROWS` sentences.
        runs: timed runs of each side.
        steps: length of the unpadded batch that measures the LSTMs.
        square: size of the matrix product that measures the rate of the machine.
        seed: seed of the weights and of the choice of sentences.
        **sizes: arguments of `ElmoBackbone`, for a smaller model.

    Returns:
        `models`, a dict for each batching; `parts`, a dict for each part of the model; `difference`, the maximum
        absolute difference of the outputs; `parameters`.
    """
    # Import PyTorch, which the peer uses, before TensorFlow: the reverse order can crash the process.
    from benchmarks import elmo_peer  # isort: skip
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(seed)
    elmo = ke.backbones.ElmoBackbone(**sizes)
    characters = ke.text.ElmoCharacters(elmo.max_characters)
    peer = elmo_peer.PublishedElmo(elmo_peer.weights_of(elmo))
    chosen = chosen_batches(ke.corpora.load(corpus, split=("train",))[0].tokens, batches, seed)
    words = {word for batch in chosen["as they come"] for sentence in batch for word in sentence}
    cached = elmo.cache_vocabulary(words)
    models, difference = [], 0.0
    for order, sentences in chosen.items():
        theirs = [elmo_peer.batch_of(batch, characters) for batch in sentences]
        for name, model, vocabulary in (
            ("every word through its filters", elmo, None),
            ("all words known", cached, ke.text.Vocabulary(words)),
        ):
            if vocabulary is not None and order == "by length":
                continue
            mine = [ke.text.elmo_features(batch, characters, vocabulary) for batch in sentences]
            difference = max(difference, *map(_difference(peer, model), theirs, mine))
            tokens = int(sum(features["padding_mask"].sum() for features in mine))
            places = sum(ROWS * features["padding_mask"].shape[1] for features in mine)
            models.append({"order": order, "way": name, "tokens": tokens, "places": places})
            models[-1] |= timed(lambda: [peer(*batch) for batch in theirs], _run(model, mine), runs)  # noqa: B023
    return {
        "models": models,
        "parts": [*encoders(elmo, peer, chosen["as they come"][0], runs), *lstms(elmo, peer, steps, square, runs)],
        "difference": difference,
        "parameters": elmo.count_params(),
    }


def chosen_batches(sentences: Sequence[Sequence[str]], batches: int, seed: int) -> dict[str, list[Any]]:
    """Returns batches of random sentences, and as many batches of sentences sorted by length."""
    order = np.random.default_rng(seed).permutation(len(sentences))
    drawn = [list(sentences[place]) for place in order if sentences[place]]
    sorted_ = sorted(drawn[: ROWS * ROWS], key=len)
    starts = [len(sorted_) * (2 * place + 1) // (2 * batches) // ROWS * ROWS for place in range(batches)]
    return {
        "as they come": [drawn[start : start + ROWS] for start in range(0, ROWS * batches, ROWS)],
        "by length": [sorted_[start : start + ROWS] for start in starts],
    }


def timed(peer: Callable[[], Any], ours: Callable[[], Any], runs: int) -> dict[str, Any]:
    """Returns milliseconds of both sides, and the speed of ours relative to the peer's."""
    theirs, mine = alternate((peer, ours), runs)
    return {"peer_ms": theirs, "ours_ms": mine, "ratio": theirs["median"] / mine["median"]}


def encoders(elmo: Any, peer: Any, sentences: Sequence[Sequence[str]], runs: int) -> list[dict[str, Any]]:
    """Times the character encoders: the peer encodes each position, keras_embed each distinct word once."""
    import keras
    import torch

    import keras_embed as ke
    from benchmarks import elmo_peer

    characters = ke.text.ElmoCharacters(elmo.max_characters)
    rows, _ = elmo_peer.batch_of(sentences, characters)
    distinct = torch.unique(rows.reshape(-1, rows.shape[-1]), dim=0)
    inputs = keras.Input((elmo.max_characters,), dtype="int32")
    model = keras.Model(inputs, elmo.token_encoder(inputs))

    def each(rows: torch.Tensor) -> Callable[[], Any]:
        return torch.no_grad()(lambda: peer.tokens(rows[None]))

    flat = rows.reshape(-1, rows.shape[-1])
    found = []
    for name, theirs, mine in (("word encoder", flat, distinct), ("word encoder, the same rows", distinct, distinct)):
        found.append({"part": name, "rows": [len(theirs), len(mine)]})
        found[-1] |= timed(each(theirs), _run(model, [mine.numpy().astype("int32")]), runs)
    return found


def lstms(elmo: Any, peer: Any, steps: int, square: int, runs: int) -> list[dict[str, Any]]:
    """Measures the rates of the LSTMs on an unpadded batch and of large matrix products, for both sides."""
    import keras
    import torch

    stack, dim = elmo.stack, elmo.projection_dim
    x = np.random.default_rng(0).normal(size=(ROWS, steps, 2, dim)).astype("float32")
    inputs = keras.Input((None, 2, dim))
    model = keras.Model(inputs, stack(inputs))
    streams, real = torch.tensor(x), torch.ones((ROWS, steps))

    @torch.no_grad()
    def theirs() -> None:
        for direction in (0, 1):
            y = streams[:, :, direction]
            for layer in range(stack.num_layers):
                y = peer.read(y, real, direction, layer) + (y if layer else 0)

    row = {"part": "LSTMs", "rows": [ROWS * steps] * 2} | timed(theirs, _run(model, [x]), runs)
    matrix = np.random.default_rng(0).normal(size=(square, square)).astype("float32")
    peer_matrix = torch.tensor(matrix)
    product = {"part": f"product of {square} x {square}", "rows": [square] * 2}
    product |= timed(lambda: peer_matrix @ peer_matrix, _product(matrix), runs)
    of_step = 4 * stack.hidden_dim * 2 * dim + stack.hidden_dim * dim  # multiplications per row, step and LSTM
    for found, work in ((row, 2 * stack.num_layers * ROWS * steps * of_step), (product, square**3)):
        for side in ("peer", "ours"):
            found[f"{side}_gflops"] = 2 * work / found[f"{side}_ms"]["median"] / 1e6
    return [row, product]


def _product(matrix: np.ndarray) -> Callable[[], Any]:
    """Returns the square of a matrix as a compiled model, so that a model can reach its rate."""
    import keras

    class Square(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            # Return a scalar, so that copying the product is not measured.
            return keras.ops.sum(keras.ops.matmul(x, x)[:1], axis=-1)

        def compute_output_shape(self, shape: Any) -> Any:
            return (1,)

    inputs = keras.Input((len(matrix),))
    return _run(keras.Model(inputs, Square()(inputs)), [matrix])


def _run(model: Any, batches: Sequence[Any]) -> Callable[[], Any]:
    return lambda: [model.predict_on_batch(batch) for batch in batches]


def _difference(peer: Any, model: Any) -> Callable[[Any, Any], float]:
    def found(theirs: Any, mine: Any) -> float:
        return float(np.abs(peer(*theirs).numpy() - model.predict_on_batch(mine)["layer_outputs"]).max())

    return found


def tables(results: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: the whole model, then its parts."""
    models = [
        {
            "backend": result["backend"],
            "batches": row["order"],
            "keras_embed": row["way"],
            "real of all places": f"{row['tokens'] / row['places']:.0%}",
            "PyTorch tokens/s": f"{1e3 * row['tokens'] / row['peer_ms']['median']:.0f}",
            "keras_embed tokens/s": f"{1e3 * row['tokens'] / row['ours_ms']['median']:.0f}",
            "asked": f"{ASKED['whole model']:g}x",
            "measured": f"{row['ratio']:.2f}x",
            "greatest difference": f"{result['difference']:.1e}",
        }
        for result in results
        for row in result["models"]
    ]
    parts = [
        {
            "backend": result["backend"],
            "part": row["part"],
            "rows": "{} / {}".format(*row["rows"]),
            "PyTorch ms": f"{row['peer_ms']['median']:.0f}",
            "keras_embed ms": f"{row['ours_ms']['median']:.0f}",
            "ratio": f"{row['ratio']:.2f}x",
            "GFLOP/s": "{:.0f} / {:.0f}".format(row["peer_gflops"], row["ours_gflops"]) if "peer_gflops" in row else "",
            "of the product's": _shares(row, result["parts"][-1]),
        }
        for result in results
        for row in result["parts"]
    ]
    return f"{report.table(models)}\n\n{report.table(parts)}"


def _shares(row: dict[str, Any], product: dict[str, Any]) -> str:
    if row["part"] != "LSTMs":
        return ""
    shares = [row[f"{side}_gflops"] / product[f"{side}_gflops"] for side in ("peer", "ours")]
    return "{:.0%} / {:.0%}".format(*shares) + f" (asked {ASKED['LSTMs']:.0%})"


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints the tables and writes elmo.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks elmo", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--batches", type=int, default=3, help=f"of {ROWS} sentences")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side")
    parser.add_argument("--small", action="store_true", help="use a small model, to preview the report")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    wanted = {"batches": options.batches, "runs": options.runs, **(SMALL if options.small else {})}
    results = [
        {"backend": backend, **worker.call("benchmarks.elmo:measure", backend, options.threads, **wanted)}
        for backend in options.backends
    ]
    print(f"\n{tables(results)}\n\n{report.save('elmo', {'threads': options.threads, 'results': results})}")
