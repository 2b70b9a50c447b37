# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opskit says, in the words of the modules."""

from __future__ import annotations

import pytest
from ansible_collections.opskit.creatio.plugins.module_utils._words import in_words_of_modules

ALWAYS = {
    "Add --yes when you are sure.": "Add confirm_protected: true when you are sure.",
    "Make one with `opskit db upgrade -e dev`, or go without: --no-journal.": (
        "Make one with `opskit.creatio.journal`, or go without: journal: false."
    ),
    "Let a DBA run `opskit db upgrade --sql -e dev`.": (
        "Let a DBA run `opskit db upgrade --sql -e dev`."
    ),
    "Run opskit lifetime set CLIENT 1h -e ENV.": "Run opskit lifetime set CLIENT 1h -e ENV.",
    "See them with opskit lifetime list; then": "See them with opskit.creatio.client_info; then",
    "See: opskit lifetime set --help": "See: ansible-doc opskit.creatio.client_lifetime",
    "See: opskit revert --help": "See: ansible-doc opskit.creatio.revert",
    "Prove it: opskit verify -e dev": "Prove it: opskit.creatio.identity_verify",
    "To put the old lifetimes back over that: --force.": (
        "To put the old lifetimes back over that: force: true."
    ),
    "Check the path after -c or in OPSKIT_CONFIG.": "Check config.",
}
BY_FILE = (
    "Add database = … to [environments.a.b] in opskit.toml.",
    "Correct the file.",
    'Correct runtime in opskit.toml, or set it to "auto".',
)
INLINE = {
    "environments.a.b.database is not set, and": "database is not set, and",
    "Add database = … to [environments.a.b] in opskit.toml.": "Add the option database.",
    'Add database_password = { env = "…" } under [environments.a.b].': (
        "Add the option database_password."
    ),
    "Add it under [[environments.a.b.clients]] in opskit.toml.": (
        "Add it under clients in the task."
    ),
    "Add [[environments.a.b.clients]] with id and secret.": "Add clients with id and secret.",
    "standard input:\n  environments.a.b.wait: expected": "wait: expected",
    "Correct the file.": "Correct these options.",
    'Set schema = "dbo" under [environments.a.b].': 'Set schema: "dbo".',
    "TrustServerCertificate=yes in environments.a.b.database, or insecure = true.": (
        "TrustServerCertificate=yes in database, or insecure: true."
    ),
    "Creatio runs on another runtime than opskit.toml says.": (
        "Creatio runs on another runtime than the task says."
    ),
    "environments.another.database": "environments.another.database",
}


@pytest.mark.parametrize("said", ALWAYS)
def test_commands_and_their_options(said):
    for environment in (None, "dev"):
        assert in_words_of_modules(said, "confirm_protected", environment) == ALWAYS[said]


@pytest.mark.parametrize("said", BY_FILE)
def test_a_file_that_is_there_is_named(said):
    assert in_words_of_modules(said, "confirm_protected") == said


@pytest.mark.parametrize("said", INLINE)
def test_a_file_that_is_not_there_is_not_named(said):
    assert in_words_of_modules(said, "confirm_protected", "a.b") == INLINE[said]
