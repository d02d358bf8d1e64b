"""What a browser calls itself, in plain words."""

from matcher.wording import N_, Message

# The order counts: most of them also call themselves what others are.
_BROWSERS = (
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"),
    ("OPR", "Opera"),
    ("Opera", "Opera"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("KAIOS", "KaiOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_BOTH = N_("%(browser)s on %(system)s")
_BROWSER = N_("%(browser)s")
_SYSTEM = N_("A browser on %(system)s")
_NEITHER = N_("Unknown browser")


def in_words(user_agent: str) -> Message:
    """Such as “Firefox on Android”."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    if browser and system:
        return Message(_BOTH, {"browser": browser, "system": system})
    if browser:
        return Message(_BROWSER, {"browser": browser})
    return Message(_SYSTEM, {"system": system}) if system else Message(_NEITHER)
