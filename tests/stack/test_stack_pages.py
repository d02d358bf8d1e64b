"""What a programme manager sees and does on a stack that runs."""

import csv
import io
import re
from pathlib import Path

from tests.stack.browserless import Visitor, text_of
from tests.stack.running import Stack, wait_until

LIST = "/p/sample/startups"


def first_startup(visitor: Visitor, query: str = "") -> str:
    page = visitor.get(f"{LIST}?q={query}")
    found = re.search(r'href="(/p/sample/startups/\d+)"', page)
    assert found, text_of(page)
    return found[1]


def test_the_best_pairs_of_both_kinds_are_printed(stack: Stack) -> None:
    printed = stack.printed()
    assert "Best mentor pairs" in printed
    assert "Best funding pairs" in printed
    assert len(re.findall(r"^  [1-5]\. .+ – .+ \d\.\d\d (?:strong|good|possible)$", printed, re.M)) == 10


def test_a_startup_page_shows_ranked_mentors_and_funding_partners_with_reasons(visitor: Visitor) -> None:
    text = text_of(visitor.get(first_startup(visitor, "S001")))
    assert "Wanjiru Okello-Tate" in text
    assert "meets the expertise" in text
    assert "Shared languages: English" in text
    assert "fits the thesis" in text


def test_an_edited_need_changes_the_recommendations(visitor: Visitor) -> None:
    path = first_startup(visitor, "S001")
    before = text_of(visitor.get(path))
    fields = visitor.form(f"{path}/edit")
    fields["needs"] = "Obtain a spectrum licence for rural mobile coverage"
    visitor.post(f"{path}/edit", fields)
    wait_until(lambda: "spectrum" in recommended(visitor, path), 60)
    assert recommended(visitor, path) != before


def recommended(visitor: Visitor, path: str) -> str:
    """The reasons on a start-up's page, once they are up to date."""
    page = visitor.get(path)
    return (
        ""
        if "Updating the recommendations" in page
        else " ".join(re.findall(r"The need .+? meets", text_of(page)))
    )


def test_an_uploaded_sheet_is_previewed_imported_and_recommended(visitor: Visitor) -> None:
    sheet = io.StringIO()
    writer = csv.writer(sheet, delimiter=";")
    writer.writerow(["Référence", "Nom", "Langues", "Expertise", "Capacité", "Remarque"])
    writer.writerow(
        [
            "MX1",
            "Aïcha Benferhat-Lindqvist",
            "fr",
            "Trouver un fabricant de petites séries",
            "2",
            "à rappeler",
        ]
    )
    url, page = visitor.post(
        "/p/sample/import", {"kind": "mentor"}, ("sheet", "mentors.csv", sheet.getvalue().encode("cp1252"))
    )
    assert "Référence" in text_of(page)
    fields = {k: v for k, v in visitor.form(url).items() if k.startswith("column-")}
    assert set(fields.values()) >= {"ref", "name", "languages", "expertise", "capacity"}
    visitor.post(url, fields)
    wait_until(lambda: "Every row is in" in visitor.get(url), 60)
    found = visitor.get("/p/sample/mentors?q=MX1")
    assert "Aïcha Benferhat-Lindqvist" in found
    path = re.search(r'href="(/p/sample/mentors/\d+)"', found)[1]  # type: ignore[index]
    wait_until(lambda: "meets the expertise" in visitor.get(path), 60)


def test_the_web_process_has_neither_torch_nor_transformers_and_stays_small(stack: Stack) -> None:
    master = stack.child("web.app:app")
    for process in [master, *master.children(recursive=True)]:
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        assert "torch" not in mapped
        assert "faiss" not in mapped
        assert process.memory_info().rss < 200 * 1024 * 1024
