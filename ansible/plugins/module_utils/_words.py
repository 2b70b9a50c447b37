# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opskit says, in the words of the modules.

This is private to the collection.
"""

from __future__ import annotations

import re

# Commands, and the modules that do the same.
MODULES = {
    "lifetime list": "client_info",
    "lifetime set": "client_lifetime",
    "verify": "identity_verify",
    "smoke": "data_path_smoke",
    "revert": "revert",
    "db upgrade": "journal",
    "db downgrade": "journal",
}
_COMMAND = r"opskit ({})".format("|".join(MODULES))


def _module(found):
    return "opskit.creatio." + MODULES[found[1]]


# Patterns of what opskit says → what the modules say.
_ALWAYS = {
    "--all-matches": "all_matches: true",
    "--override-policy": "override_policy: true",
    "--no-journal": "journal: false",
    "--force": "force: true",
    "--expect": "expect",
    "--wait": "wait",
    "--time-limit": "time_limit",
    "the path after -c or in OPSKIT_CONFIG": "config",
    _COMMAND + " --help": lambda found: f"ansible-doc {_module(found)}",
    # Not with other options or arguments, which mean more than the module's name alone.
    _COMMAND + r"\b(?: -e [^\s`]+)?(?! -| [A-Z])": _module,
}
# The same where the options describe the environment, so that there is no opskit.toml.
_INLINE = {
    r"standard input:\s+": "",
    r"Correct the file\.": "Correct these options.",
    r"Add (\w+) = \S.*? (to|under) \[environments\.NAME\]( in opskit\.toml)?": r"Add the option \1",
    r"\[\[environments\.NAME\.(\w+)\]\]": r"\1",
    r" under \[environments\.NAME\]": "",
    r"environments\.NAME\.(?=\w)": "",
    r'\b(\w+) = ("[^"]*"|true\b)': r"\1: \2",
    r"opskit\.toml": "the task",
}


def in_words_of_modules(text, confirm, environment=None):
    """Return what opskit said with the names of modules and options instead of its own.

    Args:
        text: what it said.
        confirm: the option that stands for ``--yes``.
        environment: the name of an environment that the options describe; None where an
            opskit.toml does.
    """
    words = {"--yes": f"{confirm}: true", **_ALWAYS}
    if environment is not None:
        named = re.escape(environment)
        words.update((what.replace("NAME", named), ours) for what, ours in _INLINE.items())
    for what, ours in words.items():
        text = re.sub(what, ours, text)
    return text
