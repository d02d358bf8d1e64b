"""The file of `tandem match --rules`: a programme's rules, locks, forbidden pairs and wishes, by ref."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cli.errors import BadInput
from matcher.models import Kind, Profile, Programme
from matcher.services.review import Decision, decide
from matcher.services.rules import CohortRules, save_rules
from matcher.services.wishes import MOST_WISHES, set_wishes
from matcher.wording import N_, Message, Refusal

RefPair = tuple[str, str]
_ACTOR = "tandem"


@dataclass(frozen=True, slots=True)
class RulesFile:
    """What a file says, every ref in it known. `path` None: no file, so the default rules."""

    path: Path | None
    rules: CohortRules
    locks: tuple[RefPair, ...] = ()
    forbid: tuple[RefPair, ...] = ()
    wishes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Problems:
    """What is wrong with a file, place by place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[Message] = []

    def add(self, place: str, problem: Message) -> None:
        """Note a problem."""
        values = {"file": self.path.name, "place": place, "problem": problem}
        self.found.append(Message(N_("%(file)s, %(place)s: %(problem)s"), values))

    def check(self) -> None:
        """Raise BadInput if there is any."""
        if self.found:
            raise BadInput(self.found)


def read_rules(path: Path | None, startups: frozenset[str], mentors: frozenset[str]) -> RulesFile:
    """Read and check a file against the refs of both sheets.

    Raises:
        BadInput: naming the file and every place in it that is wrong.
    """
    if path is None:
        return RulesFile(None, CohortRules())
    data = _parsed(path)
    problems = _Problems(path)
    locks = _pairs(data.pop("locks", []), "locks", startups, mentors, problems)
    forbid = _pairs(data.pop("forbid", []), "forbid", startups, mentors, problems)
    for pair in sorted(set(locks) & set(forbid)):
        values = {"startup": pair[0], "mentor": pair[1]}
        message = Message(N_("%(startup)s and %(mentor)s are both locked and forbidden"), values)
        problems.add(f"forbid[{forbid.index(pair)}]", message)
    wishes: Mapping[str, tuple[str, ...]] = {}
    if isinstance(data.get("wishes"), dict):
        table = data.pop("wishes")
        if "weight" in table:  # TOML cannot have a number and a table of one name
            data["wishes"] = table.pop("weight")
        wishes = _wishes(table, startups, mentors, problems)
    rules = _rules(data, problems)
    problems.check()
    return RulesFile(path, rules, locks, forbid, wishes)


def apply_rules(session: Session, programme: Programme, file: RulesFile) -> None:
    """Save the rules, and take the file's decisions.

    Raises:
        BadInput: eligibility or a capacity forbids a lock; the place is named.
    """
    save_rules(session, programme, file.rules, seen=0, actor=_ACTOR)
    if file.path is None:
        return
    rows = session.execute(
        select(Profile.kind, Profile.ref, Profile.id).where(Profile.programme_id == programme.id)
    )
    ids = {(kind, ref): profile_id for kind, ref, profile_id in rows}

    def pair_of(pair: RefPair) -> tuple[int, int]:
        return ids[Kind.STARTUP, pair[0]], ids[Kind.MENTOR, pair[1]]

    problems = _Problems(file.path)
    decisions: tuple[tuple[str, tuple[RefPair, ...], Decision], ...] = (
        ("forbid", file.forbid, "rejected"),
        ("locks", file.locks, "locked"),
    )
    for name, pairs, decision in decisions:
        for number, pair in enumerate(pairs):
            try:
                decide(session, programme, *pair_of(pair), decision, actor=_ACTOR)
            except Refusal as refusal:
                problems.add(f"{name}[{number}]", refusal.message)
    problems.check()
    for ref, wished in file.wishes.items():
        ours, theirs = Kind.STARTUP, Kind.MENTOR
        if (ours, ref) not in ids:
            ours, theirs = theirs, ours
        candidates = [ids[theirs, other] for other in wished]
        set_wishes(session, programme, ids[ours, ref], candidates, actor=_ACTOR)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        # The parser names no line for what is wrong at the very end of a file.
        data = tomllib.loads(path.read_text(encoding="utf-8-sig") + "\n")
        json.dumps(data, default=str)  # dotted keys nest deeper than brackets may
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        values = {"file": path.name, "problem": str(error)}
        raise BadInput([Message(N_("%(file)s is no TOML: %(problem)s"), values)]) from error
    return data


def _rules(data: dict[str, Any], problems: _Problems) -> CohortRules:
    """The rules; strictly, so that "3" is no 3. JSON has arrays where Python would want tuples."""
    try:
        return CohortRules.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        for each in error.errors():
            problems.add(_place(each["loc"]), _problem(each["type"], each["msg"]))
        return CohortRules()


def _place(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).lstrip(".") or "mentors_least"


def _problem(kind: str, text: str) -> Message:
    if kind == "extra_forbidden":
        return Message(N_("there is no such rule"))
    return Message(N_("%(problem)s"), {"problem": text})


def _pairs(
    value: Any, name: str, startups: frozenset[str], mentors: frozenset[str], problems: _Problems
) -> tuple[RefPair, ...]:
    if not isinstance(value, list):
        problems.add(name, Message(N_('it must be a list of pairs like ["S1", "M2"]')))
        return ()
    found: list[RefPair] = []
    for number, item in enumerate(value):
        place = f"{name}[{number}]"
        if not (isinstance(item, list) and len(item) == 2 and all(isinstance(ref, str) for ref in item)):
            problems.add(place, Message(N_('it must be a pair like ["S1", "M2"]')))
            continue
        ours, theirs = item
        if ours not in startups:
            problems.add(place, _unknown(N_("no start-up has the ref %(ref)s"), ours))
        if theirs not in mentors:
            problems.add(place, _unknown(N_("no mentor has the ref %(ref)s"), theirs))
        found.append((ours, theirs))
    return tuple(found)


def _wishes(
    table: dict[str, Any], startups: frozenset[str], mentors: frozenset[str], problems: _Problems
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for ref, wished in table.items():
        place = f"wishes.{ref}"
        if not (isinstance(wished, list) and all(isinstance(other, str) for other in wished)):
            problems.add(place, Message(N_("it must be a list of refs, the dearest first")))
            continue
        if (ref in startups) == (ref in mentors):
            both = N_("a start-up and a mentor have the ref %(ref)s")
            neither = N_("no start-up and no mentor has the ref %(ref)s")
            problems.add(place, _unknown(both if ref in startups else neither, ref))
            continue
        others = mentors if ref in startups else startups
        template = (
            N_("no mentor has the ref %(ref)s") if ref in startups else N_("no start-up has the ref %(ref)s")
        )
        for other in wished:
            if other not in others:
                problems.add(place, _unknown(template, other))
        if len(set(wished)) < len(wished):
            problems.add(place, Message(N_("Nobody can be wished for twice.")))
        if len(wished) > MOST_WISHES:
            problems.add(place, Message(N_("At most %(count)s wishes."), {"count": MOST_WISHES}))
        found[ref] = tuple(wished)
    return found


def _unknown(template: str, ref: str) -> Message:
    return Message(template, {"ref": ref})
