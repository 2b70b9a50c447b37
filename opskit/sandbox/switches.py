# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which faults are on in one environment, shared by all threads of the sandbox's process."""

import threading
from collections.abc import Callable

from opskit.sandbox.faults import ONE_SHOT, Fault, Setting

Watcher = Callable[[Setting | None], None]
"""Called before a fault changes: with its setting when it goes on, with None when it goes off."""


class Switches:
    """The faults of one environment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: dict[Fault, Setting] = {}
        self._watchers: dict[Fault, Watcher] = {}

    def watch(self, fault: Fault, watcher: Watcher) -> None:
        """Call ``watcher`` whenever ``fault`` is switched."""
        self._watchers[fault] = watcher

    def turn_on(self, fault: Fault, setting: Setting) -> None:
        """Switch a fault on, or give it another setting."""
        self._notify(fault, setting)
        with self._lock:
            self._settings[fault] = setting

    def turn_off(self, fault: Fault) -> None:
        """Switch a fault off; it may be off already."""
        self._notify(fault, None)
        with self._lock:
            self._settings.pop(fault, None)

    def meets(self, fault: Fault) -> bool:
        """Tell whether a request meets the fault; one-shot faults are met by one request only."""
        with self._lock:
            if fault in ONE_SHOT:
                return self._settings.pop(fault, None) is not None
            return fault in self._settings

    def seconds(self, fault: Fault) -> float:
        """Return the seconds that a fault was switched on with; 0 while it is off."""
        with self._lock:
            setting = self._settings.get(fault)
        return setting.seconds or 0.0 if setting else 0.0

    def names(self) -> tuple[str, ...]:
        """Return the faults that are on, in their listed order."""
        with self._lock:
            return tuple(str(fault) for fault in Fault if fault in self._settings)

    def _notify(self, fault: Fault, setting: Setting | None) -> None:
        if watcher := self._watchers.get(fault):
            watcher(setting)
