"""Keep how attention is shared out.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Old lists cost nothing, and are ranked anew when anything changes."""
    with op.batch_alter_table("programme") as table:
        table.add_column(sa.Column("spread", sa.Double(), nullable=False, server_default="0.5"))
    with op.batch_alter_table("recommendation_list") as table:
        table.add_column(sa.Column("price", sa.Double(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("recommendation_list") as table:
        table.drop_column("price")
    with op.batch_alter_table("programme") as table:
        table.drop_column("spread")
