"""`python -m config.catalogues` compiles the translations that changed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
LOCALES = ("ar", "zh", "en", "fr", "ru", "es")
"""The six languages of the United Nations; English is the source and has no catalogue."""


def compile_all() -> list[Path]:
    """Write a `.mo` beside each `.po` that is newer; which were written."""
    written = []
    for source in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parts[-3])
            draft = target.with_suffix(".tmp")
            with draft.open("wb") as file:
                write_mo(file, catalogue)
            draft.replace(target)
            written.append(target)
    return written


if __name__ == "__main__":
    compile_all()
