"""Keep matches from proposal to end, the rules and runs of proposals, wishes, and mail to be sent.

Revision ID: 0004
Revises: 0003
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Approvals become matches, each with the step that its log begins with."""

    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("counterpart_kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("watermark", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.Column("problem", sa.LargeBinary(), nullable=False),
        sa.Column("objective", sa.String(), nullable=False),
        sa.Column("solver", sa.String(), nullable=False),
        sa.Column("is_optimal", sa.Boolean(), nullable=False),
        sa.Column("considered", sa.Integer(), nullable=False),
        sa.Column("has_bonus", sa.Boolean(), nullable=False),
        sa.Column("gap", sa.Double(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("worst_off", sa.Double(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.Column("startups", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("unmatched", sa.JSON(), nullable=False),
        sa.Column("relaxed", sa.JSON(), nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_proposal_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint(
            "programme_id",
            "counterpart_kind",
            "number",
            name=op.f("uq_proposal_programme_id_counterpart_kind_number"),
        ),
    )
    op.create_table(
        "rules_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_rules_version_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_version")),
        sa.UniqueConstraint("programme_id", "version", name=op.f("uq_rules_version_programme_id_version")),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_mail_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["profile.id"], name=op.f("fk_mail_recipient_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_key")),
    )
    op.create_index(op.f("ix_mail_recipient_id"), "mail", ["recipient_id"], unique=False)
    op.create_index(op.f("ix_mail_programme_id_id"), "mail", ["programme_id", "id"], unique=False)
    op.create_index(
        "ix_mail_unsent",
        "mail",
        ["programme_id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("startup_id", sa.Integer(), nullable=False),
        sa.Column("counterpart_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("startup_answer", sa.Boolean(), nullable=True),
        sa.Column("counterpart_answer", sa.Boolean(), nullable=True),
        sa.Column("startup_token", sa.String(), nullable=True),
        sa.Column("counterpart_token", sa.String(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('proposed', 'locked', 'approved', 'rejected', 'offered', 'active', 'declined', 'expired', 'withdrawn', 'ended')",
            name=op.f("ck_match_state"),
        ),
        sa.ForeignKeyConstraint(
            ["counterpart_id"],
            ["profile.id"],
            name=op.f("fk_match_counterpart_id_profile"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_match_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["startup_id"], ["profile.id"], name=op.f("fk_match_startup_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sa.UniqueConstraint("startup_id", "counterpart_id", name=op.f("uq_match_startup_id_counterpart_id")),
    )
    op.create_index(op.f("ix_match_counterpart_id_state"), "match", ["counterpart_id", "state"], unique=False)
    op.create_index(op.f("ix_match_counterpart_token"), "match", ["counterpart_token"], unique=False)
    op.create_index(op.f("ix_match_programme_id_state"), "match", ["programme_id", "state"], unique=False)
    op.create_index(op.f("ix_match_startup_token"), "match", ["startup_token"], unique=False)
    op.create_table(
        "match_change",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("startup_id", sa.Integer(), nullable=False),
        sa.Column("counterpart_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["counterpart_id"],
            ["profile.id"],
            name=op.f("fk_match_change_counterpart_id_profile"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["audit_event.id"],
            name=op.f("fk_match_change_event_id_audit_event"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["startup_id"],
            ["profile.id"],
            name=op.f("fk_match_change_startup_id_profile"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "startup_id", "counterpart_id", name=op.f("pk_match_change")),
    )
    op.create_index(
        op.f("ix_match_change_startup_id_counterpart_id_event_id"),
        "match_change",
        ["startup_id", "counterpart_id", "event_id"],
        unique=False,
    )
    op.create_table(
        "waiting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("startup_id", sa.Integer(), nullable=False),
        sa.Column("counterpart_kind", sa.String(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_waiting_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["startup_id"], ["profile.id"], name=op.f("fk_waiting_startup_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting")),
        sa.UniqueConstraint(
            "startup_id", "counterpart_kind", name=op.f("uq_waiting_startup_id_counterpart_kind")
        ),
    )
    op.create_index(op.f("ix_waiting_programme_id"), "waiting", ["programme_id"], unique=False)
    op.create_table(
        "wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["profile.id"], name=op.f("fk_wish_candidate_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_wish_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["profile.id"], name=op.f("fk_wish_subject_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("subject_id", "candidate_id", name=op.f("uq_wish_subject_id_candidate_id")),
        sa.UniqueConstraint("subject_id", "rank", name=op.f("uq_wish_subject_id_rank")),
    )
    op.create_index(op.f("ix_wish_programme_id"), "wish", ["programme_id"], unique=False)

    op.add_column("funder", sa.Column("capacity", sa.Integer(), nullable=True))
    _move_approvals(op.get_bind())
    op.drop_table("approval")


def _move_approvals(connection: sa.Connection) -> None:
    event = sa.table(
        "audit_event",
        *map(sa.column, ("id", "programme_id", "actor", "action", "subject", "before", "after", "at")),
    )
    query = sa.text("SELECT * FROM approval ORDER BY id")
    for row in connection.execute(query).mappings().all():
        pair = {"startup_id": row["startup_id"], "counterpart_id": row["counterpart_id"]}
        image = json.dumps({"state": row["state"]})
        (event_id,) = connection.execute(
            sa.insert(event)
            .values(
                programme_id=row["programme_id"],
                actor=row["decided_by"],
                action=f"match.{row['state']}",
                subject=f"pair:{row['startup_id']}:{row['counterpart_id']}",
                before="{}",
                after=image,
                at=row["decided_at"],
            )
            .returning(event.c.id)
        ).one()
        connection.execute(
            sa.text(
                "INSERT INTO match_change (event_id, startup_id, counterpart_id, before, after)"
                " VALUES (:event_id, :startup_id, :counterpart_id, '{}', :image)"
            ),
            {**pair, "event_id": event_id, "image": image},
        )
        connection.execute(
            sa.text(
                "INSERT INTO match (programme_id, startup_id, counterpart_id, state, reasons, note, reminders,"
                " decided_by, decided_at) VALUES (:programme_id, :startup_id, :counterpart_id, :state, '[]', '',"
                " 0, :decided_by, :decided_at)"
            ),
            dict(row),
        )


def downgrade() -> None:
    """Of matches, keep what an approval can say; runs, rules, wishes, and mail are forgotten."""
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("programme_id", sa.Integer(), sa.ForeignKey("programme.id", ondelete="CASCADE"), nullable=False),
        sa.Column("startup_id", sa.Integer(), sa.ForeignKey("profile.id", ondelete="CASCADE"), nullable=False),
        sa.Column("counterpart_id", sa.Integer(), sa.ForeignKey("profile.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('approved', 'rejected')", name=op.f("ck_approval_state")),
        sa.UniqueConstraint(
            "startup_id", "counterpart_id", name=op.f("uq_approval_startup_id_counterpart_id")
        ),
    )
    op.create_index(op.f("ix_approval_counterpart_id_state"), "approval", ["counterpart_id", "state"])
    op.create_index(op.f("ix_approval_programme_id"), "approval", ["programme_id"])
    op.execute(
        "INSERT INTO approval (programme_id, startup_id, counterpart_id, state, decided_by, decided_at)"
        " SELECT programme_id, startup_id, counterpart_id,"
        " CASE WHEN state IN ('approved', 'offered', 'active') THEN 'approved' ELSE 'rejected' END,"
        " decided_by, decided_at FROM match WHERE state NOT IN ('proposed', 'locked')"
    )
    for table in ("mail", "waiting", "wish", "rules_version", "proposal", "match_change", "match"):
        op.drop_table(table)
    op.drop_column("funder", "capacity")
