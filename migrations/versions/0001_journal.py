# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal: one row for each lifetime that opskit changed."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mssql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLE, SCHEMA = "lifetime_change", "opskit"


def upgrade() -> None:
    """Make the table."""
    on_mssql = op.get_context().dialect.name == "mssql"
    moment: Any = sa.DateTime(timezone=True)
    if on_mssql:
        moment = mssql.DATETIME2()  # type: ignore[no-untyped-call]
    now = "SYSUTCDATETIME()" if on_mssql else "now()"
    # Whoever logged in, not whom the session acts as.
    login = "ORIGINAL_LOGIN()" if on_mssql else "session_user"
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("change_set", sa.Unicode(40), nullable=False),
        sa.Column("changed_at", moment, server_default=sa.text(now), nullable=False),
        sa.Column("environment", sa.Unicode(200), nullable=False),
        sa.Column("client_id", sa.Unicode(200), nullable=False),
        sa.Column("client_name", sa.Unicode(200)),
        sa.Column("old_lifetime", sa.Integer, nullable=False),
        sa.Column("new_lifetime", sa.Integer, nullable=False),
        sa.Column("actor", sa.Unicode(200), nullable=False),
        sa.Column("login", sa.Unicode(200), server_default=sa.text(login), nullable=False),
        sa.Column("reason", sa.Unicode(1000)),
        sa.Column("tool_version", sa.Unicode(50), nullable=False),
        sa.Column("plan_hash", sa.Unicode(64)),
        sa.Column("reverts", sa.Unicode(40)),
        sa.Column("verification", sa.Unicode(20), server_default="pending", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifetime_change"),
        # Not old_lifetime: what somebody else broke can be mended, and is then recorded.
        sa.CheckConstraint("new_lifetime > 0", name="ck_lifetime_change_new_lifetime"),
        sa.CheckConstraint(
            "verification IN ('pending', 'proved', 'failed', 'skipped')",
            name="ck_lifetime_change_verification",
        ),
        schema=SCHEMA,
    )
    # For one change set, as revert and the note on its proof look for it; the other is for --since.
    columns = ["change_set", "client_id"]
    op.create_index("ix_lifetime_change_change_set", TABLE, columns, schema=SCHEMA)
    op.create_index("ix_lifetime_change_changed_at", TABLE, ["changed_at"], schema=SCHEMA)


def downgrade() -> None:
    """Remove the table with all its rows."""
    op.drop_table(TABLE, schema=SCHEMA)
