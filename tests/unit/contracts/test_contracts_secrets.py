"""Secrets are masked wherever they stand in a text; whatever is none is left as it is."""

import json
import re
import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.contracts.secrets import redacted

MASK = re.compile(r"‹secret: ([0-9]+) characters›")

UPPER, WORD, URL_SAFE = (
    string.ascii_uppercase + string.digits,
    string.ascii_letters + string.digits,
    string.ascii_letters + string.digits + "_-",
)


def _made(prefix: str, letters: str, length: int, after: str = "") -> st.SearchStrategy[str]:
    return st.text(letters, min_size=length, max_size=length).map(lambda made: f"{prefix}{made}{after}")


TOKENS = st.one_of(
    *(_made(f"xox{kind}-2401-", WORD, 24) for kind in "abeprs"),
    _made("xoxe.xoxp-1-", WORD, 40),
    _made("xapp-1-A012-", WORD, 40),
    *(_made(f"gh{kind}_", WORD, 36) for kind in "opsur"),
    _made("github_pat_", WORD + "_", 60),
    _made("glpat-", URL_SAFE, 20),
    _made("npm_", WORD, 36),
    _made("AKIA", UPPER, 16),
    _made("ASIA", UPPER, 16),
    _made("sk-", WORD, 48),
    _made("sk-ant-api03-", URL_SAFE, 80, "AA"),
    _made("sk-proj-", URL_SAFE, 80),
    _made("AIza", URL_SAFE, 35),
    _made("sk_live_", WORD, 24),
    _made("rk_test_", WORD, 24),
    _made("whsec_", WORD, 32),
    st.tuples(*[_made("", URL_SAFE, length) for length in (20, 40, 43)]).map(lambda three: "eyJ" + ".".join(three)),
)
SURROUNDED = st.sampled_from(
    ["{}", "use {} please", '"{}"', "({})", "a={}", "key {},", "line\n{}\nline", "<{}>", "{}."]
)
PASSWORDS = st.text(string.ascii_letters, min_size=6, max_size=20).map(lambda letters: f"{letters}7x{letters}")


@given(TOKENS, SURROUNDED)
def test_tokens_of_known_services_are_masked_whole(token: str, around: str) -> None:
    masked = redacted(around.format(token))
    assert len(MASK.findall(masked)) == 1, masked
    assert not any(token[start : start + 8] in masked for start in range(len(token) - 8)), masked


@given(
    PASSWORDS,
    st.sampled_from(
        [
            "password={}",
            "PASSWORD={}",
            "Password: {}",
            "passwd = {}",
            "db_password={}&user=ada",
            "https://example.org/?token={}&next=/",
            "token: {}",
            "api-key: {}",
            "MESHCLAW_KEY={}",
            "client_secret='{}'",
            "Authorization: Bearer {}",
            "authorization: basic {}",
            "-H 'Authorization: token {}'",
            "postgresql://ada:{}@db.example/meshclaw",
            "imaps://{}:x@mail.example",
            '{{"password": "{}"}}',
            '{{\\"secret\\":\\"{}\\"}}',
            "{{'token': '{}'}}",
            "signing secret: {}",
            "Bearer {}",
        ]
    ),
)
def test_what_stands_behind_a_telling_name_is_masked(password: str, written: str) -> None:
    masked = redacted(written.format(password))
    assert password not in masked
    assert len(MASK.findall(masked)) == 1
    before = written.partition("{}")[0].replace("{{", "{").removesuffix("ada:")
    assert masked.startswith(before), "the name itself stays"


@pytest.mark.parametrize("text", ["password: 123456", "pwd=1234", '"password": "ocean view"', "password='two words'"])
def test_weak_passwords_are_passwords_too(text: str) -> None:
    assert len(MASK.findall(redacted(text))) == 1


def test_the_mask_says_how_much_it_hides() -> None:
    assert redacted(f"use ghp_{'a1' * 18}, please") == "use ‹secret: 40 characters›, please"
    assert redacted("imap://ada:horse@mail.example/x") == "imap://‹secret: 9 characters›@mail.example/x"
    assert (
        redacted("https://e.example/?token=abcdef12&page=2") == "https://e.example/?token=‹secret: 8 characters›&page=2"
    )


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n"])
def test_private_keys_are_masked_also_when_cut_short(kind: str, newline: str) -> None:
    lines = [f"MIIEvQIBADANBgkqhkiG9w0BAQ{number:04}abcdefghij" for number in range(20)]
    key = newline.join([f"-----BEGIN {kind}-----", *lines, "ab+/==", f"-----END {kind}-----"])
    assert redacted(f"here: {key} and on") == f"here: ‹secret: {len(key)} characters› and on"
    for cut in (400, 405, 417):
        masked = redacted(f"{key[:cut]}…")
        assert "MIIE" not in masked
        assert masked.rpartition("›")[2].strip("\\rn\r\n") == "…"


ORDINARY = (
    "The Daily Robot <news@robot.example>",
    "Archive 12 mails, INBOX → Archive",
    "Re: Password: how to change it",
    "Your password has been changed",
    "Password: support@example.org can reset it",
    "Password reset: https://example.org/reset/4711a",
    "New password: required",
    "Secret: the making of an album",
    "Secret: COVID-19 and the 100-year-old letter",
    "Top secret: party on 2026-11-21 at 19:30",
    "Token: ERC-721 explained, and a short history",
    "Authorization: form needed by Friday",
    "Payment authorization: REF-2026-000123",
    "The bearer of this letter, bearer responsibilities and rights",
    "Private key: what is it?",
    "Key: C minor; monkey=1; turnkey: yes",
    "task-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "desk-internationalization/risk-managementdocumentation",
    "sk-translations-and-localisation",
    "Asia and AKIA, npm_install, hf_models, sk_live, github_pat",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "<CAGt4xK=q+Vb8b1Zc2K@mail.gmail.example>",
    "<20261121091200.12345.qmail@lists.example>",
    "bounces+token-ada=example.org@lists.example",
    "INBOX/Archive/2026/Q4", "Sent Items", "[Gmail]/All Mail", "Papierkorb", "已删除邮件", "Отправленные",
    "imap://USER:PASSWORD@HOST:PORT or imaps://…",
    "postgresql://USER:PASSWORD@HOST/NAME",
    "https://example.org:8443/a/b?page=2&sort=desc#top",
    "git@github.com:meshclaw/meshclaw.git, ssh://git@host:22/path",
    "max_tokens=4096, tokens: 1,234 used, token=none, password=true",
    "if token == other: return",
    "C0123456789 U01ADA00001 T01 1700000000.123456",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkq2Qn0Yl0Zx5M4v ada@laptop",
    "-----BEGIN PUBLIC KEY----- is not private, and -----BEGIN PRIVATE KEY----- is how one starts",
    "eyJust a word, and eyJ.a.b too",
    "",
)  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


@given(st.lists(st.text(string.ascii_letters + "äß陳م'’", min_size=1, max_size=12), max_size=12).map(" ".join))
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


@given(st.binary(min_size=16, max_size=32), st.sampled_from([":", "-", " ", ""]))
def test_digests_and_ids_stay_as_they_are(digest: bytes, between: str) -> None:
    text = f"commit {digest.hex()}, id {digest.hex(':')}{between}{digest.hex()}"
    assert redacted(text) == text


PIECES = st.one_of(
    TOKENS,
    st.text(max_size=8),
    st.sampled_from(
        [
            *("password", "token", "secret", "api key", "=", ": ", ":", '"', "'", '\\"', "@", "://", "a:b@", "Bearer "),
            *("Authorization: ", "‹secret: 40 characters›", "‹secret: ", "characters›", "›", "\n", "&x=", "hunter2"),
            *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "A" * 20, "sk-", "eyJ", ".", "1a2b3c4d5e"),
        ]
    ),
)


@given(st.lists(PIECES, max_size=14).map("".join))
@example('password="‹secret: 40 characters›"')
@example("secret: ‹secret: 12 characters›a1b2c3d4e5f6")
def test_masking_twice_changes_nothing_and_no_text_raises(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@given(st.dictionaries(st.sampled_from(["password", "token", "note"]), PASSWORDS, min_size=1))
def test_json_stays_json(secrets: dict[str, str]) -> None:
    masked = json.loads(redacted(json.dumps(secrets)))
    for name, value in secrets.items():
        assert (masked[name] == value) is (name == "note")


@pytest.mark.parametrize(
    "hostile",
    [
        *("eyJ", "eyJ-", "eyJaaaaaaaa.", "token:", "token: a", "password:a", "password=", 'password="', "://a:", "://"),
        *(
            "bearer ",
            "bearer a",
            "sk-",
            "xoxb-",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----a\n",
            "\\n",
        ),
        *(
            "secret ",
            "secret" + " " * 50,
            "authorization: ",
            "hooks.slack.com/",
            "a" * 50 + "@",
            '"token":',
            "&a=token:",
        ),
    ],
)
def test_no_text_takes_long(hostile: str) -> None:
    text = (hostile * 100_000)[:100_000]
    before = time.process_time()
    redacted(text)
    assert time.process_time() - before < 3
