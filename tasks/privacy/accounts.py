"""Accounts of messengers and networks, and names behind a label."""

from __future__ import annotations

import re

from tasks.privacy.personal_kind import PersonalKind, PersonalRule, rule

_WORDS = frozenset(
    [
        "payment",
        "payments",
        "wallet",
        "official",
        "account",
        "program",
        "programs",
        "miniprogram",
        "mini",
        "store",
        "shop",
        "support",
        "service",
        "group",
        "groups",
        "message",
        "messages",
        "version",
        "login",
        "scan",
        "friend",
        "friends",
        "customer",
        "contact",
        "number",
        "please",
        "reply",
        "works",
        "worked",
        "again",
        "today",
        "article",
        "channel",
        "channels",
        "image",
        "photo",
        "failed",
        "because",
        "wechat",
        "weixin",
        "before",
        "without",
        "login",
        "moments",
        "sticker",
        "stickers",
        "iphone",
        "android",
        "windows",
        "update",
        "refund",
        "money",
    ]
)
_SEPARATOR = r"(?:[ :：是为=＝]|号码?|id|ID|Id|账号|帐号|搜|联系|加我|is|就是)"
_HANDLE = r"(?P<it>[A-Za-z][A-Za-z0-9_-]{4,19})(?![A-Za-z0-9_@-])"
_WECHAT = r"(?:微\s?信|(?<![一-龥])薇(?=[:：])|威信|薇信|徽信|卫星号|(?i:we\s?chat|weixin|(?<![a-z])[vw]x(?![a-z])(?!\d{3,4}(?!\d)))|[➕加+＋]\s?[vV微薇❤]信?|[vV]信)"

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳唐罗薛雷贺倪汤"
    "滕殷毕郝邬安常乐于傅齐康伍余顾孟黄穆萧尹姚邵汪毛狄臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵季贾江颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍虞"
    "万柯管卢莫房丁邓洪包左石崔龚程邢裴陆翁侯段巫焦牧谷车全班秋仲宫宁仇甘厉祖符刘景龙叶黎薄白怀蒲赖卓池乔闻翟谭温习曾肖岑付涂冉"
)
_DOUBLE = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|端木|南宫|夏侯"
_NOT_GIVEN = "的了要说在是你我他她请不没买收，。！也就都和跟与可电地手把被给让还有又"
_WESTERN = r"(?P<it>[A-ZÀ-Ý][a-zà-ÿ]*['’]?[A-ZÀ-Ý]?[a-zà-ÿ]+(?:[ -](?:(?:da|de|do|dos|von|van|der|del|la|le) )?[A-ZÀ-Ý][a-zà-ÿ]*['’]?[A-ZÀ-Ý]?[a-zà-ÿ]+){0,3})(?![a-zà-ÿ])"


def _is_handle(match: re.Match[str]) -> bool:
    """Whether what follows a messenger's name is an account and no word: it has a digit or mark, or a colon stands before it."""
    handle = match["it"]
    if handle.lower() in _WORDS:
        return False
    between = match[0][: match.start("it") - match.start()]
    return bool(re.search(r"[0-9_-]", handle)) or bool(re.search(r"[:：=是]|号|(?i:\bid\b)|加我|is $", between))


def _is_no_date(match: re.Match[str]) -> bool:
    return not re.fullmatch(r"20\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])", match["it"])


RULES: tuple[PersonalRule, ...] = (
    rule(PersonalKind.ACCOUNT, r"(?<![A-Za-z0-9])wxid_[A-Za-z0-9_-]{4,24}", "wxid_"),
    rule(
        PersonalKind.ACCOUNT,
        rf"{_WECHAT}\s?{_SEPARATOR}{{0,6}}\s?{_HANDLE}",
        r"微|威信|薇|徽信|卫星号|(?i:we\s?chat|weixin|vx|wx)|[vV]信|[➕加+＋]\s?[vV❤]",
        _is_handle,
    ),
    rule(
        PersonalKind.ACCOUNT,
        rf"{_WECHAT}\s?(?:[:：是为=]|号码?|账号|帐号|id|ID){{1,4}}\s?(?P<it>\d{{6,12}})(?!\d)",
        r"微|威信|薇信|(?i:we\s?chat|weixin|vx|wx)|[vV]信|[➕加+＋]\s?[vV]",
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?:(?<![A-Za-z])(?i:q[\s.]?q)(?![A-Za-z])|扣扣|企鹅)\s?(?:[:：是为= ]|号码?|群号?|id|ID){0,4}(?P<it>[1-9]\d{4,10})(?![\d元块.])",
        r"(?i:q[\s.]?q)|扣扣|企鹅",
        _is_no_date,
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?:(?i:(?<![a-z])line\s?(?:id|账号|帳號|号))|(?<![A-Za-z] )(?<![A-Za-z])LINE\s?[:：]|加LINE)\s?(?:[:：是为]|is)?\s?(?P<it>@?[A-Za-z0-9][A-Za-z0-9._-]{3,19})",
        r"(?i)line",
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?<![a-z])(?:telegram|tg|电报|飞机|whatsapp(?: user)?|skype|kakao(?:talk)?|instagram|insta|ins|ig|facebook|twitter|tiktok|抖音|小红书|快手|微博|旺旺|支付宝)"
        r"\s?(?:号码?|账号|帐号|昵称|id|handle|user(?:name)?)?\s?(?:[:：=]|是|(?<=[号称d])|(?<=handle)|is)\s?(?P<it>@?(?=[A-Za-z0-9._@-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{3,30})",
        r"(?i)telegram|tg|电报|飞机|whatsapp|skype|kakao|ins|ig|facebook|twitter|tiktok|抖音|小红书|快手|微博|旺旺|支付宝",
        lambda match: match["it"].lower() not in _WORDS,
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?<![a-z])(?:line|telegram|tg|电报|飞机|instagram|insta|ins|ig|twitter|tiktok|抖音|小红书|快手|微博|旺旺|skype|whatsapp(?: user)?|facebook|微信|wechat)(?:号码?|账号|昵称|id)?(?: id| is|:|：| |是|@)*(?P<it>@[A-Za-z0-9][A-Za-z0-9._-]{3,30})",
        "@",
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?<![a-z])(?:telegram|tg|skype|kakao|insta|instagram|whatsapp user|line id|line id is|电报号|抖音号|小红书号|旺旺号|微博(?:昵称)?)\s?(?:id)?[:： ]\s?(?P<it>(?=[a-z._-]*\d|[a-z]*[._])[a-z][a-z0-9._-]{4,30})",
        r"(?i)telegram|tg|skype|kakao|insta|line|whatsapp|微博|抖音|小红书|旺旺",
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?:t\.me|wa\.me|instagram\.com|facebook\.com|u\.wechat\.com)/(?P<it>[A-Za-z0-9._+-]{3,40})",
        r"\.(?:me|com)/",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:收件人|收货人|联系人|姓名|户名|机主|签收人|寄件人|客户名|顾客名|本人叫|我叫|我是|名字(?:叫|是)|聯絡人|收件者)(?P<sep>[ 是为:：叫]{{0,3}})(?P<it>(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}](?:(?![{_NOT_GIVEN}])[\u4e00-\u9fff]){{1,2}})(?![\u4e00-\u9fff]?(?:店|品|牌))",
        "人|姓名|户名|机主|叫|我是|客名|名字|收件者",
        lambda match: (
            not match[0].startswith("我是") or match.end() == len(match.string) or match.string[match.end()] in ",，。.!！;； \n"
        ),
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:(?i:(?:my|customer'?s?|full|recipient'?s?|contact|receiver'?s?|buyer'?s?) name(?: is|:|：| ?= ?)|i am called|i'm called|attn[.:]?|attention:|recipient:|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|meu nome é|me chamo)|(?:^|[.;,\n\"] ?)(?i:name|nome|nom|contact|kunde|empfänger|destinataire|destinatário): ?)\s?{_WESTERN}",
        r"(?i)name|called|attn|attention:|recipient|hei(?:ß|ss)e|appelle|nom|chamo|contact|kunde|empfänger|destinat",
    ),
)
