"""Proposals for a whole cohort at once. The only importer of OR-tools."""

from matcher.cohort.assignment import Assignment, assign

__all__ = ["Assignment", "assign"]
