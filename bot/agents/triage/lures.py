"""Texts that want something they should not get: phishing, fraud, spam, pitches, and orders to software.

A mail is only ever suspected by them; a sender the person corresponds with never is.
"""

from collections.abc import Set

from bot.agents.triage.phrases import Phrases, chinese, phrases, reading
from bot.agents.triage.trust import Sign

_LOGIN = "asks for a login or says an account is in danger"
_MONEY = "wants money moved or cards bought"
_PRIZE = "promises a prize or easy money"
_WARES = "sells what junk mail sells"
_PITCH = "sounds like a sales pitch"
_ORDERS = "gives orders to software that reads mail"

_LURES: tuple[tuple[float, str, Phrases], ...] = (
    (
        2.0,
        _LOGIN,
        phrases(
            "account password mailbox login identity verify suspended quota wallet credentials storage",
            r"\b(?:verify|confirm|update|validate|restore|unlock|reactivate|secure) (?:your|"
            r"the) (?:\w{1,20} ){0,2}(?:account|identity|password|mailbox|login|credentials|details|wallet|"
            r"information)\b",
            r"\b(?:account|mailbox|password|access|wallet|profile)\b[^.!?\n]{0,30}\b(?:suspended|limited|locked|"
            r"expires?|expired|deactivated|be (?:closed|deleted|terminated|blocked)|on hold|restricted|disabled)\b",
            r"\b(?:mailbox|storage|quota) (?:is |has )?(?:almost )?(?:full|exceeded|over)\b",
            r"\bunusual (?:sign-?in|activity|login)\b|\bkeep (?:the |your )?(?:same|current) password\b",
        ),
    ),
    (
        2.0,
        _MONEY,
        phrases(
            "gift wire bank transfer inheritance beneficiary million payment account atm kin unclaimed client",
            r"\bgift ?cards?\b|\b(?:wire|urgent|quick|outgoing) (?:transfer|payment)\b",
            r"\b(?:bank|account|banking|payment) details (?:have |has )?(?:been )?(?:changed|updated)\b",
            r"\bnew bank (?:account|details)\b|\b(?:next of kin|inheritance|beneficiary|unclaimed|late client|"
            r"atm card)\b",
            r"\bmillion (?:dollars|usd|euros|pounds|united states)\b",
        ),
    ),
    (
        2.5,
        _PRIZE,
        phrases(
            "won selected chosen winner lottery prize reward bonus gift guaranteed double earn income money profit "
            "profits returns casino spins deposit loan credit customs fee bitcoin crypto risk approval cash",
            r"\b(?:you(?:'ve| have)? (?:won|been (?:selected|chosen))|lottery|lucky winner|claim your (?:prize|reward|"
            r"bonus|gift)|guaranteed (?:returns?|profits?|income|approval|ranking)|double your (?:money|bitcoin|"
            r"crypto|income)|earn \$?\d|passive income|work from home|make money|risk[- ]free (?:profit|investment|"
            r"trial)|(?:daily|weekly) (?:profits?|returns?)|\d ?% (?:daily|weekly|returns?|profit))\b",
            r"\b(?:online casino|free spins|casino bonus|no deposit|instant (?:loan|approval|cash)|no credit check|"
            r"(?:customs|redelivery) fee)\b",
        ),
    ),
    (
        2.5,
        _PRIZE,
        phrases(
            "gewonnen gewinnbenachrichtigung gewinner gagné sélectionné",
            r"\b(?:sie haben [^.!?\n]{0,60}gewonnen|gewinnbenachrichtigung|als gewinner|vous avez (?:gagné|"
            r"été (?:sélectionné|choisi)))\b",
        ),
    ),
    (
        2.5,
        _WARES,
        phrases(
            "pills viagra cialis pharmacy prescription weight enlargement replica seo google ranking rank backlinks "
            "leads diploma rolex watches keto lose singles dating meds guest followers addresses contacts database "
            "miracle",
            r"\b(?:viagra|cialis|levitra|no prescription|online pharmacy|miracle (?:cure|pill)|weight loss|"
            r"lose weight|enlargement|keto (?:gummies|diet)|cheap meds|replica (?:watches|rolex)|rolex replica|"
            r"luxury watches|university diploma|hot singles|adult dating|meet singles)\b",
            r"\b(?:first page of google|page (?:one|1) (?:of|on) google|rank(?:ing)? (?:your (?:web)?site|on google)|"
            r"seo (?:services|packages|expert|proposal|audit)|backlinks|guest posts?|buy followers|email (?:lists?|"
            r"database)|(?:million|thousand|verified) (?:email )?(?:addresses|contacts|leads))\b",
        ),
    ),
    (
        3.0,
        _PITCH,
        phrases(
            "demo pipeline call chat leads clients help book outreach circling bumping worth open companies case",
            r"\b(?:(?:quick|short|brief) (?:\w{1,10}[- ])?(?:call|chat|demo)|(?:1[05]|20|30|ten|"
            r"fifteen)[- ]min(?:ute)?s? (?:call|chat|demo)|book (?:a |some )?(?:call|demo|time)|companies like yours|"
            r"open to (?:learning|exploring)|(?:we|i) help (?:companies|teams|businesses|founders|leaders)|"
            r"(?:bumping this|circling back)|worth (?:a (?:quick )?(?:chat|call|look)|exploring)|(?:double|triple|"
            r"[2-9]x|10x) your|your (?:sales )?pipeline|(?:more|qualified|new) (?:leads|demos)|case study)\b",
        ),
    ),
    (
        3.0,
        _ORDERS,
        phrases(
            "ignore disregard forget override ai llm assistant assistants agents prompt system instructions inst",
            r"\b(?:ignore|disregard|forget|override) (?:(?:all|any|the|your|my) ){0,3}(?:previous|prior|above|earlier|"
            r"other|existing|safety|system)[^.!?\n]{0,12} (?:instructions?|prompts?|rules|messages?|directions?)\b",
            r"\b(?:attention|note|message|instructions?|hello|dear|important)[ :,]{1,3}(?:(?:to|for|all|any|"
            r"the) ){0,2}(?:ai|llm|automated|email|mail|inbox)[ -](?:assistants?|agents?|models?|systems?|bots?)\b",
            r"\b(?:you are|act as) (?:now )?(?:an? |the )?(?:ai|llm|language model|(?:email|helpful) assistant)\b",
            r"\bsystem (?:prompt|override|message:)|</?(?:system|instructions?)>|\[/?(?:system|inst)\]",
            r"\b(?:ai|llm) (?:assistants?|agents?|models?)\b[^.!?\n]{0,40}\b(?:must|should|please|forward|delete|"
            r"archive|mark|send|reply)\b",
        ),
    ),
    (
        3.0,
        _ORDERS,
        chinese(
            "忽略(?:之前|以上|先前|前面|所有)[^。！？\n]{0,8}(?:指令|指示|提示|[规規][则則])",
            "(?:ai|人工智[能慧]|智能)(?:助手|助理|代理)[^。！？\n]{0,12}(?:[请請]|必[须須]|立即)",
        ),
    ),
    (
        2.5,
        _WARES,
        chinese(
            "中[奖獎]|彩票|[贷貸]款|撥款|放款|代[开開][^，。\n]{0,6}[发發]票|[发發]票代[开開]|刷[单單]|兼[职職]日[结結]|高[额額]回[报報]|[稳穩][赚賺]|博彩|加(?:我)?微信|"
            "免[费費][领領]取|投[资資]回[报報]|[内內]幕消息|[飙飆]股|保[证證][获獲]利|[娱娛][乐樂]城"
        ),
    ),
    (
        2.0,
        _LOGIN,
        chinese(
            "(?:[账帳][户戶号號]|[邮郵]箱|信箱)[^。！？\n]{0,12}(?:[冻凍][结結]|停用|[异異]常|[过過]期|升[级級]|超出)",
            "(?:[验驗][证證]|[确確][认認])[您你]的(?:[账帳][户戶号號]|身[份分]|密[码碼])",
        ),
    ),
)


_SHOUTED = frozenset(
    ["free", "offer", "offers", "money", "cash", "credit", "guarantee", "guaranteed", "income", "earn", "save",
     "savings", "discount", "price", "prices", "buy", "order", "limited", "exclusive", "winner", "win", "bonus",
     "amazing", "miracle", "instant", "instantly", "mortgage", "loan", "loans", "debt", "rates", "insurance",
     "investment", "profit", "profits", "click", "remove", "removed", "unsubscribe", "opt", "promotion",
     "promotions", "deal", "deals", "sale", "cheap", "lowest", "million", "millions", "thousands", "risk",
     "obligation", "approved", "qualify", "today", "now", "urgent", "act", "subscribe", "$", "$$", "$$$", "!!",
     "!!!", "!!!!", "%", "business", "marketing", "advertising", "opportunity", "confidential", "transaction",
     "toll", "prize", "gift", "trial", "satisfaction", "refund", "shipping"]
)  # fmt: skip
_MANY, _MOST = 5, 8
ADVERTISING = "reads like an advertisement"


def _advertising(words: Set[str]) -> list[Sign]:
    """Whether a text without a list's headers is written like an advertisement: many different words of that trade."""
    count = len(_SHOUTED.intersection(words))
    return [(3.0 if count >= _MOST else 2.0, ADVERTISING)] if count >= _MANY else []


def signs(subject: str, text: str, words: tuple[str, ...]) -> list[Sign]:
    """What subject and text say that speaks against the mail. `words`: those of the text, lower case."""
    _, whole, there = reading(subject, text, words)
    found = {says: points for points, says, each in _LURES if each.found(whole, there)}
    return [*((points, says) for says, points in found.items()), *_advertising(there)]
