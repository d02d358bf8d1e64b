"""How Python's collector of cyclic garbage treats what a process keeps for as long as it lives."""

import gc

_YOUNG, _MIDDLE, _OLD = 10_000, 20, 50
"""Objects, and collections of the generation below, after which a generation is looked through.

Python's own 700, 10 and 10 suit programs that keep little. ORM rows and templates come by the thousand, and
each round through the modules and models that stay takes time and finds nothing.
"""


def settle_heap() -> None:
    """Leave everything that is loaded by now out of later collections, and have them come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
