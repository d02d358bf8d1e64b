"""Writing the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from matcher.models import AuditEvent


def record(
    session: Session,
    programme_id: int,
    actor: str,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add one event to the log, in the transaction of what it records."""
    event = AuditEvent(
        programme_id=programme_id,
        actor=actor,
        action=action,
        subject=subject,
        before=dict(before or {}),
        after=dict(after or {}),
    )
    session.add(event)
    session.flush()
    return event
