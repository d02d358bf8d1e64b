"""The sample programme that ships with Tandem: invented people and ventures."""

from importlib.resources import as_file, files

from sqlalchemy.orm import Session

from matcher.models import Kind, Programme
from matcher.profiles.reading import SheetReading, read_profiles
from matcher.services.importing import import_drafts
from matcher.services.programmes import create_programme
from matcher.services.rules import CohortRules, save_rules
from matcher.services.sample_people import add_sample_people

SHEETS = {
    Kind.STARTUP: "startups.csv",
    Kind.MENTOR: "mentors.csv",
    Kind.FUNDER: "funding_partners.csv",
}


def read_sample() -> dict[Kind, SheetReading]:
    """The three sheets, read as an importer's would be."""
    found = {}
    for kind, name in SHEETS.items():
        with as_file(files("config") / "sample" / name) as path:
            found[kind] = read_profiles(path, kind)
    return found


def load_sample(session: Session) -> Programme:
    """Create the sample programme with somebody in each role, and ask for its embedding."""
    programme = create_programme(
        session, slug="sample", name="Sample programme", organisation="Sample hub", is_sample=True
    )
    for kind, found in read_sample().items():
        import_drafts(session, programme, kind, found.drafts, actor="tandem", subject="sample")
    # With one, its founder could ask nobody else once somebody has accepted.
    save_rules(session, programme, CohortRules(mentors_most=2), seen=0, actor="tandem")
    add_sample_people(session, programme)
    return programme
