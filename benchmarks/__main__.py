"""`python -m benchmarks` lists the benchmarks; `python -m benchmarks crf --help` shows the options of one."""

import importlib
import os
import sys
from collections.abc import Sequence

NAMES = ("crf", "elmo", "feature_cache", "kneser_ney", "tagger", "transfer", "padding", "import_time", "machine")
NAMES += ("tfidf", "vectors_io", "skipgram", "vector_scores", "classify", "translation", "translation_speed")
NAMES += ("pretraining", "similarity", "spans", "fresh_clone", "all")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one benchmark.

    Args:
        arguments: name of the benchmark and its arguments; by default those of this process.

    Returns:
        The exit status, 0 on success.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help"}:
        print("python -m benchmarks NAME [--help], NAME one of\n")
        for name in NAMES:
            document = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
            print(f"  {name:18} {document.splitlines()[0]}")
        return 0
    if words[0] not in NAMES:
        print(f"Expected the name of a benchmark: {', '.join(NAMES)}. Received: {words[0]!r}.", file=sys.stderr)
        return 2
    return importlib.import_module(f"benchmarks.{words[0]}").main(words[1:]) or 0


if __name__ == "__main__":
    for cap in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(cap, "1")  # as in the Makefile, so that figures do not depend on the caller
    sys.exit(main())
