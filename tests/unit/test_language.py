"""Which language is found for short texts as people write them."""

import pytest

from sentiment.language import detect
from shenava.text import normalise

PERSIAN = [
    "سلام، سفارشم هنوز نرسیده",
    "عالی بود",
    "ممنون",
    "مرسی",
    "چرا جواب نمی‌دید؟",
    "گوشیم خراب شده، لطفا رسیدگی کنید",
    "بد نبود",
    "نه",
    "این چه وضعشه",
    "واقعا متاسفم برای این خدمات",
    "دمتون گرم 👏👏",
    "قیمت؟",
    "این app خیلی خوبه",
    "سلام my order نرسیده",
    "@nilgoon سلام http://x.example/a",
    "#نیلگون_پلاس افتضاحه",
    "گرفتم 2 تا iPhone 15 عالیه",
]
PERSIAN_ON_AN_ARABIC_KEYBOARD = [
    "كيفيت غذا خيلي بد بود",
    "محصول شما عالي است و من راضي هستم",
    "خيلي ممنون از پشتيباني خوب شما",
    "سفارش من كجاست",
    "كالا شكسته رسيد، پول من را پس بدهيد",
    "چرا كسي جواب نمي دهد",
    "هنوز نرسيده",
]
ROMANISED_PERSIAN = [
    "salam khobi",
    "sefaresham hanooz nareside",
    "kheili bad bood",
    "mamnoon az poshtibani",
    "chera javab nemidid",
    "gooshim kharab shode",
    "in che vazeshe akhe",
    "dametoon garm vaghean",
    "salam kojast sefaresh man",
    "ghazash sard bood",
    "lotfan rasidegi konid",
    "az kharidam raziam, merci",
    "Mitavânam yek nemune bebinam ghabl az sefâresh?",
    "salam xubid? in range qermez mojude?",
    "slm azizm in krm bra pust khoshk khbe?",
]
ENGLISH = [
    "great",
    "My order is late",
    "Thanks for the help!",
    "bad service",
    "THIS IS TERRIBLE",
    "love it 😍",
    "why is the app not working",
    "worst company ever",
    "it's been two weeks & nobody answers",
    "The سفارش is late please help me",
]
OTHERS = [
    ("ar", "هذا المنتج رائع جدا شكرا لكم"),
    ("ar", "خدمة العملاء سيئة للغاية"),
    ("ar", "متى يصل طلبي؟"),
    ("ar", "السلام عليكم ورحمة الله"),
    ("ar", "شكرا"),
    ("ur", "یہ پروڈکٹ بہت اچھی ہے"),
    ("ur", "میرا آرڈر ابھی تک نہیں آیا"),
    ("ur", "آپ کی سروس بہت خراب ہے"),
    ("ckb", "سوپاس بۆ خزمەتگوزاریەکەتان"),
    ("ckb", "زۆر باشە"),
    ("ckb", "ئەم بەرهەمە زۆر خراپە"),
    ("ps", "ستاسو خدمت ډیر ښه دی"),
    ("tr", "Siparişim gelmedi"),
    ("tr", "kargo çok geç geldi, berbat bir hizmet"),
    ("az", "Sifarişim hələ gəlmədi"),
    ("az", "کیتاب الیمه چاتدی، چوخ گؤزل چاپ اولونوب"),
    ("az", "قارداش بو مال اصل دئییل"),
    ("sd", "ڪپڙو خراب نڪتو، رنگ لهي ويو"),
    ("ur", "رنگ تصویر سے مختلف نکلا"),
    ("ps", "شاباس زلمیانو"),
    ("de", "Meine Bestellung ist nicht angekommen"),
    ("de", "Das Produkt ist gut"),
    ("fr", "Ma commande n'est pas arrivée"),
    ("fr", "Le produit est super"),
    ("es", "Mi pedido no ha llegado"),
    ("es", "muy mal servicio"),
    ("ru", "Мой заказ не пришёл"),
    ("ru", "спасибо"),
    ("hi", "यह उत्पाद बहुत अच्छा है"),
    ("it", "Il prodotto è ottimo"),
    ("pt", "O produto é muito bom"),
]
WORDLESS = [
    "",
    " ",
    "😍😍😍",
    "👍🏽",
    "12345",
    "۱۲۳۴",
    "!!!",
    "؟؟؟",
    ".",
    "#",
    "@nilgoon",
    "https://x.example/abc",
    "آ",
    "k",
]


@pytest.mark.parametrize("text", PERSIAN + PERSIAN_ON_AN_ARABIC_KEYBOARD)
def test_persian_is_found_on_either_keyboard(text: str) -> None:
    assert detect(text).language == "fa"


@pytest.mark.parametrize("text", PERSIAN_ON_AN_ARABIC_KEYBOARD)
def test_normalising_does_not_change_that_it_is_persian(text: str) -> None:
    assert detect(normalise(text)).language == "fa"


@pytest.mark.parametrize("text", ROMANISED_PERSIAN)
def test_persian_in_latin_letters_is_found(text: str) -> None:
    assert detect(text).language == "fa-Latn"


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_found_even_in_a_word_or_two(text: str) -> None:
    assert detect(text).language == "en"


@pytest.mark.parametrize(("language", "text"), OTHERS)
def test_a_neighbour_language_is_not_taken_for_persian_or_english(language: str, text: str) -> None:
    assert detect(text).language == language


@pytest.mark.parametrize("text", WORDLESS)
def test_what_holds_no_words_has_no_language(text: str) -> None:
    assert detect(text).language == "und"


def test_a_guess_is_not_an_answer() -> None:
    found = detect("mera order nahi aaya")  # Hindi in Latin letters, which nothing here knows
    assert found.language == "und"
    assert found.confidence < 0.6


@pytest.mark.parametrize(
    "text",
    [
        "سلام " * 100_000,
        "a" * 500_000,
        "ab " * 200_000,
        "â\u0302" * 200_000,
        "@" * 500_000,
        "\x00\ud800سلام دنیا خوبید",
    ],
)
def test_a_hostile_text_gets_an_answer(text: str) -> None:
    assert 0.0 <= detect(text).confidence <= 1.0
