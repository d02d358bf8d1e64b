"""How often somebody is told by e-mail, and the address in each such letter that ends them."""

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from matcher.models import Account, MailPace
from matcher.services.errors import NotFound
from matcher.wording import N_, Message

PURPOSE = "unsubscribe"
"""What the key that signs these addresses is derived for."""
_LOWER: dict[MailPace, int] = {MailPace.AT_ONCE: 2, MailPace.DAILY: 1, MailPace.NEVER: 0}


@dataclass(frozen=True, slots=True)
class Links:
    """Where letters lead: addresses of ours, from outside."""

    url: str
    """Ours, without a slash at the end."""
    key: str

    def page(self, path: str) -> str:
        """One of our pages."""
        return self.url + path

    def unsubscribe(self, account_id: int) -> str:
        """Where whoever has the letter ends letters to this account, without signing in."""
        return self.page(f"/unsubscribe/{sign(self.key, account_id)}")


def sign(key: str, account_id: int) -> str:
    """A secret that names an account, and that nobody makes without the key."""
    return str(_signer(key).dumps(account_id))


def read(session: Session, key: str, secret: str) -> Account:
    """The account that a secret names.

    Raises:
        NotFound: it is none of ours, or the account is gone.
    """
    try:
        account_id = _signer(key).loads(secret)
    except BadSignature:
        account_id = None
    found = session.get(Account, account_id) if isinstance(account_id, int) else None
    if found is None:
        raise NotFound(Message(N_("This link does not work. Sign in to say how often we write to you.")))
    return found


def choose(session: Session, account_id: int, pace: MailPace) -> MailPace:
    """Set how often the account is told by e-mail; how often it was before."""
    account = session.get_one(Account, account_id)
    before, account.mail_pace = MailPace(account.mail_pace), pace.value
    return before


def lower(session: Session, account: Account, pace: MailPace) -> MailPace:
    """Have fewer letters sent, never more; how often it was before."""
    before = MailPace(account.mail_pace)
    if _LOWER[pace] < _LOWER[before]:
        choose(session, account.id, pace)
    return before


def _signer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=PURPOSE)
