"""Only one account can be the one that sets an installation up.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A mark that two accounts cannot have. Where somebody runs the installation already, nobody needs it."""
    op.add_column("account", sa.Column("is_first", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_account_is_first"), "account", ["is_first"], unique=True)


def downgrade() -> None:
    """Without the mark."""
    op.drop_index(op.f("ix_account_is_first"), table_name="account")
    op.drop_column("account", "is_first")
