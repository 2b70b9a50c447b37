# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How another thread ends what a store does: the same for every engine."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from opskit.errors import Interrupted

_AGAIN = 0.1  # seconds


class Cancellation:
    """Decides between a commit and whoever wants to prevent it: the first of them prevails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._end: Callable[[], object] | None = None  # of the statement that runs now
        self._committing = False
        self.cancelled = False

    def cancel(self) -> bool:
        """Do what ``ClientStore.cancel`` promises."""
        with self._lock:
            if self._committing:
                return False
            again, self.cancelled = self.cancelled, True
            if self._end is not None and not again:
                threading.Thread(target=self._insist, daemon=True).start()
        return True

    def begin_change(self) -> None:
        """Take note of a new transaction, which has committed nothing yet."""
        with self._lock:
            self._committing = False

    def begin_commit(self) -> None:
        """Let nobody prevent the commit from now on.

        Raises:
            Interrupted: somebody has prevented it.
        """
        with self._lock:
            self.check()
            self._committing = True

    @contextmanager
    def statement(self, end: Callable[[], object]) -> Iterator[None]:
        """Run a statement that another thread may end.

        Args:
            end: asks the server to end it. It may take its time, and is repeated: a request that
                overtakes its statement has no effect.

        Raises:
            Interrupted: it did, whatever the driver says of it.
        """
        with self._lock:
            self.check()
            self._end = end
        try:
            yield
        except Exception:
            self.check()
            raise
        finally:
            self._end = None
            with self._sending:
                pass  # what is asked to end must not be freed, nor the next one be hit

    def check(self) -> None:
        """Go on only if it was not cancelled.

        Raises:
            Interrupted: it was.
        """
        if self.cancelled:
            raise Interrupted("Interrupted; nothing was written.") from None

    def _insist(self) -> None:
        while self._end is not None:
            # The connection may be gone, and the statement with it.
            with self._sending, suppress(Exception):
                if (end := self._end) is not None:
                    end()
            time.sleep(_AGAIN)
