"""Secrets in texts: what is recognisably one is masked before a text is shown or kept.

Recognised are the formats of well-known services, private keys, passwords in addresses, and values that stand behind
a name such as `password=`. The mask hides the value alone, and says how much that is, so that
nothing that matters can disappear behind one unnoticed.
"""

import re

_HINTS = (
    *("xox", "xapp-", "hooks.slack.com/", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_"),
    *("pypi-", "hf_", "akia", "asia", "sk-", "k_live_", "k_test_", "whsec_", "aiza", "ya29.", "gocspx-", "eyj"),
    *("private key", "://", "pass", "pwd", "secret", "token", "key", "credential", "authorization", "bearer"),
)
"""Lower case; every pattern below contains one of them, and most texts none."""

_MASKED = "‹›"  # never within a value, so that what is masked already stays as it is
_UNBROKEN = r"(?:(?<![A-Za-z0-9_-])(?<!characters›)|(?<=\\[nrt]))"

_TOKENS = (
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%/+-]{10,}|xapp-[A-Za-z0-9-]{10,}",
    r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9/_-]{16,}",
    r"gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}",
    rf"npm_[A-Za-z0-9]{{36,}}|pypi-[A-Za-z0-9_-]{{50,}}|{_UNBROKEN}hf_[A-Za-z0-9]{{30,}}",
    rf"{_UNBROKEN}A(?:KIA|SIA)[A-Z0-9]{{16,}}",
    rf"{_UNBROKEN}sk-(?:(?:ant|proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{{16,}}|[A-Za-z0-9]{{20,}})",
    rf"{_UNBROKEN}[rs]k_(?:live|test)_[A-Za-z0-9]{{10,}}|whsec_[A-Za-z0-9+/=]{{16,}}",
    r"AIza[A-Za-z0-9_-]{35,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    rf"{_UNBROKEN}eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*){{0,3}}",
)

_BREAK = r"(?:\s|\\[rn])"
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:(?:[^-{_MASKED}]++|-(?!----))*+-----END [A-Z ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----"
    rf"|{_BREAK}*+[A-Za-z0-9+/=]{{16,}}+(?:{_BREAK}++[A-Za-z0-9+/=]{{16,}}+)*+"
    rf"(?:{_BREAK}++[A-Za-z0-9+/=]{{1,15}}+(?=…|\Z))?)"  # a text cut before the key's end
)
_IN_AN_ADDRESS = rf"(?<=://)(?!USER:PASSWORD@)[^\s/?#@:{_MASKED}]*:[^\s/?#{_MASKED}]+(?=@)"

_LOGIN = r"(?i:password|passwd|passphrase|pwd)"
_NAME = (
    r"(?i:password|passwd|passphrase|pwd|secret|token|credentials?"
    r"|(?:api|access|private|secret|signing|encryption|meshclaw)[ _-]?key)"
)
_QUOTE = r"\\?[\"'`]"
_CHAR = rf"(?:(?!&[\w.-]+=)[^\s\"'`<>{_MASKED}])"
_BEFORE_PUNCTUATION = r"(?<![.,;:!?)\]}])"
_IS = rf"(?:{_QUOTE})?\s{{0,4}}:\s{{0,4}}(?:{_QUOTE})?(?!https?://|[\w.+-]+@[\w-]+\.\w)"
_MIXED = rf"(?={_CHAR}{{0,80}}?(?:[A-Za-z][0-9]|[0-9][A-Za-z]))"
_ODD = rf"(?={_CHAR}{{0,80}}?[!#$%^&*+=~][A-Za-z0-9])"

_NAMED = (
    rf"{_NAME}(?:{_QUOTE}\s{{0,4}}[:=]|\s{{0,4}}=)\s{{0,4}}{_QUOTE}([^\"'`\\\n{_MASKED}]{{3,}})(?={_QUOTE})",
    rf"{_NAME}\s{{0,4}}=(?!=)\s{{0,4}}(?!(?:true|false|none|null)\b)({_CHAR}{{4,}}{_BEFORE_PUNCTUATION})",
    rf"{_LOGIN}{_IS}(?:{_MIXED}|{_ODD})({_CHAR}{{6,}}{_BEFORE_PUNCTUATION})",
    rf"{_LOGIN}{_IS}([0-9]{{4,}})(?![.,/:-]?\w)",
    rf"{_NAME}{_IS}{_MIXED}({_CHAR}{{12,}}{_BEFORE_PUNCTUATION})",
    rf"(?i:authorization){_IS}(?i:basic|bearer|digest|token)\s{{1,4}}({_CHAR}{{6,}}{_BEFORE_PUNCTUATION})",
    r"(?i:bearer)\s{1,4}(?=[A-Za-z._~+/-]{0,80}[0-9])([A-Za-z0-9._~+/=-]{16,})",
)
"""In prose a colon is no more than punctuation: what follows one has to look like a secret as well."""

_SECRET = re.compile("|".join((f"({'|'.join((*_TOKENS, _PRIVATE_KEY, _IN_AN_ADDRESS))})", *_NAMED)), re.ASCII)


def redacted(text: str) -> str:
    """The text with each secret as `‹secret: 40 characters›`. Once more changes nothing; never raises."""
    lowered = text.lower()
    for hint in _HINTS:
        if hint in lowered:
            return _SECRET.sub(_mask, text)
    return text


def _mask(match: re.Match[str]) -> str:
    """The mask in the place of the one group that matched; the name before it stays."""
    whole, start = match[0], match.start()
    begin, end = match.span(match.lastindex or 0)
    return f"{whole[: begin - start]}‹secret: {end - begin} characters›{whole[end - start :]}"
