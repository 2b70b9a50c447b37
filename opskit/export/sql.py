# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan as guarded SQL scripts, for databases in which opskit may not write."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opskit import __version__
from opskit.address import engine_of
from opskit.export.files import file_stem, write_new
from opskit.journal import Author
from opskit.models import ChangeRecord, EnvironmentPlan, ExportedScript, ExportedScripts, Plan
from opskit.secrets import printable
from opskit.settings import Environment
from opskit.words import counted


@dataclass(frozen=True, slots=True)
class Job:
    """What one script does.

    Attributes:
        plan: what was observed in its environment and is wanted.
        record: what its journal rows have in common.
        schema: where the Clients table is; None is the engine's own: public or dbo.
        file: the script's own name.
    """

    plan: EnvironmentPlan
    record: ChangeRecord
    schema: str | None
    file: str


def export_scripts(
    plan: Plan, environments: Mapping[str, Environment], author: Author, folder: Path
) -> ExportedScripts:
    """Write one script for each environment that the plan changes something in.

    Args:
        plan: what is to be done.
        environments: by name; those of the plan are among them.
        author: who asks for it, and why.
        folder: where the scripts go; made if need be.

    Raises:
        UsageError: a script cannot be written.
        ConfigError: an environment has no database.
    """
    scripts = []
    for one in plan.environments:
        environment = environments[one.environment]
        if not one.changes:
            scripts.append(ExportedScript(one.environment, 0))
            continue
        record = author.record(one.environment, plan_hash=plan.hash)
        path = folder / f"{file_stem(one.environment)}-{record.change_set}.sql"
        text = script_for(environment, Job(one, record, environment.schema, path.name))
        write_new(path, text)
        done = ExportedScript(one.environment, len(one.changes), str(path), record.change_set)
        scripts.append(done)
    return ExportedScripts(scripts)


def script_for(environment: Environment, job: Job) -> str:
    """Return the script in the language of the environment's database.

    Raises:
        ConfigError: the environment has no database.
    """
    from opskit.export import postgresql, tsql

    engine = engine_of(environment.require("database"))
    return tsql.script(job) if engine == "mssql" else postgresql.script(job)


def header(job: Job, run: str) -> str:
    """Return the comment that says what a script is, for whoever shall run it."""
    plan, record = job.plan, job.record
    changes = counted(len(plan.changes), "token lifetime")
    seen = counted(len(plan.observed), "client")
    lines = [
        f"opskit {__version__}: change {changes} in {plan.environment}",
        "",
        f"Plan:       {record.plan_hash}",
        f"Change set: {record.change_set}",
        f"Made:       {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC by {record.actor}",
        f"Reason:     {record.reason or '-'}",
        "",
        f"In one transaction it takes opskit's lock, compares the lifetimes of {seen} with what",
        f"the plan saw, changes {changes}, and writes as many rows to opskit's journal.",
        "It changes nothing when a lifetime has moved since, when the journal is missing, or when",
        "it was run before.",
        "",
        f"Run it:     {run}",
        f"Afterwards: opskit verify -e {plan.environment}",
    ]
    return "".join(f"-- {comment(line)}".rstrip() + "\n" for line in lines)


def comment(text: str) -> str:
    """Return text for a comment: on one line, and nothing that a client program would replace."""
    line = "".join(" " if unicodedata.category(char) in {"Zl", "Zp"} else char for char in text)
    return printable(line.replace("\n", " ").replace("\t", " ")).replace("$(", "$ (")
