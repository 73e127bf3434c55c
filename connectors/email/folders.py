"""What a folder is for, told by its name when the server does not say."""

from collections.abc import Iterable, Sequence

from bot.contracts.mail import Folder, FolderRole

NAMES: dict[FolderRole, tuple[str, ...]] = {
    FolderRole.ARCHIVE: (
        "archive", "archives", "archiv", "archivio", "archivo", "archief", "arkiv", "arquivo", "archiwum", "архив",
        "归档", "存档", "封存", "封存郵件", "已封存", "アーカイブ", "보관함",
    ),
    FolderRole.SENT: (
        "sent", "sent mail", "sent items", "sent messages", "sent-mail", "gesendet", "gesendete objekte",
        "gesendete elemente", "envoyés", "messages envoyés", "éléments envoyés", "enviados", "elementos enviados",
        "mensajes enviados", "inviati", "posta inviata", "verzonden", "verzonden items", "skickat", "sendt",
        "lähetetyt", "wysłane", "elementy wysłane", "отправленные", "已发送", "已发送邮件", "已傳送", "寄件備份",
        "已寄出", "送信済み", "보낸편지함",
    ),
    FolderRole.JUNK: (
        "junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "spamverdacht", "werbung",
        "indésirables", "courrier indésirable", "pourriel", "correo no deseado", "posta indesiderata",
        "ongewenste e-mail", "skräppost", "lixo eletrônico", "wiadomości-śmieci", "спам", "垃圾邮件", "垃圾郵件",
        "垃圾信件", "迷惑メール", "스팸",
    ),
    FolderRole.TRASH: (
        "trash", "deleted", "deleted items", "deleted messages", "bin", "papierkorb", "gelöschte elemente",
        "gelöschte objekte", "corbeille", "éléments supprimés", "papelera", "elementos eliminados", "cestino",
        "posta eliminata", "prullenbak", "verwijderde items", "papperskorgen", "lixeira", "kosz", "корзина", "已删除",
        "已删除邮件", "垃圾箱", "刪除的郵件", "垃圾桶", "ゴミ箱", "휴지통",
    ),
    FolderRole.DRAFTS: (
        "drafts", "draft", "entwürfe", "brouillons", "borradores", "bozze", "concepten", "utkast", "rascunhos",
        "szkice", "черновики", "草稿", "草稿箱", "草稿匣", "下書き", "임시보관함",
    ),
}  # fmt: skip

SPECIAL_USE = {
    "\\archive": FolderRole.ARCHIVE,
    "\\all": FolderRole.ARCHIVE,
    "\\sent": FolderRole.SENT,
    "\\junk": FolderRole.JUNK,
    "\\spam": FolderRole.JUNK,
    "\\trash": FolderRole.TRASH,
    "\\drafts": FolderRole.DRAFTS,
}
"""RFC 6154; `\\All` is where Gmail keeps what is archived; `\\Spam` is its older word."""

CREATED_AS = {FolderRole.ARCHIVE: "Archive", FolderRole.JUNK: "Junk", FolderRole.TRASH: "Trash"}
"""What a folder is called that has to be made for its role."""

_GUESSED = {name: role for role, names in NAMES.items() for name in names}
_PARENTS = ("", "inbox", "[gmail]", "[google mail]")


def role_of(name: str, flags: Iterable[str] = ()) -> FolderRole:
    """The role of a folder (name with `/` between levels): by its special-use flags, else by its name. Names count
    at the top level and right below the inbox only."""
    if name.upper() == "INBOX":
        return FolderRole.INBOX
    for flag in flags:
        if flag.lower() in SPECIAL_USE:
            return SPECIAL_USE[flag.lower()]
    parent, _, last = name.rpartition("/")
    return _GUESSED.get(last.casefold(), FolderRole.OTHER) if parent.casefold() in _PARENTS else FolderRole.OTHER


def wanted_role(to: str) -> FolderRole | None:
    """The role meant by a target such as `\\Archive`; None when it is the name of a folder."""
    if not to.startswith("\\"):
        return None
    return FolderRole.INBOX if to.lower() == "\\inbox" else SPECIAL_USE.get(to.lower())


def best(folders: Sequence[Folder], role: FolderRole, declared: frozenset[str] = frozenset()) -> Folder | None:
    """The folder to use for a role: one the server declared, else the one of the best-known name."""
    fitting = [folder for folder in folders if folder.role is role]

    def rank(folder: Folder) -> tuple[bool, int, int]:
        last = folder.name.rpartition("/")[2].casefold()
        names = NAMES.get(role, ())
        return folder.name not in declared, names.index(last) if last in names else len(names), len(folder.name)

    return min(fitting, key=rank, default=None)
