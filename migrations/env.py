# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What Alembic runs to migrate the journal; opskit/db/migration.py calls it.

Transaction, lock and schema are seen to there, around this: here are only the steps.
"""

from alembic import context

given = context.config.attributes

if context.is_offline_mode():
    # GO between two statements would end the condition that stands around both of them.
    context.configure(
        dialect_name=given["dialect"], version_table_schema="opskit", mssql_batch_separator=""
    )
    # Inside a condition there is nobody to return a row to.
    context.get_context().dialect.insert_returning = False
else:
    context.configure(connection=given["connection"], version_table_schema="opskit")
context.run_migrations()
