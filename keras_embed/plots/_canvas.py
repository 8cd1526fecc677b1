"""Axes, colours and fonts of all plots."""

import importlib
from typing import TYPE_CHECKING, Any

from keras_embed._errors import message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Palette of Okabe and Ito (2008), suitable for colour-blind readers; without yellow, which is too pale for text.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

#: Fonts of common systems for scripts that matplotlib's own font lacks: Chinese, Japanese, Korean, Devanagari.
WIDE_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Source Han Sans SC"),
    *("WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic"),
    *("Malgun Gothic", "SimHei", "Noto Sans Devanagari", "Nirmala UI", "Arial Unicode MS"),
)


def optional(module: str, package: str, purpose: str) -> Any:
    """Imports a module of the extra `plots`.

    Args:
        module: module name.
        package: name of the package that has it.
        purpose: what it is needed for, a clause after "for".

    Raises:
        ImportError: If the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            message(f"{package} to be installed, for {purpose}", str(error), "pip install 'keras-embed[plots]'")
        ) from error


def axes(ax: "Axes | None", width: float, height: float, layout: str = "constrained") -> "Axes":
    """Returns `ax`, or if it is `None` the axes of a new figure, whose size is in inches."""
    if ax is None:
        pyplot = optional("matplotlib.pyplot", "matplotlib", "pictures")
        _, new = pyplot.subplots(figsize=(width, height), layout=layout)
        return new
    return ax


def bare(ax: "Axes", *sides: str) -> None:
    """Hides the frame on some sides."""
    for side in sides:
        ax.spines[side].set_visible(False)


def font_families() -> list[str]:
    """Returns the user's fonts, then the installed ones of `WIDE_FONTS`; a letter is drawn in the first that has it."""
    manager = optional("matplotlib.font_manager", "matplotlib", "pictures")
    own = optional("matplotlib", "matplotlib", "pictures").rcParams["font.family"]
    installed = set(manager.get_font_names())
    return [*own, *(name for name in WIDE_FONTS if name in installed)]
