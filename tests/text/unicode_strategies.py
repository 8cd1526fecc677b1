"""Text in characters on whose properties every Unicode version since 3.2 agrees: libraries are of different ages."""

import sys
import unicodedata

import hypothesis.strategies as st

_OLD = [
    chr(point)
    for point in range(sys.maxunicode + 1)
    if unicodedata.ucd_3_2_0.category(chr(point)) == unicodedata.category(chr(point)) not in ("Cn", "Cs")
]
CASED = "aBЖжßǅΣσςİı٣4१Ⅷª"
STABLE_TEXT = st.text(st.one_of(st.sampled_from(CASED), st.sampled_from(_OLD), st.sampled_from("\0\n -'")), max_size=8)
