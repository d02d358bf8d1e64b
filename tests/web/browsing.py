"""Going through the application as each of `everyone`: all addresses, links and forms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from sqlalchemy import Engine, select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from config.settings import Settings
from matcher.db import reading
from matcher.models import Base, SignIn
from tests.web.everyone import ACTORS, make_app, populate
from tests.web.markup import Control, Form, Page
from tests.web.people import session_cookie
from tests.web.values import four
from tests.web.vault import Dump, Vault, differences

FORM_POSTS: Mapping[str, Mapping[str, str]] = {
    "uploads.receive": {"kind": "mentor"},
    "answers.record": {"answer": "yes"},
    "matches.answer": {"side": "startup", "answer": "yes"},
    "requests.question": {"text": "What about?", "question": "What about?"},
    "requests.reply": {"text": "About prices.", "reply": "About prices."},
    "unsubscribe.record": {},
    "account.sign_out": {},
    "account.sign_out_others": {},
    "security.verify": {},
    "matches.withdraw": {},  # the pair at the address is past it
    "editing.remove": {},  # nobody at the address can be removed: they have matches
    "whatif.ask": {},
    "sample.sign_in": {},
    "unsubscribe.undo": {"before": "daily"},
    "announcements.send": {"key": "a" * 32, "group": "founders", "subject": "News", "body": "Some."},
    "welcome.make": {},
    "invitations.take": {"name": "Somebody", "password": "four unlikely words"},
    "joining.ask": {"role": "mentor"},
    "inviting.create": {"people": "somebody@example.org", "role": "mentor"},
    "people.refuse": {"reason": "Not this year."},
    "settings.add": {"on": "2031-05-01", "title": "Closing day"},
    "security.two_factor_setup": {},
    "security.two_factor_setup_validate": {"code": "123456"},
    "security.two_factor_token_validation": {"code": "123456"},
    "security.two_factor_rescue": {},
    "security.reset_password": {},
    "security.change_password": {},
    "security.mf_recovery": {"code": "123456"},
    "security.mf_recovery_codes": {},
    "security.tf_select": {},
    "security.wan_register": {"name": "A key"},
    "security.wan_register_response": {"credential": "{}"},
    "security.wan_signin_response": {"credential": "{}"},
    "security.wan_verify_response": {"credential": "{}"},
    "security.wan_delete": {"name": "A key"},
}
"""What a form needs that no page shows filled in, by endpoint; and forms that no crawled page has at all."""

_ARGUMENT = re.compile(r"<(?:[^<>]*:)?(\w+)>")
_SAMPLE = {"email": "somebody@example.org", "number": "2", "date": "2031-04-01", "url": "https://x.example/"}
_PER_PATTERN = 2
_MOST_PAGES = 400


@dataclass
class Found:
    """A form, and the page it stood on."""

    form: Form
    address: str
    path: str
    """Where it is sent."""
    rule: Rule
    button: int = 0

    def data(self) -> dict[str, list[str]]:
        """What it says untouched, with something in each field that must not be empty."""
        texts = {c.name: _something(c) for c in self.form.controls if c.is_text and not c.value}
        needed = {c.name for c in self.form.controls if c.required}
        return self.form.data(self.button, **{k: v for k, v in texts.items() if k in needed})


@dataclass
class Crawl:
    """What somebody comes to: pages by address, and each kind of form once."""

    pages: dict[str, TestResponse] = field(default_factory=dict)
    forms: list[Found] = field(default_factory=list)


class Site:
    """The application with everybody in it, and a browser for each of them."""

    def __init__(self, folder: Path, *, csrf: bool = False) -> None:
        self.app: Flask = make_app(folder)
        self.app.config["WTF_CSRF_ENABLED"] = csrf
        self.app.extensions["tandem_limiter"].enabled = False  # hundreds of wrong forms from one machine
        self.engine: Engine = self.app.extensions["tandem_engine"]
        Base.metadata.create_all(self.engine)
        self.settings: Settings = self.app.extensions["tandem_settings"]
        self.everyone = populate(self.engine, self.settings)
        self.cookies = {
            actor: session_cookie(self.app, account)
            for actor, account in self.everyone.accounts.items()
            if actor in ACTORS or actor in {"applicant", "beginner", "second founder", "their founder"}
        }
        with reading(self.engine) as session:
            owners = {number: actor for actor, number in self.everyone.accounts.items()}
            for sign_in in session.scalars(select(SignIn)):
                self.everyone.sign_ins[owners[sign_in.account_id]] = sign_in.id
        self.adapter = self.app.url_map.bind("localhost")
        self.vault = Vault(self.engine)
        self.pristine = self.vault.dump()
        self._dumps: dict[int, Dump] = {}

    def close(self) -> None:
        """Let the database go."""
        self.vault.close()
        self.engine.dispose()

    def kept(self, programme: int) -> Dump:
        """A programme's rows as they are whenever everything has been put back."""
        return self._dumps.setdefault(programme, self.vault.dump(programme))

    def written(self) -> str:
        """What was written since everything was last put back, but for who was here and when."""
        return differences(self.pristine, self.vault.dump()) if self.vault.is_changed() else ""

    def ask(
        self,
        actor: str,
        path: str,
        method: str = "GET",
        data: Mapping[str, object] | None = None,
        **headers: str,
    ) -> TestResponse:
        """One request in a fresh browser, in which only they are signed in."""
        client = self.app.test_client()
        if actor in self.cookies:
            client.set_cookie(*self.cookies[actor])
        return client.open(path, method=method, data=data, headers=headers)

    def rules(self, method: str) -> list[Rule]:
        """All rules that take this method."""
        return [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]

    def address(self, rule: Rule, values: Mapping[str, object]) -> str:
        """The rule with these values in it."""
        return _ARGUMENT.sub(lambda found: str(values[found[1]]), rule.rule)

    def own(self, rule: Rule, actor: str) -> dict[str, object]:
        """The values that are theirs; LookupError if nobody said what an argument may be."""
        found: dict[str, object] = {}
        for argument in rule.arguments:
            if argument == "slug":
                found["slug"] = self.everyone.other_slug if actor == "stranger" else self.everyone.slug
            else:
                choice = four(self.everyone, actor, rule, argument)
                found[argument] = choice.other if actor == "stranger" and choice.other else choice.own
        return found

    def addresses(self, actor: str) -> Iterator[tuple[Rule, str]]:
        """Every address that can be opened, with what is theirs in it."""
        for rule in self.rules("GET"):
            values = self.own(rule, actor)
            if None not in values.values():
                yield rule, self.address(rule, values)

    def match(self, path: str, method: str) -> Rule | None:
        """The rule that answers there."""
        try:
            rule, _ = self.adapter.match(urlsplit(path).path, method, return_rule=True)
        except HTTPException:
            return None
        return rule

    def crawl(self, actor: str) -> Crawl:
        """Every page that they come to, from every address and by every link; each kind of address twice."""
        found, patterns, kinds = Crawl(), dict[object, int](), set[object]()
        waiting = ["/", *(address for _, address in self.addresses(actor))]
        while waiting and len(found.pages) < _MOST_PAGES:
            address = waiting.pop(0)
            if address in found.pages:
                continue
            answer = self.ask(actor, address)
            found.pages[address] = answer
            if answer.mimetype != "text/html" or answer.status_code >= 400:
                continue
            if answer.status_code in {301, 302, 303}:
                links = [answer.location]
            else:
                page = Page(answer.text)
                links = page.links
                for form in page.forms:
                    for one in self._forms(form, address):
                        kind = (one.rule.endpoint, one.button, tuple(sorted(form.texts)))
                        if kind not in kinds:
                            kinds.add(kind)
                            found.forms.append(one)
            for link in links:
                path = self._inside(link, address)
                pattern = self._pattern(path)
                if path and pattern and patterns.get(pattern, 0) < _PER_PATTERN and path not in waiting:
                    patterns[pattern] = patterns.get(pattern, 0) + 1
                    waiting.append(path)
        return found

    def _forms(self, form: Form, address: str) -> Iterator[Found]:
        """The form once for each button that says or leads to something else."""
        if form.method != "post":
            return
        seen = set()
        for number, (name, value, leads) in enumerate(form.buttons or [("", "", "")]):
            to = leads or form.action
            path = urlsplit(to).path or urlsplit(address).path
            rule = self.match(path, "POST")
            assert rule is not None, f"{address} has a form for {path}, where nothing takes it"
            key = (rule.endpoint, name, value.partition(":")[0])
            if key not in seen:
                seen.add(key)
                yield Found(form, address, to.partition("#")[0] or address, rule, number)

    def _inside(self, link: str, address: str) -> str:
        parts = urlsplit(link)
        if parts.netloc and parts.netloc != "localhost":
            return ""
        path = parts.path or urlsplit(address).path
        query = "&".join(p for p in parts.query.split("&") if p and not p.startswith("lang="))
        return f"{path}?{query}" if query else path

    def _pattern(self, path: str) -> object:
        rule = self.match(path, "GET")
        asked = tuple(sorted(name for name, _ in parse_qsl(urlsplit(path).query)))
        return (rule.endpoint, asked) if rule is not None and path.startswith("/") else None


def _something(control: Control) -> str:
    return _SAMPLE.get(control.kind, "Some words about it")
