# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that all modules share: which opskit, and which environment."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of ``module_utils/_environment.py``."""

    DOCUMENTATION = r"""
options:
  opskit_path:
    description:
      - The command C(opskit).
      - Without it, it is looked for on the C(PATH), in C(~/.local/bin), where pipx puts it, and in
        C(/usr/local/bin).
    type: path
  environment:
    description:
      - The environment's name. With O(config) it must stand there. Otherwise it is what the
        journal, the messages and the results call it.
    type: str
    required: true
  config:
    description:
      - An C(opskit.toml) on the host that describes the environment.
      - Without it the environment is described by the options below.
    type: path
  database:
    description:
      - C(postgresql://user@host:port/database), C(mssql://user@host:port/database) or an ODBC
        connection string for SQL Server, without the password.
    type: str
  database_password:
    description: The password to O(database).
    type: str
  schema:
    description: The schema of the table C(Clients). By default C(public), or C(dbo) on SQL Server.
    type: str
  identity:
    description: The base URL of the Identity Service.
    type: str
  creatio:
    description: The base URL of Creatio, without C(/0).
    type: str
  runtime:
    description:
      - What Creatio runs on, V(framework) (the API lies under C(/0)) or V(net). By default it is
        found out (V(auto)).
    type: str
    choices: [auto, framework, net]
  clients:
    description:
      - Clients whose secret is known, so that opskit can obtain a token for them. Checks use the
        first one, unless another one is named.
    type: list
    elements: dict
    suboptions:
      id:
        description: The ClientId.
        type: str
        required: true
      secret:
        description: The secret.
        type: str
        required: true
      name:
        description: Another way to name it.
        type: str
      scope:
        description: What to ask for with the token; by default all that the client has.
        type: str
  policy:
    description: The lifetimes that the environment accepts.
    type: dict
    suboptions:
      min_lifetime:
        description: Seconds, or a duration such as V(5m); by default one minute.
        type: str
      max_lifetime:
        description: Seconds, or a duration such as V(4h); by default a day.
        type: str
  protected:
    description: Whether a change wants to be confirmed. By default it does not.
    type: bool
  timeout:
    description: Seconds, or a duration, for one request and for connecting; by default V(30).
    type: str
  insecure:
    description: Do not verify TLS certificates. It warns each time.
    type: bool
  ca_file:
    description: A PEM file on the host with further certificate authorities.
    type: path
requirements:
  - creatio-opskit >= 0.1.0 on the host, in any Python environment (C(pipx install creatio-opskit))
notes:
  - The modules run the command C(opskit) and read its JSON. Python packages are not needed where
    Ansible's own interpreter is.
  - O(database_password) and the secrets in O(clients) reach opskit by its environment, and the
    description by its standard input. Neither is written to a file, nor stands in arguments,
    results or diffs.
  - One task is about one environment. The inventory plugin P(opskit.creatio.environments#inventory)
    makes a host of each.
seealso:
  - plugin: opskit.creatio.environments
    plugin_type: inventory
    description: Environments as hosts.
"""
