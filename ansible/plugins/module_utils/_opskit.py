# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the command opskit, and failing in its words.

This is private to the collection.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.creatio.plugins.module_utils._environment import (
    ENVIRONMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    REQUIRED_ONE_OF,
    describe,
)
from ansible_collections.opskit.creatio.plugins.module_utils._words import in_words_of_modules

MINIMUM = (0, 1, 0)
INSTALL = (
    "Install it on this host with pipx install creatio-opskit (the package called plainly opskit "
    "is another project), or say where it is with opskit_path."
)
_FOLDERS = ("~/.local/bin", "/usr/local/bin")


def environment_module(options, **others):
    """Return the module with its own options and those that say which environment is meant."""
    return AnsibleModule(
        argument_spec=dict(ENVIRONMENT_SPEC, **options),
        required_one_of=REQUIRED_ONE_OF + others.pop("required_one_of", []),
        mutually_exclusive=MUTUALLY_EXCLUSIVE + others.pop("mutually_exclusive", []),
        supports_check_mode=True,
        **others,
    )


class Opskit:
    """The command, for the one environment that the module's options name.

    Args:
        module: the module.
        yes: its option that stands for ``--yes``.
    """

    def __init__(self, module, yes="confirm_protected"):
        self._module = module
        self._yes = yes
        self.environment = module.params["environment"]
        if set(self.environment) & set("*?["):
            module.fail_json(
                msg=f"environment must be one name, not a pattern: {self.environment}",
                code="usage",
                remedy="Give each environment a task, or a host, of its own.",
            )
        self._program = self._find()
        self._check_version()

    def _find(self):
        wanted = self._module.params["opskit_path"]
        found = self._module.get_bin_path(wanted or "opskit")
        if found is None and wanted is None:
            folders = [str(Path(folder).expanduser()) for folder in _FOLDERS]
            found = self._module.get_bin_path("opskit", opt_dirs=folders)
        if found is None:
            where = wanted or "opskit on the PATH, in ~/.local/bin or /usr/local/bin"
            self._fail_to_run(f"There is no program {where}.")
        return found

    def _check_version(self):
        try:
            code, out = self._module.run_command(
                [self._program, "--version"], handle_exceptions=False
            )[:2]
        except OSError as error:
            self._fail_to_run(
                f"{self._program} cannot be started: {error.strerror}. Where it names a Python "
                "that is gone, as after an upgrade, pipx reinstall creatio-opskit mends it."
            )
        match = re.match(r"opskit (\d+)\.(\d+)\.(\d+)", out)
        if code != 0 or match is None:
            self._fail_to_run(f"{self._program} is not the opskit that is meant.")
        if tuple(int(part) for part in match.groups()) < MINIMUM:
            self._fail_to_run(
                "{} is {}, and {} or newer is needed.".format(
                    self._program, out.strip(), ".".join(map(str, MINIMUM))
                )
            )

    def _fail_to_run(self, message):
        self._module.fail_json(msg=f"{message} {INSTALL}", code="opskit-missing", remedy=INSTALL)

    def run(self, command, options=(), arguments=()):
        """Run one command in the environment and return its document.

        Args:
            command: its full name, such as ``lifetime set``.
            options: each as one text, such as ``--expect=30m``.
            arguments: what follows the options, whatever it begins with.
        """
        config, text, variables = self._module.params["config"], "", {}
        if config is None:
            config = "-"
            text, variables = describe(self._module.params)
        where = ["--output=json", f"--config={config}", f"--env={self.environment}"]
        code, out, err = self._module.run_command(
            [self._program, *command.split(), *where, *options, "--", *arguments],
            # Never Ansible's own standard input, so that nothing can be asked there.
            data=text or "\n",
            binary_data=True,
            environ_update=variables,
            expand_user_and_vars=False,
        )
        self._warn(err)
        try:
            return json.loads(out)
        except ValueError:
            self._module.fail_json(
                msg=f"opskit ended with exit code {code} and without its JSON document.",
                code="internal",
                remedy=f"Run it by hand: {self._program} {command}",
                stdout=out,
                stderr=err,
            )

    def in_our_words(self, text):
        """Name modules and their options where the text names commands and theirs."""
        inline = self._module.params["config"] is None
        return in_words_of_modules(text, self._yes, self.environment if inline else None)

    def _warn(self, commentary):
        for line in commentary.splitlines():
            if line.startswith("warning: "):
                self._module.warn(line[len("warning: ") :])

    def fail(self, document, **result):
        """End the module with what the document's first error says."""
        errors = [
            dict(
                error,
                message=self.in_our_words(error["message"]),
                remedy=self.in_our_words(error["remedy"]),
            )
            for error in document["errors"]
        ]
        error = errors[0]
        self._module.fail_json(
            msg="\n".join(filter(None, [error["message"], error["remedy"]])),
            code=error["code"],
            remedy=error["remedy"],
            errors=errors,
            document=document,
            **result,
        )
