"""The words that tell how much harm waits: Persian, Persian in Latin letters and English, by kind.

Phrases are separated by commas and written as `harm_matching` folds text. ``*`` at the end takes any ending, without
it the usual endings of Persian and English count. ``#`` is a number above one, in digits or words; such a phrase ends
as it stands. Between Persian words a space, a half-space or nothing may stand.
"""

from collections.abc import Mapping
from typing import Literal

WordKind = Literal["harm", "hazard", "legal", "loss", "urgent", "repeated"]


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())


# Somebody was hurt, or a thing burnt, burst or attacked.
HARM = _phrases(
    """
    آتش گرفت*, آتیش گرفت*, آتش سوزی*, آتیش سوزی*, شعله ور, جرقه, دود کرد*, دود می کن*, دود بلند شد*, منفجر*, انفجار,
    ترکید, برق گرفت*, برقم گرفت*, برقش گرفت*, برق داشت بدنه, مسموم*, مواد سمی, سمی بود, سمی است,
    بیمارستان, به اورژانس, بردیمش اورژانس, بردمش اورژانس, رفتیم اورژانس, رفتم اورژانس, سر از اورژانس, زخمی*, زخم شد*,
    زخم کرد*, دستم برید*, دستم را برید*, دستم رو برید*, دستمو برید*, انگشتم برید*, انگشتم رو برید*, انگشتمو برید*,
    دستش رو برید*, دستشو برید*, خون ریزی, خون اومد*, خون آمد*, جراحت, مجروح*, مصدوم*, سوختگی, دستم سوخت*, دستش سوخت*,
    پوستم سوخت*, پوستش سوخت*, پوستمو سوزوند*, پوستم رو سوزوند*, پوستم را سوزاند*, صورتم سوخت*, صورتش سوخت*,
    دستمو سوزوند*, دستم رو سوزوند*, دستم را سوزاند*, لثه ام سوخت*, خفگی, داشت خفه می شد*, نزدیک بود خفه ش*,
    بلعید*, قورت داد*, نشت گاز, گاز نشت*, گاز گرفتگی, مونوکسید, باعث مرگ, خطر مرگ, خطر جانی, مرگبار, جان باخت*,
    جونمون در خطر*, جون بچه*, جان بچه*, جون مردم, جان مردم, کشته شد*, نزدیک بود بمیر*, نزدیک بود بکش*, خودکشی,
    تصادف کرد*, ترمز برید*, ترمزش برید*, ترمز نگرفت*, کتک, حمله کرد*, تهدیدم کرد*, تهدید کرد*, تهدیدمون کرد*,
    آزار جنسی, تعرض*, دست درازی, مزاحمم شد*, مزاحمم می ش*, شوک آلرژیک, آنافیلاکسی,

    caught fire, catch fire, catches fire, catching fire, on fire, into flames, in flames, smoke coming, smoke came,
    started smoking, began to smoke, sparking, sparks flew, sparks came, explod*, explosion, blew up in,
    electric shock, electrocut*, poison*, hospital, hospitalis*, hospitaliz*, emergency room, ambulance, injur*,
    bleeding, burned my, burnt my, burned his, burnt his, burned her, burnt her, burns on my, degree burn, cut my hand,
    cut my finger, cut his finger, cut her finger, choked on, choking, allergic reaction, anaphyla*, gas leak,
    leaking gas, carbon monoxide, could have died, could have killed, nearly died, almost died, nearly killed,
    almost killed, deadly, life threatening, swallowed, suicid*, assault*, threatened me, threatened my, threatened us,
    attacked me, brakes failed, brake failed,

    atish gereft*, atash gereft*, atish soozi, atash soozi, atishsoozi, atashsoozi, jaraghe zad*, dood kard*, dud kard*,
    monfajer*, enfejar, terekid, bargh gereft*, bargham gereft*, barghgereftegi, masmoom*, masmum*, bimarestan*,
    be oorzhans, be urjans, be orjans, be oorjans, zakhmi*, zakhm shod*, soukhtegi, sookhtegi, sukhtegi, dastam sookht*,
    dastam sukht*, pustam sukht*, poostam sookht*, khoonrizi, khunrizi, khafe mishod*, nasht gaz, nashte gaz,
    tahdidam kard*, kotak, tasadof kard*, ghoort dad*
    """
)

# Somebody may be hurt, or fell ill.
HAZARD = _phrases(
    """
    تاریخ گذشته, تاریخ مصرف گذشته, تاریخ مصرفش گذشته, تاریخش گذشته, تاریخ انقضاش گذشته, تاریخ منقضی*, محصول منقضی*,
    کالای منقضی*, غذای منقضی*, فاسد, کپک*, سوسک,
    کرم زده, لارو, موش توی, موی توی غذا, مو توی غذا, بوی سوختگی, بوی سوختنی, بوی گاز, حساسیت پوستی, حساسیت داد*,
    حساسیت شدید, پوستم حساسیت, آلرژی*, کهیر*, خطرناک*, خطر داره, خطر دارد, خطر آتش*, ایمن نیست, ناایمن, غیر ایمن,
    باتری باد کرد*, باتریش باد کرد*, باد کردن باتری, بیش از حد داغ, شیشه خرده, خرده شیشه, شیشه توی غذا, تهوع, استفراغ,
    اسهال, دل درد, مریض شد*, مریضمون کرد*, مریضم کرد*,

    expired, past its expiry, past the expiry, past its use by, mouldy, moldy, cockroach*, maggot*, rotten,
    hair in my food, spoiled food, spoiled milk, spoiled meat, spoilt milk, spoilt meat, hazard*, dangerous*, unsafe,
    not safe, safety issue, safety risk, overheat*, swollen battery, battery swell*, battery is swollen,
    burning smell, smells of gas, smell of gas, allerg*, a rash, skin rash, rashes, hives, nausea, vomit*, diarrh*,
    got sick, fell ill, food made me sick, shards of glass, glass shards, glass in my food, broken glass in, toxic,
    contaminated, harass*,

    tarikh gozashte, tarikhe gozashte, tarikh masraf gozashte, tarikhesh gozashte, fased, kapak zade*, soosk,
    khatarnak*,
    hasasiat dad*, hasasiat poosti, alerzhi, kahir, tahavo, estefragh, booye sookhtegi, buye sukhtegi, mariz shod*
    """
)

# Courts, authorities, and whoever means to go there.
LEGAL = _phrases(
    """
    شکایت*, دادگاه, دادسرا, وکیل, پلیس, فتا, تعزیرات, سازمان حمایت, حمایت از مصرف کننده, حقوق مصرف کننده,
    اقدام قانونی, اقدامات قانونی, اقدام حقوقی, پیگیری قانونی, پیگیری قضایی, پیگرد قانونی, مراجع قانونی, مراجع قضایی,
    قضایی, طریق قانون, دیوان عدالت, قوه قضاییه, سازمان بازرسی, اداره بهداشت, وزارت بهداشت, شورای حل اختلاف,

    lawyer, attorney, sue you, suing, will sue, to sue, sue them, lawsuit, class action, legal action,
    legal proceedings, in court, to court, small claims, court case, court order, police, trading standards,
    consumer protection, consumer rights, consumer affairs, ombudsman, regulator, better business bureau,
    health inspector, data protection authority, gdpr, ftc, press charges, pressing charges, report you to,
    reporting you to, reported you to, chargeback,

    shekayat*, shekaiat*, dadgah*, dadsara, vakil, polis, fata, tazirat, eghdam ghanooni, eghdame ghanooni
    """
)

# Fraud, and money or data gone.
LOSS = _phrases(
    """
    کلاه بردار*, کلاه برداشت*, کلاه گذاشت*, سرم کلاه, دزد, دزدی, دزدن, دزدید*, سرقت, پولمو خورد*, پولم رو خورد*,
    پولم را خورد*, پولمون رو خورد*, پول مردم رو می خور*, پول مردمو می خور*, پول رو بالا کشید*, پولمو بالا کشید*,
    پولم رو بالا کشید*, پولم برنگشت*, پولم بر نگشت*, پولمو پس نمی د*, پولم رو پس نمی د*, پولمو پس نداد*,
    پولم رو پس نداد*, پول رو پس نداد*, از حسابم کم شد*, از حسابم کم کرد*, از حسابم برداشت*, از کارتم کم شد*,
    از کارتم برداشت*, # بار پول کم, # بار از حساب, # بار از حسابم, # بار از کارت, # بار از کارتم, برداشت غیر مجاز,
    کیف پولم خالی*,
    موجودیم صفر شد*, شارژم پرید*, هک شد*, هک کرد*, حسابم هک, حسابمو هک, حسابم رو هک, اطلاعاتم لو*, اطلاعاتمون لو*,
    اطلاعات لو رفت*, رمزم لو*, شماره ام لو*, شمارم لو*, نشت اطلاعات,
    درز اطلاعات, درز کرد*, اطلاعاتم رو فروخت*, اطلاعاتمو فروخت*, اطلاعاتم پاک شد*, اطلاعات همه پاک*, عکسام پاک شد*,
    عکس هام پاک شد*, عکس هایم پاک شد*, فیشینگ, جعلی, تقلبی, تقلب,

    scam*, fraud*, rip off, ripped off, ripoff, stole my, stole our, stole from, stole money, steal my, steal our,
    stolen, stealing, thief, thieves, took my money, kept my money, keeping my money, lost my money, lost all my money,
    money is gone, money disappeared, money vanished, charged twice, charged me twice, double charged, double charge,
    charged # times, went through # times, paid # times for, charged me # times, unauthorised, unauthorized, hacked,
    data breach, data leak, leaked my,
    data was leaked, data leaked, lost my data, lost all my data, lost my photos, lost all my photos, deleted my photos,
    deleted all my, wiped my, identity theft, phishing, counterfeit*, fake product,

    kolahbardar*, kolah bardar*, dozd*, poolamo khord*, poolam ro khord*, pulamo khord*, pulam ro khord*, hack shod*,
    taghalobi, jali bood, jali bud, az hesabam kam shod*, az kartam kam shod*
    """
)

URGENT = _phrases(
    """
    فوری, فورا, اورژانسی, همین الان, هر چه سریع تر, هر چه زود تر, سریعا, در اسرع وقت,
    urgent*, asap, immediately, right now, as soon as possible, emergency,
    foori, forii, fouri, fowri, harche zoodtar, harche zudtar, har che zoodtar, har che zudtar, hamin alan
    """
)

# Not for the first time.
REPEATED = _phrases(
    """
    بار دوم, بار سوم, بار چهارم, بار پنجم, بار دهم, بار صدم, بار هزارم, بار چندم, دفعه دوم, دفعه سوم, دفعه چهارم,
    دفعه پنجم, دفعه دهم, دفعه چندم, دومین بار, سومین بار, چهارمین بار, پنجمین بار, دهمین بار, صدمین بار, هزارمین بار,
    چندمین بار, چند بار, چندین بار, چند دفعه, چندین دفعه, # بار, # دفعه, # مرتبه, صدبار, هزار بار, بارها, هر بار,
    هر دفعه, دوباره خراب*, دوباره همین*, دوباره همون*, مدام, پشت سر هم,

    second time, third time, fourth time, fifth time, tenth time, hundredth time, umpteenth time, nth time, 2nd time,
    3rd time, 4th time, 5th time, # times, several times, multiple times, many times, countless times, so many times,
    again and again, over and over, time and again, time after time, every time, every single time, yet again,
    repeatedly, keeps happening, keeps breaking, keeps crashing, keep breaking, twice already, called twice,
    emailed twice, asked twice, wrote twice, happened twice,

    bare dovom, bare sevom, bare chaharom, bare panjom, bare chandom, baraye bare, dafe dovom, dafe sevom, dafeye sevom,
    dafeye dovom, chand bar, chandin bar, chand dafe, do bar, se bar, chahar bar, panj bar, dah bar, sad bar, hezar bar,
    do dafe, se dafe, chahar dafe, panj dafe, barha, har bar, har dafe, dobare hamin, dobare kharab*
    """
)

WORDS: Mapping[WordKind, tuple[str, ...]] = {
    "harm": HARM,
    "hazard": HAZARD,
    "legal": LEGAL,
    "loss": LOSS,
    "urgent": URGENT,
    "repeated": REPEATED,
}

# What looks like one of them and is figure of speech, the name of a thing, or about something else.
FALSE_FRIENDS = _phrases(
    """
    کشته مرده*, کشته شدم از, کشته شدم براش, کشته شدم واسه, از خنده ترکید*, ترکیدم, ترکیدیم, دلم ترکید, مغزم ترکید,
    بغضم ترکید, از خنده نزدیک بود بمیر*, از خنده منفجر*, منفجر شدم از, از خوشحالی منفجر*, مغزم منفجر*, بازار رو منفجر*,
    بازار را منفجر*, اینستا رو منفجر*, قیمت ها منفجر*, انفجار تخفیف*, انفجار قیمت*, انفجار طعم, انفجاری, جرقه ایده,
    جرقه زد تو ذهنم, جرقه ای در ذهن, آتش گرفتم از, آتیش گرفتم از, دلم آتیش گرفت*, دلم آتش گرفت*, جیگرم آتیش گرفت*,
    جگرم آتیش گرفت*, بازار آتیش گرفت*, زخمی عشق, آدم مسموم, رابطه مسموم*, جو مسموم*, خون ریزی مالی, حمله کردم,
    حمله کردیم, مردم حمله کرد*, تهدید کردن رقبا, حساسیت لنز, حساسیت صفحه, حساسیت موضوع, ضد حساسیت, ضد آلرژی*,
    خطرناک خوشمزه*, خطرناک خوب*, خطرناک قشنگ*, سوسک کش*, ضد کپک, کپک کش, هشدار نشت گاز, حسگر نشت گاز, سنسور نشت گاز,
    پلیس راه*, پلیسی*, عینک پلیس, لباس پلیس, ماشین پلیس, پلیس بازی, بازی پلیس, پلیس + 10, دزد و پلیس,
    خدا وکیلی, وکیلی, واحد شکایات, بدون شکایت, جای شکایت نیست, شکایتی ندار*, هیچ شکایتی, دزدگیر*, دزد گیر*, ضد سرقت*,
    دل دزد*, دزد دل*, قلبمو دزدید*, دلم رو دزدید*, دلمو دزدید*, دزد دریایی*, لایف هک*, هک رشد, کلاه برداشتم برا*,
    سرم کلاه نرفت*, سرم کلاه نمی ر*,
    فوریه, ارسال فوری*, تحویل فوری*, عکس فوری*, دوربین چاپ فوری, پیک فوری, # بار در روز, # بار در هفته, # بار در ماه,
    روزی # بار, هفته ای # بار, # بار فشار, فشار # بار, # بار مصرف, چند بار مصرف, # بار شستم, چند بار در روز,
    چند بار در هفته, # بار دیگه هم می خرم,

    you are on fire, youre on fire, you guys are on fire, team is on fire, sale is on fire,
    exploded in popularity, exploded with flavour,
    exploded with flavor, exploding with flavour, exploding with flavor, explosion of flavour, explosion of flavor,
    explosion of colour, explosion of color, flavour explosion, flavor explosion, mind exploded, head exploded,
    bleeding edge, deadly serious, drop dead gorgeous, died laughing, almost died laughing, nearly died laughing,
    choked up, choking on laughter, swallowed my pride, swallowed the cost, hazard lights,
    dangerously good, dangerously delicious, dangerously tasty, dangerously cheap, rotten tomatoes, spoiled for choice,
    allergy free, allergen free, allergic to monday*, rash decision, fashion police, grammar police, police sunglasses,
    police perfume, police watch, in court shoes, stole my heart, stole the show, stole our heart*,
    steal my heart, what a steal, life hacked, fraud protection, anti fraud, no scam, not a scam, emergency kit,
    emergency contact, emergency light, # times faster, # times better, # times bigger, # times more, # times stronger,
    # times cheaper, # times a day, # times a week, # times a month, # times per, # times the, every time a pleasure,
    expired coupon, expired code, expired session, expired link, expired card, expired voucher, expired offer,
    expired token, coupon expired, code expired, session expired, link expired, card expired, voucher expired,
    offer expired, token expired, warranty expired, subscription expired, coupon has expired, code has expired,
    session has expired, link has expired, card has expired, voucher has expired, offer has expired, poison ivy print,
    harassment policy,

    koshte morde*, az khande terekid*, terekidam, terekidim, khoda vakili, dozdgir*, dozd gir*, polis rah*, polisi,
    ersale foori*, ersal foori*, rozi # bar, ruzi # bar
    """
)
