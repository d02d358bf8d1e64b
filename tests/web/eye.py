"""A browser that is shown pages, and says what is wrong with them."""

import re
from collections.abc import Iterator

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from web.assets import FOLDER

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
REFLOW = 320
"""1280 px at 400 % (WCAG 1.4.10)."""
_STYLE = re.compile(r'<link rel="stylesheet"[^>]*>')
_LOADED = re.compile(r'<link rel="icon"[^>]*>|<script [^>]*></script>')
_SHOW = """html => {
  document.open(); document.write(html); document.close();
  document.querySelectorAll('details').forEach(details => details.open = true);
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}"""
_LOOK = """async tags => {
  const found = await axe.run(
    {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false});
  return found.violations.map(({id, help, nodes}) =>
    [`${id} (${help})`, ...nodes.map(node => `${node.html}: ${node.failureSummary}`)].join('\\n  '));
}"""


class Eye:
    """Two tabs, one of them narrow, with axe in the other.

    Pages are written into the tabs, not loaded: a tab keeps axe then, which takes longer to load than to run,
    and no server answers. That is three to four times as fast.
    """

    def __init__(self, browser: Browser, *, width: int, scheme: str) -> None:
        self.style = f"<style>{(FOLDER / 'tandem.css').read_text()}</style>"
        self.tabs = {size: _tab(browser, size, scheme) for size in (width, REFLOW)}
        self.main = self.tabs[width]
        self.main.evaluate(AXE_SCRIPT)

    def look(self, html: str) -> Iterator[str]:
        """Everything that is wrong with a page."""
        whole = _LOADED.sub("", _STYLE.sub(lambda _: self.style, html))
        for size, tab in self.tabs.items():
            if (wider := tab.evaluate(_SHOW, whole)) > 0:
                yield f"is {wider} px wider than {size} px"
        yield from self.main.evaluate(_LOOK, list(RULES))

    def close(self) -> None:
        """Close the tabs."""
        for tab in self.tabs.values():
            tab.close()


def _tab(browser: Browser, width: int, scheme: str) -> Page:
    size = {"width": width, "height": 800}
    return browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
