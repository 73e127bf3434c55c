"""What a text asks of its reader: English, Chinese (both scripts), some German, French and Japanese."""

import re
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from bot.agents.triage.deadlines import deadline
from bot.agents.triage.phrases import chinese, phrases, reading

SENTENCES = 12
_SENTENCE = re.compile(r"[^.!?。！？；\n]{2,300}[.!?。！？；]?")

_MODAL = frozenset(
    ["can", "could", "would", "will", "do", "did", "are", "is", "have", "may", "might", "should", "shall"]
)
_ASKED = frozenset(["you", "we", "i", "there", "it", "anyone", "this", "that"])
_TO_READER = re.compile(
    r"\b(?:you|your|yours|u|anyone|somebody|someone|we|us|i|me|there|which|what|when|where|who|how|any|sie|ihr|ihnen|"
    r"du|dir|dich|wir|kannst|könn\w+|wann|wie|wer|was|vous|votre|vos|tu|peux|pouvez|pourriez|quand|comment|est-ce)\b|"
    r"[\u3040-\u30ff\u4e00-\u9fff]"
)
_VERBS = (
    "send|submit|complete|sign|approve|review|fill|upload|return|pay|renew|update|register|book|confirm|check|fix|"
    "prepare|provide|finish|schedule|forward|add|choose|pick|enter|enrol|enroll|file|order|bring|make sure|ensure|"
    "remember to|download|install|print|move|change|reset|restart|merge|deploy|read|call|collect|hand in|settle|"
    "transfer|verify|acknowledge|attend|join|remind|rotate|switch|test|write|drop|cancel|close|delete|remove|clear|"
    "reply|respond|rank|vote|rate|initial|scan|label|assign|list|vet|fetch|tell|give|let|name|nominate|answer"
)
_IMPERATIVE = re.compile(
    r"(?:\W{0,6}(?:hi|hello|dear|also|and|so|then|next|finally|just|reminder)[,:]? )?"
    rf"\W{{0,6}}(?:(?:please|pls|kindly|do|don't forget to|remember to|be sure to|make sure to)[ ,]*)?(?:{_VERBS})\b"
)
_QUESTIONS_ZH = ("吗", "嗎", "呢", "么", "麼", "ますか", "ですか", "でしょうか")

_ASKS = (
    phrases(
        "know advise confirm reply respond answer back your think hear wonder wondering rsvp",
        r"\b(?:let me know|please (?:advise|confirm|reply|respond|answer)|get back to (?:me|us)|your (?:thoughts|"
        r"views?|opinion|input|feedback|take|advice|help|availability)|what do you think|i(?:'d| would) (?:like|"
        r"love) (?:to hear|your|to know)|looking forward to (?:your|hearing)|waiting (?:for|on) your|"
        r"wonder(?:ing)? (?:if|whether)|rsvp)\b",
    ),
    phrases(
        "sie du rückmeldung mir mich bitte",
        r"\b(?:können sie|könnten sie|kannst du|könntest du|bitte um (?:rückmeldung|antwort|info)|geben sie (?:mir|"
        r"uns)|gib mir|was (?:meinst|halten|meinen)|sag(?:en)? (?:mir|sie)|rückmeldung)\b",
    ),
    phrases(
        "vous tu merci moi",
        r"\b(?:pouvez-vous|pourriez-vous|peux-tu|pourrais-tu|merci de (?:me|nous) (?:dire|confirmer|répondre)|"
        r"dites-moi|dis-moi|qu'en (?:pensez|penses)|tenez-moi)\b",
    ),
    phrases(
        "pouvez pourriez peux pourrais dites dis",
        r"\b(?:pouvez|pourriez|peux|pourrais)-(?:vous|tu)|"
        "\bdi(?:te)?s-moi\b",
    ),
    chinese(
        "请问|請問|能否|可否|可不可以|能不能|方便吗|方便嗎|是否|要不要|好不好|行不行|什么时候|什麼時候|怎么看|怎麼看|[你您][觉覺]得|[请請]回[复覆]|[请請]答[复覆]|回[复覆]我|告[诉訴]我|"
        "[请請]告知|盼[复覆]|想[请請]教|等[你您](?:的)?(?:回[复覆]|消息)|[你您]的意[见見]|[给給]我(?:一[个個])?答[复覆]",
        "いただけ(?:ます|ません)か|でしょうか|ご(?:返信|回答|連絡)(?:を|お)|教えて",
    ),
)
_REQUESTS = (
    phrases("please pls plz kindly", rf"\b(?:please|pls|plz|kindly)[ ,]+(?:\w{{1,20}} )?(?:{_VERBS})\b"),
    phrases(
        "you everyone we staff",
        rf"\b(?:you|everyone|we|all of you|all staff) (?:still )?(?:need|have|must|should|are required|are asked|"
        rf"are requested)(?: all)? (?:to )?(?:{_VERBS})\b",
        r"\b(?:need|want|ask|require|expect|would like) (?:you|everyone|all of you) to\b",
    ),
    phrases(
        "forget required needed action approval signature due awaiting your over be",
        r"\b(?:don't|do not) forget to\b|\b(?:must|needs? to|has to|have to|should) be (?:submitted|signed|completed|"
        r"returned|paid|approved|sent|renewed|filled|uploaded|received|done|confirmed|registered|booked|in)\b",
        r"\b(?:action (?:required|needed)|your action|(?:your )?(?:signature|approval|"
        r"confirmation) (?:is )?(?:required|needed)|awaiting your|for your (?:approval|signature)|(?:needs?|requires?|"
        r"waiting for) your (?:approval|signature|ok|confirmation|decision)|over to you|payment (?:is )?due|due (?:by|"
        r"on|date))\b",
    ),
    phrases("bitte", r"\bbitte\b[^.!?\n]{0,60}\b\w{3,30}en?\b"),
    phrases("merci veuillez prière faut n'oubliez", r"\b(?:merci de|veuillez|prière de|il faut|n'oubliez pas)\b"),
    chinese(
        "(?:[请請]|麻[烦煩]|[烦煩][请請]|[务務]必|[记記]得|需要[你您]|[劳勞][烦煩]|[帮幫]忙)[^。！？\n]{0,24}(?:提交|[签簽]|填|上[传傳]|完成|[确確][认認]|[审審]批|"
        "[审審]核|核准|批准|付款|支付|[缴繳]|更新|[注註][册冊]|[报報]名|登[记記]|[发發]送|[发發][给給]|寄|交|[预預][订訂]|[检檢]查|[处處]理|[准準][备備]|安排|修改|看一下|看看|"
        "查看|[补補]|[转轉]交|[参參]加|[续續])",
        "(?:ください|お願い(?:いた)?します)",
    ),
)
_NOTHING = (
    phrases(
        "no nothing fyi information just heads reference record don't need",
        r"\b(?:no (?:need to (?:reply|respond|answer|do)|(?:reply|response|action|answer) (?:is )?(?:needed|required|"
        r"necessary))|no action|nothing (?:needed|to do|for you to do|required)|for your information|fyi|"
        r"just (?:so you know|letting you know|a heads[- ]up|sharing|wanted to share|an update)|heads[- ]up|"
        r"for (?:your )?(?:reference|the record)|(?:don't|do not) need to (?:reply|do anything))\b",
    ),
    phrases("zur z keine", r"\b(?:zur (?:info|information|kenntnis)|z\. ?k\.|keine antwort)\b"),
    phrases("pour titre aucune", r"\b(?:pour (?:info|information)|à titre d'information|aucune (?:réponse|action))\b"),
    chinese(
        "[无無]需回[复覆]|不用回|[无無][须須]回[复覆]|毋[须須]回[复覆]|不必回|供[你您]?[参參]考|知悉|周知|[备備]查|告知一下|跟[你您][说說]一[声聲]|同步一下|[报報][备備]"
    ),
)
_GREETING = re.compile(
    r"\W*(?:(?:hi|hello|hey|dear|hallo|liebe\w?|bonjour|cher\w{0,3}|good \w{1,10})\b)?[^\n.!?]{0,40}[,!，：:]\s*\n\s*"
)
_THANKS = re.compile(
    r"\W*(?:(?:thanks|thank you|thx|cheers|great|perfect|got it|will do|sounds good|ok(?:ay)?|noted|done|agreed|"
    r"received|congratulations|congrats|well done|danke|merci)\b|[谢謝]{2}|收到|好的|多[谢謝]|辛苦了|知道了|明白)"
)


class Asked(NamedTuple):
    """What a text wants. `question`: of the reader; `asks`: for an answer without a question mark; `request`: to do
    something; `nothing`: says that nothing is wanted; `thanks`: a short thanks or confirmation."""

    question: bool = False
    asks: bool = False
    request: bool = False
    nothing: bool = False
    thanks: bool = False
    deadline: date | None = None
    sentences: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        return self.question or self.asks or self.request


def asked(subject: str, text: str, words: tuple[str, ...], today: date) -> Asked:
    """What subject and text ask for, seen on `today`. `words`: those of the text, in order."""
    body, whole, there = reading(subject, text, words)
    sentences = tuple(filter(None, map(str.strip, _SENTENCE.findall(whole)[:SENTENCES])))
    return Asked(
        question=any(map(_is_question, sentences)),
        asks=_modal(words) or any(each.found(whole, there) for each in _ASKS),
        request=any(each.found(whole, there) for each in _REQUESTS) or any(map(_IMPERATIVE.match, sentences[1:])),
        nothing=any(each.found(whole, there) for each in _NOTHING),
        thanks=len(body) < 400 and _thanks(body),
        deadline=deadline(whole, there, today),
        sentences=sentences,
    )


def _thanks(text: str) -> bool:
    """Whether the text begins with thanks, after a greeting perhaps."""
    greeting = _GREETING.match(text)
    return _THANKS.match(text, greeting.end() if greeting else 0) is not None


def _modal(words: tuple[str, ...]) -> bool:
    """Whether "could you" or its like stands somewhere."""
    return any(second in _ASKED and first in _MODAL for first, second in pairwise(words))


def _is_question(sentence: str) -> bool:
    if sentence[-1] in "?？":
        return "://" not in sentence and _TO_READER.search(sentence) is not None
    return sentence.rstrip("。!！.").endswith(_QUESTIONS_ZH)
