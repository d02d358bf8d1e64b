"""The two profiles of a pair, as queries name them."""

from sqlalchemy.orm import aliased

from matcher.models.profile import Profile

SIDES = (aliased(Profile, flat=True), aliased(Profile, flat=True))
"""The start-up and the counterpart. Made once: an alias takes longer to make than most queries to answer."""
