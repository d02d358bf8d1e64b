"""A visitor without a browser: keeps cookies, fills in forms as the page gives them."""

import re
import uuid
from html import unescape
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

Fields = dict[str, str | list[str]]


class FormReader(HTMLParser):
    """Collects the fields of every form on a page, with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str | list[str]] = {}
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name")
        if tag == "input" and name and found.get("type") == "checkbox":
            if "checked" in found:
                chosen = self.fields.setdefault(name, [])
                assert isinstance(chosen, list)
                chosen.append(found.get("value") or "on")
        elif tag == "input" and name and found.get("type") not in {"radio", "file", "submit"}:
            self.fields[name] = found.get("value") or ""
        elif tag == "textarea" and name:
            self._area, self.fields[name] = name, ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in found or self._select not in self.fields):
            self.fields[self._select] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] = f"{self.fields[self._area]}{data}"


class Visitor:
    """Gets pages of one site and posts their forms."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def sign_in(self, role: str = "manager") -> "Visitor":
        """Enter the sample programme as whoever plays this role there, by the button on the first page."""
        page = FormReader()
        page.feed(self.get("/"))
        request = Request(urljoin(self.base, f"/sample/{role}"), headers={"Referer": self.base})
        request.data = urlencode({"csrf_token": str(page.fields["csrf_token"])}).encode()
        self.opener.open(request, timeout=30).close()
        return self

    def get(self, path: str) -> str:
        """The page at a path, after redirects."""
        with self.opener.open(urljoin(self.base, path), timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: Fields, file: tuple[str, str, bytes] | None = None) -> tuple[str, str]:
        """Post fields and perhaps a (field, name, bytes) file; the address one ends up at, and its page."""
        page = FormReader()
        page.feed(self.get(path))
        values = {key: value for key, value in page.fields.items() if key == "csrf_token"} | fields
        request = Request(urljoin(self.base, path), headers={"Referer": urljoin(self.base, path)})
        if file is None:
            request.data = urlencode(values, doseq=True).encode()
        else:
            boundary = uuid.uuid4().hex
            request.data = _multipart(values, file, boundary)
            request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        with self.opener.open(request, timeout=60) as answer:
            return str(answer.url), str(answer.read().decode())

    def form(self, path: str) -> Fields:
        """The fields of the page's forms as a browser would send them."""
        page = FormReader()
        page.feed(self.get(path))
        return page.fields


def text_of(page: str) -> str:
    """A page's text without its markup, in single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _multipart(fields: Fields, file: tuple[str, str, bytes], boundary: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    name, filename, content = file
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
