"""Who wants to be told of something, without being kept alive for it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable


class Watchers:
    """Bound methods without parameters, held weakly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._methods: list[weakref.WeakMethod[Callable[[], None]]] = []

    def add(self, method: Callable[[], None]) -> None:
        """Have a method called from now on.

        Parameters
        ----------
        method : callable
            A bound method without parameters.
        """
        with self._lock:
            self._methods.append(weakref.WeakMethod(method))

    def tell(self) -> None:
        """Call every method whose object is still there, in this thread."""
        with self._lock:
            self._methods = [reference for reference in self._methods if reference() is not None]
            references = tuple(self._methods)
        for reference in references:
            if method := reference():
                method()
