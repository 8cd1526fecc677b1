"""Axes to draw on, and the colours of all pictures."""

import importlib
from typing import Any

from keras_embed._errors import message

#: Okabe and Ito's palette (2008), which colour-blind readers can tell apart; yellow is left out, too pale for text.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

#: Fonts of many systems for letters that matplotlib's own font does not have: Chinese, Japanese, Korean, Devanagari.
WIDE_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Source Han Sans SC"),
    *("WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic"),
    *("Malgun Gothic", "SimHei", "Noto Sans Devanagari", "Nirmala UI", "Arial Unicode MS"),
)


def optional(module: str, package: str, purpose: str) -> Any:
    """A module of the extra `plots`, imported when a picture is asked for."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            message(f"{package} to be installed, for {purpose}", str(error), "pip install 'keras-embed[plots]'")
        ) from error


def axes(ax: Any, width: float, height: float, layout: str = "constrained") -> Any:
    """The axes that were given, or those of a new figure of so many inches."""
    if ax is None:
        pyplot = optional("matplotlib.pyplot", "matplotlib", "pictures")
        _, ax = pyplot.subplots(figsize=(width, height), layout=layout)
    return ax


def bare(ax: Any, *sides: str) -> None:
    """Takes away the frame on some sides."""
    for side in sides:
        ax.spines[side].set_visible(False)


def font_families() -> list[str]:
    """The user's fonts, then those of `WIDE_FONTS` that are installed: a letter comes from the first that has it."""
    manager = optional("matplotlib.font_manager", "matplotlib", "pictures")
    own = optional("matplotlib", "matplotlib", "pictures").rcParams["font.family"]
    installed = set(manager.get_font_names())
    return [*own, *(name for name in WIDE_FONTS if name in installed)]
