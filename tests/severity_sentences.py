"""Sentences in Persian, romanised Persian and English with the severity that a careful person gives them."""

from typing import Literal, NamedTuple

from shenava.events.mentions import Classification, Intent, Probabilities, Severity

Mood = Literal["furious", "cross", "refund", "question", "praise", "wish", "chat", "spam", "unscored"]

_UNDERSTOOD: dict[Mood, tuple[Intent, float]] = {
    "furious": ("complaint", 0.93),
    "cross": ("complaint", 0.6),
    "refund": ("refund", 0.75),
    "question": ("question", 0.1),
    "praise": ("praise", 0.02),
    "wish": ("suggestion", 0.2),
    "chat": ("other", 0.2),
    "spam": ("spam", 0.1),
}


class Sentence(NamedTuple):
    """What was written, what the model makes of it, and what it should come to.

    Attributes:
        words: the kinds of harm it speaks of, in alphabetical order.
    """

    text: str
    mood: Mood
    level: Severity
    words: str = ""


def understood(mood: Mood) -> Classification:
    """What a model that is right says of a text in this mood."""
    if mood == "unscored":
        return Classification(
            status="unscored", language="fa-Latn", reason="unsupported_language", model="m", model_version="1"
        )
    intent, negative = _UNDERSTOOD[mood]
    return Classification(
        status="scored",
        language="fa",
        sentiment="negative" if negative > 0.5 else "neutral",
        probabilities=Probabilities(negative=negative, neutral=1 - negative, positive=0.0),
        confidence=max(negative, 1 - negative),
        intent=intent,
        intent_confidence=0.9,
        model="m",
        model_version="1",
    )


SENTENCES = (
    # harm
    Sentence("بعد از خوردن این شکلات بچه‌م مسموم شد و بردیمش بیمارستان", "furious", "critical", "harm"),
    Sentence("کتری وسط آشپزخونه آتیش گرفت", "furious", "critical", "harm"),
    Sentence("باتری پاوربانک تو کیفم ترکید", "cross", "critical", "harm"),
    Sentence("دستم رو گذاشتم رو بدنه‌اش برق گرفتتم، برق‌گرفتگی شوخی نیست", "cross", "critical", "harm"),
    Sentence("پوستم سوخت با این کرم", "furious", "critical", "harm"),
    Sentence("پیک شما دم در تهدیدم کرد", "furious", "critical", "harm"),
    Sentence("پسرم باتری ریموت رو قورت داده، چیکار کنم؟", "question", "high", "harm"),
    Sentence("masmoom shodim az in ghaza", "unscored", "high", "harm"),
    Sentence("sheshvar atish gereft dastam sookht", "unscored", "high", "harm"),
    Sentence("The heater caught fire while my kids were asleep", "furious", "critical", "harm"),
    Sentence("I got an electric shock from the lamp", "cross", "critical", "harm"),
    Sentence("We all ended up in hospital with food poisoning", "furious", "critical", "harm"),
    Sentence("My son swallowed the little magnet. What now?", "question", "high", "harm"),
    Sentence("#مسموميت با محصول شما", "cross", "critical", "harm"),
    Sentence("your driver assaulted my father", "furious", "critical", "harm"),
    # what may harm
    Sentence("پنیرش کپک زده بود", "furious", "high", "hazard"),
    Sentence("شیر تاریخ‌گذشته فرستادید", "cross", "high", "hazard"),
    Sentence("سوسک توی بسته بود", "furious", "high", "hazard"),
    Sentence("صورتم کهیر زد", "cross", "high", "hazard"),
    Sentence("این پریز خطرناکه؟", "question", "normal", "hazard"),
    Sentence("The plug overheats after ten minutes", "cross", "high", "hazard"),
    Sentence("Mouldy bread, again", "furious", "high", "hazard"),
    Sentence("ghazatoon fased bood", "unscored", "normal", "hazard"),
    # law and authorities
    Sentence("ازتون شکایت می‌کنم", "furious", "high", "legal"),
    Sentence("از شما به تعزیرات شكايت كردم", "cross", "high", "legal"),
    Sentence("پلیس فتا در جریان قرار گرفت", "furious", "high", "legal"),
    Sentence("وکیلم با شما تماس می‌گیره", "cross", "high", "legal"),
    Sentence("See you in small claims court", "furious", "high", "legal"),
    Sentence("My lawyer will be in touch", "cross", "high", "legal"),
    Sentence("I am reporting you to trading standards", "furious", "high", "legal"),
    Sentence("shekayat mikonam azatoon", "unscored", "normal", "legal"),
    # fraud and loss
    Sentence("کلاهبردارید", "furious", "high", "loss"),
    Sentence("یک مشت کلاه‌بردار", "furious", "high", "loss"),
    Sentence("از حسابم کم شد ولی سفارش ثبت نشد", "refund", "high", "loss"),
    Sentence("حسابم هک شده و با کارتم خرید کردن", "cross", "high", "loss"),
    Sentence("عطر تقلبی فروختید", "refund", "high", "loss"),
    Sentence("You charged me twice", "refund", "high", "loss"),
    Sentence("Total scam, do not buy", "furious", "high", "loss"),
    Sentence("My account was hacked through your app", "furious", "high", "loss"),
    Sentence("kolahbardarin", "unscored", "normal", "loss"),
    # several at once
    Sentence("کلاهبردارها، فردا میرم پلیس فتا", "furious", "critical", "legal loss"),
    Sentence("برای بار سوم پولم برنگشت، شکایت می‌کنم", "refund", "critical", "legal loss repeated"),
    Sentence("You stole my money. I will sue you.", "furious", "critical", "legal loss"),
    # again and at once
    Sentence("برای بار سوم خراب شد", "furious", "high", "repeated"),
    Sentence("چند بار زنگ زدم کسی جواب نداد", "cross", "high", "repeated"),
    Sentence("۵ بار زنگ زدم", "cross", "high", "repeated"),
    Sentence("دوبار فرستادید، هر دوبار اشتباه", "cross", "high", "repeated"),
    Sentence("Third time this month it arrives broken", "cross", "high", "repeated"),
    Sentence("It breaks again and again", "cross", "high", "repeated"),
    Sentence("sad bar zang zadam", "unscored", "normal", "repeated"),
    Sentence("فوری جواب بدید لطفا", "cross", "normal", "urgent"),
    Sentence("Please answer asap", "question", "normal", "urgent"),
    Sentence("دوباره فاکتور رو بفرستید", "question", "low"),
    # nothing of the kind
    Sentence("سفارشم نرسیده هنوز", "cross", "normal"),
    Sentence("افتضاح‌ترین خرید عمرم بود", "furious", "high"),
    Sentence("پولم رو پس بدید", "refund", "high"),
    Sentence("ساعت کاری‌تون چیه؟", "question", "low"),
    Sentence("کاش رنگ آبی هم داشت", "wish", "low"),
    Sentence("عالی بود ممنون", "praise", "low"),
    Sentence("Does it come in blue?", "question", "low"),
    Sentence("salam khubid?", "unscored", "normal"),
    Sentence("لینک در بیو، سود فوری", "spam", "low", "urgent"),
    # false friends
    Sentence("کشته‌مرده‌تونم", "praise", "low"),
    Sentence("کشته مردتونم بخدا", "praise", "low"),
    Sentence("از خنده ترکیدیم با این ویدیو", "praise", "low"),
    Sentence("سوختم از گرما تا پیک برسه", "cross", "normal"),
    Sentence("پلیس‌راه نگهش داشته بود، پیک دیر رسید", "cross", "normal"),
    Sentence("دزدگیر ماشین موجود می‌شه؟", "question", "low"),
    Sentence("خداوکیلی خوب بود", "praise", "low"),
    Sentence("خدا وکیلی این چه وضعشه", "cross", "normal"),
    Sentence("فوریه حراج دارید؟", "question", "low"),
    Sentence("انفجار تخفیف نیلگون", "chat", "low"),
    Sentence("روزی دو بار مصرف کنم؟", "question", "low"),
    Sentence("اسپرسوساز ۱۵ بار فشار داره؟", "question", "low"),
    Sentence("خطرناک خوشمزه‌ست", "praise", "low"),
    Sentence("عینک پلیس اصل دارید؟", "question", "low"),
    Sentence("هیچ شکایتی ندارم، دمتون گرم", "praise", "low"),
    Sentence("A killer deal, to die for", "praise", "low"),
    Sentence("You guys are on fire!", "praise", "low"),
    Sentence("I almost died laughing at your ad", "praise", "low"),
    Sentence("My coupon has expired", "cross", "normal"),
    Sentence("Four times faster than the old one", "praise", "low"),
    Sentence("Great hospitality", "praise", "low"),
    Sentence("Do these suede court shoes run small?", "question", "low"),
    Sentence("Arash was very kind", "praise", "low"),
    Sentence("Exploded in popularity", "chat", "low"),
    Sentence("stole my heart", "praise", "low"),
    Sentence("@fraud_police https://scam.example/hospital", "chat", "low"),
)
