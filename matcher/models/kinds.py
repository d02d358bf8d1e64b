"""The closed vocabularies that the tables and the matching core share."""

from enum import StrEnum


class Kind(StrEnum):
    """What a profile is. The value is stored, and stands in addresses and job payloads."""

    STARTUP = "startup"
    MENTOR = "mentor"
    FUNDER = "funder"


class Facet(StrEnum):
    """The part of a profile that an entry's text speaks for."""

    PITCH = "pitch"
    NEED = "need"
    EXPERTISE = "expertise"
    EXPERIENCE = "experience"
    INTEREST = "interest"
    THESIS = "thesis"
    OFFER = "offer"
    PORTFOLIO = "portfolio"
