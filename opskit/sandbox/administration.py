# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What an administrator sets in a Creatio: its link to the Identity Service, and one feature.

It lives as long as the sandbox. The client's id and secret are kept, and nothing asks for them; the
address and the feature decide whether Bearer tokens are accepted.
"""

import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

IDENTITY_URL = "OAuth20IdentityServerUrl"
CLIENT_ID = "OAuth20IdentityServerClientId"
CLIENT_SECRET = "OAuth20IdentityServerClientSecret"  # noqa: S105 (the name of a setting)
OAUTH_FEATURE = "OAuth20Integration"

ON = 1
OFF = 0


class UnknownFeature(LookupError):
    """There is no feature of that id."""


class BadFeature(ValueError):
    """That cannot be a feature; the message says why."""


@dataclass
class Feature:
    """A row of Creatio's object Feature: a feature that somebody has switched.

    Attributes:
        id: its key.
        code: what the program calls it.
        name: what people call it.
        default_state: 1 where it is on for everybody, else 0.
    """

    id: str
    code: str
    name: str
    default_state: int


class Administration:
    """The system settings and the features of one Creatio."""

    def __init__(self, identity_url: str) -> None:
        self._lock = threading.Lock()
        self._settings = {
            IDENTITY_URL: identity_url,
            CLIENT_ID: "IdentityServiceClient",
            CLIENT_SECRET: secrets.token_hex(16),
        }
        feature = Feature(str(uuid.uuid4()), OAUTH_FEATURE, OAUTH_FEATURE, ON)
        self._features = {feature.id: feature}
        self._oauth_on = True

    @property
    def identity_url(self) -> str:
        """Where this Creatio looks for its Identity Service."""
        with self._lock:
            return self._settings[IDENTITY_URL]

    @property
    def oauth_on(self) -> bool:
        """Whether Bearer tokens are looked at: the feature's state when it was last cached."""
        with self._lock:
            return self._oauth_on

    def settings(self) -> Mapping[str, str]:
        """Return the system settings, by code."""
        with self._lock:
            return dict(self._settings)

    def set_values(self, values: Mapping[str, str]) -> Mapping[str, bool]:
        """Set system settings, and return for each code whether there is one."""
        with self._lock:
            self._settings.update((c, v) for c, v in values.items() if c in self._settings)
            return {code: code in self._settings for code in values}

    def features(self, code: str | None) -> list[Feature]:
        """Return the features, all or those of one code."""
        with self._lock:
            return [one for one in self._features.values() if code in (None, one.code)]

    def add_feature(self, code: str, name: str, state: int) -> Feature:
        """Add a feature.

        Raises:
            BadFeature: its code or its state cannot be one.
        """
        if not code or not name:
            raise BadFeature("Code and Name are required.")
        feature = Feature(str(uuid.uuid4()), code, name, _state(state))
        with self._lock:
            self._features[feature.id] = feature
        return feature

    def switch_feature(self, feature_id: str, state: int) -> None:
        """Switch a feature on or off.

        Raises:
            UnknownFeature: there is none of that id.
            BadFeature: there is no such state.
        """
        with self._lock:
            if feature_id not in self._features:
                raise UnknownFeature(feature_id)
            self._features[feature_id].default_state = _state(state)

    def clear_feature_cache(self) -> None:
        """Look at the features anew: what was switched before takes effect only now."""
        with self._lock:
            states = [f.default_state for f in self._features.values() if f.code == OAUTH_FEATURE]
            self._oauth_on = ON in states


def _state(value: int) -> int:
    if value not in (ON, OFF):
        raise BadFeature("DefaultState is 0 or 1.")
    return value
