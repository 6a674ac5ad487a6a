"""What a comparison says of both that it compares: by rule, because a model of whole texts hears only one voice. Pure.

The rules are narrow on purpose: a question, a wish, a denial or a word between that is not known says nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from sentiment.clauses import sentences
from sentiment.watchlist_match import Found
from sentiment.watchlist_words import tokens
from shenava.events.mentions import Sentiment

_COPULA = "(?: ?(?:ه|ن|ند|ست|است|هست|هستن|بود|بودن))?"
_GOOD = (
    f"(?:(?:به|سریع|ارزون|ارزان|خوب|خوشقول|قوی|مطمین|راحت|تمیز|منظم|با ?کیفیت|دقیق|کامل|حرفه ?ای|زود|سر) ?تر{_COPULA})"
)
_BAD = f"(?:(?:بد|گرون|گران|کند|دیر|ضعیف|کثیف|بی ?کیفیت|افتضاح|مزخرف) ?تر{_COPULA})"
_HOW = "(?:(?:خیلی|بسیار|واقعا|به ?مراتب|هم|یکم|کمی|حتی|همیشه|صد برابر|هزار برابر|کلی|قطعا) )*"
_BETTER = (
    "(?:better|faster|cheaper|nicer|easier|safer|quicker|friendlier|cleaner|superior"
    "|more (?:reliable|honest|helpful|polite|affordable|professional|trustworthy))"
)
_WORSE = "(?:worse|slower|pricier|ruder|dirtier|more (?:expensive|annoying|rude|unreliable|complicated))"
_E = r"<(\d+)>"
_OTHER = r"(?:<(\d+)> )?"

_PERSIAN = f"(?:از|نسبت به|به نسبت) {_E} {_OTHER}{_HOW}"
_RULES: tuple[tuple[re.Pattern[str], bool], ...] = (
    # The one that is measured against, perhaps the one that is praised behind it; praised or blamed.
    (re.compile(f"{_PERSIAN}{_GOOD}(?= |$)"), True),
    (re.compile(f"{_PERSIAN}{_BAD}(?= |$)"), False),
    (re.compile(f"(?:^| ){_GOOD} از {_E}()"), True),
    (re.compile(f"(?:^| ){_BAD} از {_E}()"), False),
    (re.compile(rf"\b{_BETTER} than (?:the )?{_E}()"), True),
    (re.compile(rf"\b{_WORSE} than (?:the )?{_E}()"), False),
    (re.compile(rf"\b(?:like|love|trust|enjoy) <\d+> (?:much |way |far )?more than {_E}()"), True),
    (re.compile(rf"\bprefer <\d+> (?:to|over) {_E}()"), True),
    (re.compile(rf"<\d+> (?:easily |clearly )?beats {_E}()"), True),
    (re.compile(f"<\\d+> (?:را |رو )?به {_E} ترجیح()"), True),
)
_UNSAID = re.compile(
    r"(?:^| )(?:آیا|ایا|کاش|کاشکی|اگه|اگر|شاید|نیست|نیستن|نیستند|نبود|نداریم|نداره|ندارد|ندیدم|هیچ\w*|نه|نمی\w*)(?= |$)"
    r"|\b(?:no|not|never|nothing|nobody|none|neither|hardly|if|wish|would|could|should|maybe|whether"
    r"|isn t|aren t|wasn t|don t|doesn t|isnt|arent|wasnt|dont|doesnt|who|which|what)\b"
)
_QUESTION = ("?", "؟")


def compared(text: str, found: Sequence[Found]) -> Mapping[str, Sentiment]:
    """The stance towards those of ``found`` that ``text`` compares, by the id; the first word on each counts."""
    said: dict[str, Sentiment] = {}
    if not found:
        return said
    place = 0
    for start, end in sentences(text):
        here: list[Found] = []
        while place < len(found) and found[place].start < end:
            here.append(found[place])
            place += 1
        if here and not text[start:end].rstrip().endswith(_QUESTION):
            for entity, stance in _verdicts(_laid_out(text, start, end, here), here):
                said.setdefault(entity, stance)
    return said


def _verdicts(sentence: str, here: Sequence[Found]) -> Iterator[tuple[str, Sentiment]]:
    if _UNSAID.search(sentence):
        return
    for pattern, praised in _RULES:
        for match in pattern.finditer(sentence):
            against = int(match[1])
            others = [int(place) for place in re.findall(_E, sentence[: match.end()]) if int(place) != against]
            subject = int(match[2]) if match[2] else next(reversed(others), None)
            low, high = here[against].entity.id, None if subject is None else here[subject].entity.id
            if low == high:
                continue
            yield low, "negative" if praised else "positive"
            if high is not None:
                yield high, "positive" if praised else "negative"


def _laid_out(text: str, start: int, end: int, here: Sequence[Found]) -> str:
    """The sentence as folded words with a space between, each place of ``here`` as its number."""
    words: list[str] = []
    last = -1
    place = 0
    for token in tokens(text[start:end]):
        at = token.start + start
        while place < len(here) and here[place].end <= at:
            place += 1
        if place < len(here) and here[place].start <= at:
            if place != last:
                words.append(f"<{place}>")
                last = place
        else:
            words.append(token.spelt)
    return " ".join(words)
