"""Eligibility, scores and reasons: pure functions on arrays and facts."""
