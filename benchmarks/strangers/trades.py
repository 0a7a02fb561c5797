"""Trades unlike the sample shop's: what they sell, and what their customers write when it goes wrong.

The sentences are written as such customers write; none is taken from the phrases by which the product codes texts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grievance:
    """One kind of complaint.

    axis: The event from which its age counts: `signed`, `shipped` or `paid`; `day` where no order matters.
    share: Its share of the trade's complaints in quiet times.
    lag_days: Mean age at which it is told.
    places: Dimensions at which it can go wrong: lot, sku, carrier, region, listing, release.
    zh, en: What customers write; `{p}` is the product.
    """

    name: str
    axis: str
    share: float
    lag_days: float
    places: tuple[str, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True)
class Trade:
    """A trade: its products in both languages, its grievances, and words of danger."""

    name: str
    products: tuple[tuple[str, str, str], ...]
    grievances: tuple[Grievance, ...]
    danger_zh: tuple[str, ...]
    danger_en: tuple[str, ...]
    calm_zh: tuple[str, ...]
    calm_en: tuple[str, ...]
    physical: bool = True


LATE = Grievance(
    "late", "shipped", 0.2, 5.0, ("carrier", "region"),
    ("说好三天到的，现在都一个礼拜了人影都没有", "快递太慢了，比预计晚了好几天还没送来", "物流一直不更新，{p}到底什么时候能到"),
    ("It was meant to be here on Tuesday and it is still not here", "Delivery is days late, where is my {p}?",
     "The parcel still hasn't arrived and it is over a week now"),
)  # fmt: skip
CRUSHED = Grievance(
    "crushed", "signed", 0.2, 1.0, ("carrier", "lot", "region"),
    ("收到的时候{p}已经碎了，箱子也压扁了", "拆开一看{p}摔裂了，路上肯定扔了", "{p}运过来就是破的"),
    ("The {p} arrived broken, the carton was flattened", "Opened the parcel and the {p} was in pieces",
     "My {p} came cracked, somebody must have dropped it"),
)  # fmt: skip
RUDE = Grievance(
    "rude", "day", 0.1, 0.0, (),
    ("客服态度特别差，说两句就不耐烦", "问了三遍都没有人理我，客服回复太慢"),
    ("Your agent was rude to me on the phone", "I wrote three times and nobody answers"),
)  # fmt: skip
CALM_ZH = ("请问可以开发票吗", "挺好的，家里人都喜欢", "想问一下还有别的款式吗", "第二次买了，不错")
CALM_EN = ("Could you send me an invoice please?", "Lovely, thank you, we are very happy", "Do you also have it in green?",
           "Second time I order here, all good")  # fmt: skip

CLOTHES = Trade(
    "clothes",
    (("风衣", "trench coat", "外套"), ("牛仔裤", "jeans", "裤装"), ("羊毛衫", "wool jumper", "针织"), ("衬衫", "shirt", "上装"),
     ("连衣裙", "dress", "裙装"), ("卫衣", "hoodie", "针织")),
    (
        Grievance("seam", "signed", 0.25, 9.0, ("lot", "sku"),
                  ("{p}才穿两次腋下就开线了", "{p}的拉链第三天就坏了，拉不上", "洗了一水{p}的线头全出来，缝都散了"),
                  ("The zip of the {p} broke after three days", "After two wears the seam of the {p} came apart",
                   "Loose threads everywhere on this {p} and a seam has opened")),
        Grievance("dye", "signed", 0.15, 7.0, ("lot", "sku"),
                  ("{p}掉色太厉害，把别的衣服都染了", "{p}洗一次就褪色，一盆子黑水"),
                  ("The {p} faded after one wash", "Colour ran out of the {p} and stained my other things, it faded badly")),
        Grievance("fit", "signed", 0.2, 3.0, ("listing", "sku"),
                  ("按尺码表买的{p}小了一大圈", "{p}尺码偏小，平时穿L的，这个L根本套不进去"),
                  ("I ordered my usual size and the {p} is far too small", "The {p} runs small, nothing like the size chart")),
        LATE, RUDE,
    ),
    ("穿了这件衣服孩子身上起了一片红疹，去医院了", "衣服里有根断针把我手扎流血了"),
    ("My daughter got a rash all over from this shirt, the doctor said it is the dye",
     "There was a needle left inside and it cut my hand, it was bleeding"),
    CALM_ZH, CALM_EN,
)  # fmt: skip

FOOD = Trade(
    "food",
    (("核桃", "walnuts", "坚果"), ("蜂蜜", "honey", "蜜饯"), ("橄榄油", "olive oil", "粮油"), ("饼干", "biscuits", "糕点"),
     ("红茶", "black tea", "茶饮")),
    (
        Grievance("stale", "signed", 0.3, 4.0, ("lot", "sku"),
                  ("{p}一股哈喇味，根本没法吃", "这批{p}味道怪怪的，有异味", "{p}打开一股霉味，不新鲜"),
                  ("The {p} smells off, we could not eat it", "These {p} have a strange smell, like chemicals",
                   "Opened the {p} and it smells musty")),
        Grievance("date", "signed", 0.15, 2.0, ("lot", "sku", "listing"),
                  ("收到的{p}下个月就到期了，保质期这么短", "{p}是临期的，页面上没写"),
                  ("The {p} is past its best before date", "My {p} expires next week, that is not on the page")),
        Grievance("short", "signed", 0.15, 1.0, ("sku", "lot"),
                  ("买了三袋{p}只收到两袋", "{p}少了一包，箱子里数了好几遍"),
                  ("Ordered three {p}, only received two", "One {p} missing from the box")),
        CRUSHED, LATE, RUDE,
    ),
    ("吃了以后全家拉肚子，孩子还吐了去了医院", "饼干里吃出玻璃渣，把嘴划流血了"),
    ("We were all vomiting after eating this and my son is in hospital", "I found glass inside and it cut my mouth, it was bleeding"),
    CALM_ZH, CALM_EN,
)  # fmt: skip

TOYS = Trade(
    "toys",
    (("遥控车", "remote car", "电动"), ("积木", "building blocks", "益智"), ("毛绒熊", "plush bear", "毛绒"), ("拼图", "puzzle", "益智"),
     ("玩具无人机", "toy drone", "电动")),
    (
        Grievance("dead", "signed", 0.3, 12.0, ("lot", "sku"),
                  ("{p}玩了两天就不动了，换电池也没反应", "{p}充不进电，孩子哭了一晚上", "{p}开不了机"),
                  ("The {p} stopped working after two days", "The {p} won't charge, my boy is in tears",
                   "The {p} won't turn on at all")),
        Grievance("parts", "signed", 0.2, 2.0, ("lot", "sku"),
                  ("{p}盒子里少零件，拼不完整", "{p}缺了一袋配件"),
                  ("There are parts missing from the {p}, we cannot finish it", "A missing piece in the {p}, sealed bag was short")),
        Grievance("unlike", "signed", 0.15, 3.0, ("listing", "sku"),
                  ("{p}跟页面描述完全不是一回事", "说是带灯光的{p}，实物没有，和描述不符"),
                  ("The {p} is not as described, the page says it has lights", "Description said it comes with a stand, the {p} does not")),
        CRUSHED, LATE, RUDE,
    ),
    ("充电的时候玩具冒烟了，桌子都烧黑了", "电池鼓包发烫，吓死人"),
    ("It started smoking while charging and burned the table", "The battery swollen and too hot to touch, this is dangerous"),
    CALM_ZH, CALM_EN,
)  # fmt: skip

SOFTWARE = Trade(
    "software",
    (("记账软件", "bookkeeping app", "桌面"), ("相册软件", "photo app", "手机")),
    (
        Grievance("crash", "day", 0.4, 0.0, ("release",),
                  ("{p}一打开就闪退，完全用不了", "更新完{p}老是崩溃", "{p}点导出就卡死退出"),
                  ("The {p} crashes as soon as I open it", "Since the update the {p} keeps crashing", "{p} freezes when I export")),
        Grievance("login", "day", 0.25, 0.0, ("release",),
                  ("{p}登录不上去，一直转圈", "账号登不进去，{p}提示网络错误"),
                  ("I can't log in to the {p} any more", "Login to the {p} fails with an error")),
        Grievance("charged", "day", 0.2, 0.0, (),
                  ("{p}扣了我两次钱，退款一直没到账", "取消了订阅还在扣费，退款呢"),
                  ("I was charged twice for the {p}, where is my refund", "Still waiting for my refund of the {p}")),
        RUDE,
    ),
    (), (), CALM_ZH, CALM_EN, physical=False,
)  # fmt: skip

TRADES = (CLOTHES, FOOD, TOYS, SOFTWARE)

OPENINGS = {
    "zh": ("", "你好，", "老板，", "在吗？", "我要投诉！", "上周买的，"),
    "en": ("", "Hi, ", "Hello there. ", "To whom it may concern: ", "Not happy. ", "Bought it last week for my café. "),
}
CLOSINGS = {
    "zh": ("", "。", "，怎么处理？", "，给个说法", "！！", "，麻烦尽快回复"),
    "en": ("", ".", ". Please sort this out.", ", very disappointed.", "!!", ". What will you do about it?"),
}
