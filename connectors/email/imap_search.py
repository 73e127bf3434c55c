"""A search that the IMAP server does. Words hold letters, digits and signs of addresses alone (`search.words_of`), so
that nothing in them is part of a command. Source: RFC 9051, section 6.4.4."""

from collections.abc import Sequence
from datetime import date

from connectors.email.fetch import uid_set
from connectors.email.imap_session import HEAD, ImapSession, day_before
from connectors.email.search import Hits, Wanted, ranked

SEARCHED = 20_000
"""So many of a folder's newest mails are searched: without an index of words a server reads them all."""
_DATED, _RANKED = 500, 200
"""So many of those that came last are put in the order of their dates, or of how well they fit."""

_Key = str | date


def found_by_server(session: ImapSession, wanted: Wanted, limit: int) -> Hits:
    """The mails of the selected folder that are wanted. Raises what imaplib raises."""
    uids = _asked(session, wanted, _all(wanted.words))
    some = not uids and len(wanted.words) > 1
    if some:
        uids = _asked(session, wanted, _any(wanted.words))
    newest = session.by_date(uid_set(uids[-(_RANKED if some else _DATED) :]), wanted.since) if uids else []
    fetched = session.fetch(newest if some else newest[:limit], HEAD)
    mails = [fetched[uid] for uid in newest if uid in fetched]
    looked_at = SEARCHED if session.count_here > SEARCHED else 0
    return Hits(ranked(mails, wanted.words)[:limit] if some else mails, some and bool(mails), looked_at)


def _asked(session: ImapSession, wanted: Wanted, words: Sequence[_Key]) -> list[int]:
    keys: list[_Key] = []
    if session.count_here > SEARCHED:
        keys.append(f"{session.count_here - SEARCHED + 1}:*")
    if wanted.unread:
        keys.append("UNSEEN")
    if wanted.since is not None:
        keys += ["SINCE", day_before(wanted.since)]
    for name, these in (("FROM", wanted.sender), ("SUBJECT", wanted.subject)):
        for word in these:
            keys += [name, word]
    keys += words
    every = [*wanted.words, *wanted.sender, *wanted.subject]
    charset = None if all(word.isascii() for word in every) else "UTF-8"
    return sorted(int(uid) for uid in session.client.search(keys or ["ALL"], charset))


def _all(words: Sequence[str]) -> Sequence[_Key]:
    return [key for word in words for key in ("TEXT", word)]


def _any(words: Sequence[str]) -> Sequence[_Key]:
    """`OR TEXT a OR TEXT b TEXT c`."""
    *others, last = words
    return [key for word in others for key in ("OR", "TEXT", word)] + ["TEXT", last]
