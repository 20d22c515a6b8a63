"""Who wants to be told of something, without being kept alive for it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from types import MethodType


class Watchers:
    """Bound methods without parameters, held weakly.

    Not by `weakref.WeakMethod`: when it is collected together with the object, it complains on standard error
    (Python 3.11 and 3.12).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._methods: list[tuple[weakref.ref[object], Callable[[object], None]]] = []

    def add(self, method: Callable[[], None]) -> None:
        """Have a method called from now on.

        Parameters
        ----------
        method : callable
            A bound method without parameters.
        """
        assert isinstance(method, MethodType)
        with self._lock:
            self._methods.append((weakref.ref(method.__self__), method.__func__))

    def tell(self) -> None:
        """Call every method whose object is still there, in this thread."""
        with self._lock:
            self._methods = [known for known in self._methods if known[0]() is not None]
            methods = tuple(self._methods)
        for reference, function in methods:
            watcher = reference()
            if watcher is not None:
                function(watcher)
