"""The words by which short texts give their language away."""


def words(text: str) -> frozenset[str]:
    """The words of ``text``, which spaces part."""
    return frozenset(text.split())


PERSIAN = words(
    """
    آره آقا آن ارسال از ازش است اصلا افتضاح افتضاحه الان اگر اگه این اینکه با بار باشد باشه باشید بالا باید
    بخرید بد بدترین بدم بده بدی بدید براش برای بسته بسیار بعد بفرمایید بله به بهتر بهترین بهش بود بودم بودن
    بودند بی بیشتر تا تازه تخفیف تر ترین تشکر تماس تو تومان تومن توی جالب جنس جواب حتما حیف خانم خراب خرابه
    خرید خریدم خسته خواهش خوب خوبه خوبی خود خودش خودم خوشمزه خیلی داد دادم دادن داده دارد دارم دارن داره
    دارید در درد درست دست دهید دو دوست دیر دیگه را راضی راضیم رسید رسیده رو روز روی زدم زنگ زود زیاد زیبا
    ساعت سرد سریع سفارش سفارشم سلام سوخته سپاس سپاسگزارم شد شدم شده شما شود شکسته طعم عالی عالیه عوض غذا
    فروشگاه فقط قشنگ قیمت لطفا ما متاسفانه متاسفم متشکرم محصول مرسی مزخرف مزه مشتری مشکل معمولی ممنون ممنونم
    من مناسب مونده مگه می میرسه میشه میکنم میکنه نان نباشید نبود نبودم نخر نخرید نداد ندادن ندارد ندارم
    نداره ندید نرسید نرسیده نزدن نشده نظر نمی نمیشه نمیکنم نه نون نکنه نیست نیستم ها های هر هست هستم هستند
    هستید هم همه همون همین هنوز هیچ هیچی واسه واقعا وقتی ولی پس پشتیبانی چرا چطور چطوره چه چون چی کالا کاملا
    کجا کجاست کرد کردم کردن کردند کرده کسی کلا کم کمی کن کنم کنند کنه کنید که کیفیت گرم یا یه یک یکم یکی
    """
)

ARABIC = words(
    """
    أحد أحسن أريد أفضل أكثر أن أنا أنت أهلا أو أول أي أين إذا إلى إلي إن ابغى احد احسن اذا اريد افضل التي
    الحين الذي الطلب الله اللهم اللي الى اليوم ان انا انت انتم اهلا او اي ايش اين بدون بدي بس بعض تلك تم ثم
    جدا جداً جيد جيدة حتى حلو حلوة ده دي ذلك رائع رائعة زي سوف سيء سيئ سيئة سيئه شكرا شكراً شو شي شيء طلبي
    عشان علشان على عليكم عليه عليها عن عند عندنا عندي غير في فيه فيها قد كان كانت كتير كثير كده كل كنت كويس
    كيف لا لك لكم لكن لم لماذا لن له لها لو لي ليس ليش ما ماذا مب متى مرة مرحبا مش مع ممتازة ممتازه منذ منكم
    منتج امبارح قداش وقتاش برشا باهي باهية فضلكم فضلك استنى مستني مقطوعة بقالي لسه مفيش ديالي بزاف واش شلون
    شلونكم هسه كلش كتير الحين لسا يعطيكم تسلم تكفون وجودة جوده بصراحة صارت صار يقولولي هيدا عم هلق شوي بكرا
    بكره بكرة ليه ازاي امتى احنا انتو هما مو نحن نريد هاي هذا هذه هذي هل هنا هناك هو هي هيك والله وش وصل ولا
    وهو وين يا يصل يكون يوم
    """
)

# Persian words that begin like the Arabic article.
PERSIAN_WITH_AL = words("الان البته الکی الو المان الف الگو الزام الماس التماس الهی الهام الناز اله الی الا")

ENGLISH = words(
    """
    a about above absolutely actually after again ago all almost already also always am amazing an and angry
    another any anyone app are awesome awful back bad be beautiful because been before best better big
    bought bravo brilliant broken but buy by bye call came can cannot cant care cheap check come congrats
    congratulations cool could crap customer damn day days delivered delivery did didnt do does doesnt done
    dont down easy ever every excellent expensive fail fast fine first for from fun game garbage gave get
    give go going good got great had happy hard has hate have he hello help her here hey hi his hope
    horrible how i if im in into is isnt it its just keep know last late later like lol looks lot love loved
    lovely made make many me mine money more most much must my need never new nice night no none nope not
    nothing now of off oh ok okay old on one only or order ordered other our out over pay people perfect
    phone please poor price product quality quick quickly rather really received recommend refund return
    right rubbish sad said same say seems sent service she shipping shit should slow so some something sorry
    still stop such super support sure take team terrible than thank thanks that the their them then there
    these they thing think this thx time to today tomorrow too trash tried try twice two u ugly under update
    use used useless very waiting want was waste way we week well were what when where which who why will
    wish with without wonderful wont work working works worse worst worth would wow wrong yeah year years
    yes yesterday yet you your yours
    anybody anyone anything available cheers click delivery dunno everyone gonna gotta guys honestly idk imo inbox kinda
    legit less link lmao lowkey mate might ngl nobody nothing omg pls plz profile real rn rude since someone sus tbh thx
    ur wanna whole wtf yall yep
    """
)

# Persian in Latin letters: words that no other language of the training texts has.
ROMANISED = words(
    """
    aali aalie aaliii agha akharesh akharin akhe akheh aliye amad anghadr areh arzesh arzeshe arzeshesh
    arzoon arzun asabani asabi ashghal ashghale aslan avalesh avalin avaz azash azatoon azatun bacheha
    bachham badan badia badtar badtarin baleh balke baradar baradaram baram barash barashoon barashun barat
    baratoon baraye barname barnameh bastebandi bayad bayadam bazam bebakhshid bebakhshin bebarid bedid
    bedim bedin bedoon bedoone bedun beferestid beferestin befrestid befrestin begam begid begoo behem
    behesh behtare behtarin bekharid bekharin bekonid beman beram berese berim besh beyne bezanid bezanin
    bezar bezarid biad biain bishtar bishtari biya biyad biyam bokonid bokonin bood boodam boodan booye
    budam cancelesh chandrooz cheghadr chejoori chejor chejuri cheqadr chera cheraa cheshm chetor chetore
    chetori chetoriye chie chiye chiz chizi choon dadam dadan dadash dadin dafe dagh daghe daghighan
    daghighe damet dametoon dametun daneshgah daqiqan daram darid darim darin dasht dashtam dashtan dastet
    dastetoon diresh dirooz diruz dishab dobare doostan doostdaram dustan dustdaram elahi emrooz emruz emsal
    emshab engar enghad enqadr ersal etebar eteemad etemad faghat faqat felan ferestad ferestadam ferestadan
    foroosh forooshande forooshgah forosh forushande forushgah gandide gereft gereftam gerefti geron geroon
    gerooni gerun ghabele ghablan ghabli ghabool ghabul ghahve ghahvesaz ghalat ghashang ghashange ghat
    ghaza ghazash ghazaye gheimat gheire gheymat gheymatesh girun goft goftam goftan gofti gooshi gooshim
    goshi hamash hamchenin hamin hamintor hamintori hamishe hamkar hamkari hamon hamoni hamoon hamun hanooz
    hanoozam hanoz hanuz harfe hastam hastan hastand hasti hastid hastin hatman hatmane hich hichi hichkas
    hichkasi inam inghadr inhame inja injas injast injoori injuri inshala ishala javab javabe javabgoo
    javabi jelove jensesh kafsh kamtar karbar karbari kard kardam kardan kardid kardin kash kashki kasio
    keifiat kenare ketab keyfiat keyfiatesh keyfiyat khahar khaharam khahesh khanom khanoom kharaab kharabe
    kharidam kharidan khastam khaste khasteh khastid kheili kheilii kheir kheli kheyli khili khobe khobi
    khodam khodaya khodesh khodet khodetoon khodetun khonam khoob khoobe khoobi khoobid khoobin khoone
    khorooj khosh khosham khoshhal khoshhalam khoshmaze khube khubi khune kodom kodoom kohne koja kojast
    kojaye konde konid konin laghv lebas lotfan madaram mahsol mahsool mahsul maloom maloome malume mamnoon
    mamnoonam mamnun mamnunam mamoolan marjoei marjoo maskharas maskhare masool masul mazash maze mersi
    mesleinke mikhaim mikham mikhaym mikonam mirese miresid miyan modir modiriat moghe morajee moshkel
    moshkelam moshkele moshtari moteshakeram motshakeram mozakhraf nabayad nabood nabud nadadan nadaram
    nadare nadarid nadarim nadarin nadasht nagereft nakard nakardan nakharid nakharin nakhast nakhastam
    nakon nakonid nakonin nan narahat narahatam narazi naresid nareside nashod nashode nayoomad nayumad
    nemidoonam nemidunam nemirese nist nistam nistan nistid oomad oomade oon oonam oonja oonjoori parsal
    pasokh pasokhgoo pedar pedaram peigiri peik peygiri peyk poolam poolamo poole poolesh pooleto poshte
    poshtibani poshtibanitoon poshtibanitun pul pulam pule pulo qablan qabool qashang qeymat raftam rahati
    ramz rasidegi razi raziam resid reside resideghi rooye rooze ruye ruz ruze saat sabt sabtenam safhe
    safheye salamat salighe saliqe sarde sefaresh sefaresham sepas serooz sevom shekast shekaste shekasteh
    shekayat shod shodam shode shomaha shomare shomaretun shomareye shomaro takhfif tamam tame tamoom tamum
    tanzim tanzimat tashakor tazeh tomani tooman tooye tuye umad umade unam unja vagean vaghe vaghean
    vagheii vaght vaghta vaghte vaghti vali vaqean vase vasl vaslesh vojdan vojdanan vorood yeho yekam
    yekami yekdafe yeki zadam zadan zaman zamane zange zesht zeshte ziad ziba zibast zire ziyad ziyadi zood
    zoodtar zoor zud zudtar
    """
)

# Persian in Latin letters that other languages have too: they count only beside one that is Persian alone.
ROMANISED_SHARED = words(
    """
    agar age alan ali alie ama amma ap are asan ast az aziz azizam ba baba bache bad bade badi bala bale bar
    baste baz bazi be begin behtar bia boro bud chai chand che chi chon chun dar dare dast del dg dige dir
    do doost dust ey farda garm gol ha hafte hala ham hame hamm harf hast hata hatta in jan jens joon jun
    kala kam kami kar karam kare kas kasi ke khali kharab kharid kharide khob khoda khoobam khrab khub ki
    kon kond ma madar mahe mal male malum man merc merci mese mesle mian mige mishe na nemune noon ok on pa
    paeen pain pas pool ra raft rah rahat rahate rang ro rooz sag sal salam sar sard say se shab shahr
    shayad shoma sobh ta tam taze to toman too tu u va vai vay ye yek zang zur
    """
)
