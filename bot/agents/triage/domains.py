"""Mail domains: whose they are, and which ones only look like another."""

from functools import lru_cache

_SECOND_LEVEL = frozenset(
    ["co", "com", "org", "net", "edu", "gov", "ac", "ne", "or", "go", "gob", "gouv", "nom", "mil", "id"]
)
_SHARED = frozenset(
    ["gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
     "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de",
     "freenet.de",
     "mail.com", "mail.ru", "yandex.ru", "yandex.com", "proton.me", "protonmail.com", "pm.me", "tutanota.com",
     "fastmail.com", "hey.com", "zoho.com", "qq.com", "163.com", "126.com", "sina.com", "sohu.com", "foxmail.com",
     "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "hotmail.fr", "hotmail.co.uk", "yahoo.co.uk",
     "yahoo.fr", "yahoo.de", "outlook.fr", "outlook.de", "yahoo.com.tw", "hinet.net"]
)  # fmt: skip
_ALIKE = str.maketrans("013568|!$", "olesbblls")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"), ("ii", "u"))
_CONFUSABLE = str.maketrans("аеорсухіјѕԁɡһӏ", "aeopcyxijsdghl")


@lru_cache(8_192)
def organisation(domain: str) -> str:
    """The registered domain, about: `mail.shop.co.uk` → `shop.co.uk`. Empty for what is no domain."""
    labels = domain.strip(".").split(".")
    if len(labels) < 2 or not all(labels):
        return ""
    take = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-take:])


def shared(domain: str) -> bool:
    """Whether anybody can have an address there."""
    return domain in _SHARED


@lru_cache(8_192)
def skeleton(domain: str) -> str:
    """What a hasty eye sees: letters that look alike are made the same, hyphens and doublings go."""
    if domain.startswith("xn--") or ".xn--" in domain:
        try:
            domain = domain.encode("ascii").decode("idna")
        except UnicodeError:
            return domain
    name, _, end = domain.partition(".")
    name = name.translate(_CONFUSABLE).translate(_ALIKE).replace("-", "")
    for pair, one in _PAIRS:
        name = name.replace(pair, one)
    return f"{name.replace('l', 'i')}.{end}"
