"""What a use case can refuse, with a sentence that says what to do."""

from matcher.wording import Refusal


class ServiceError(Refusal):
    """A use case that was refused."""


class NotFound(ServiceError):
    """There is no such thing in this programme; another programme's counts as none."""


class Conflict(ServiceError):
    """Somebody else changed it meanwhile, or the name is taken."""


class CapacityReached(ServiceError):
    """Somebody has no place left."""


class NotAllowed(ServiceError):
    """A rule of eligibility forbids it."""
