"""Keep what is needed to work one changed profile into the lists.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No programme has a row in `ranking` yet, so each is ranked as a whole at its next change."""
    op.create_table(
        "ranking",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("watermark", sa.Integer(), nullable=False),
        sa.Column("worked_in", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_ranking_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_ranking")),
    )
    with op.batch_alter_table("recommendation_list") as table:
        table.add_column(sa.Column("floor", sa.Double(), nullable=False, server_default="0"))
        table.add_column(sa.Column("stale", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_recommendation_list_stale",
        "recommendation_list",
        ["programme_id"],
        sqlite_where=sa.text("stale"),
        postgresql_where=sa.text("stale"),
    )
    op.create_index(op.f("ix_vector_programme_id_model_id"), "vector", ["programme_id", "model", "id"])


def downgrade() -> None:
    """Forget it."""
    op.drop_index(op.f("ix_vector_programme_id_model_id"), "vector")
    op.drop_index("ix_recommendation_list_stale", "recommendation_list")
    with op.batch_alter_table("recommendation_list") as table:
        table.drop_column("stale")
        table.drop_column("floor")
    op.drop_table("ranking")
