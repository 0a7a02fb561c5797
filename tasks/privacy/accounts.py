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
_SEPARATOR = r"(?:[ :：是为=＝(（]|号码?|id|ID|Id|账号|帐号|搜|联系|加我|加?一下|is|me|at|就是)"
_HANDLE = r"(?P<it>[A-Za-z][A-Za-z0-9_-]{4,19})(?![A-Za-z0-9_@-])"
_ADD = r"[➕加+＋](?:我|一下|下)?的?\s?"
"""Who evades a filter leaves the messenger out: «add my v»."""
_WECHAT = rf"(?:微\s?信|(?<![一-龥])薇(?=[:：])|威信|薇信|徽信|卫星号|(?i:we\s?chat|weixin|(?<![a-z])[vw]x(?![a-z])(?!\d{{3,4}}(?!\d)))|{_ADD}[vV微薇❤]信?|[微薇][❤♥💚]|[vV]信|(?<![A-Za-z0-9])[vV]我|绿泡泡)"

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳唐罗薛雷贺倪汤"
    "滕殷毕郝邬安常乐于傅齐康伍余顾孟黄穆萧尹姚邵汪毛狄臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵季贾江颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍虞"
    "万柯管卢莫房丁邓洪包左石崔龚程邢裴陆翁侯段巫焦牧谷车全班秋仲宫宁仇甘厉祖符刘景龙叶黎薄白怀蒲赖卓池乔闻翟谭温习曾肖岑付涂冉"
)
_DOUBLE = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|端木|南宫|夏侯"
_NOT_GIVEN = "的了要说在是你我他她请不没买收，。！也就都和跟与可电地手把被给让还有又"
_CHINESE = rf"(?P<it>(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}](?:(?![{_NOT_GIVEN}])[\u4e00-\u9fff]){{1,2}})"
_CROWDS = "皮肤白黑粉迷控客肌党族"
"""With what no given name after «I am» ends: 我是黄皮 tells a skin, 我是华粉 a fan."""
_NO_NAME = r"(?!郑重|方才|万[分般]|[于安常严向成明连关高单和时经应白])"
"""What follows «I myself» and is no name though it begins with the sign of one: solemnly, just now, strictly."""
_NAME_WORD = r"[A-ZÀ-Ý][a-zà-ÿ]*['’]?[A-ZÀ-Ý]?[a-zà-ÿ]+"
_NEXT_NAME = rf"[ -](?:(?:da|de|do|dos|von|van|der|del|la|le) )?(?:[A-ZÀ-Ý]\. ?)?{_NAME_WORD}"
_WESTERN = rf"(?P<it>{_NAME_WORD}(?:{_NEXT_NAME}){{0,3}})(?![a-zà-ÿ])"
_DESK = r"(?!(?:Customer|Service|Support|Team|Sales|Product|Technical|Amazon|Best|Made|New|Kind|Thanks?|Sent|The|Your|Our|My)\b)"
"""Who signs is a person, and no desk."""

_SITE = "(?:淘宝|天猫|京东|拼多多|闲鱼|唯品会|抖音|快手|小红书|微博|知乎|哔哩哔哩|[Bb]站)"
_NICKNAME = r"(?P<it>(?=[A-Za-z._-]*[0-9._-])[A-Za-z][A-Za-z0-9._-]{3,30})(?![A-Za-z0-9])"
"""A name on a site: letters with a digit or a mark among them."""


def _is_handle(match: re.Match[str]) -> bool:
    """Whether what follows a messenger's name is an account and no word: it has a digit or mark, or a colon stands before it."""
    handle = match["it"]
    if handle.lower() in _WORDS:
        return False
    between = match[0][: match.start("it") - match.start()]
    return bool(re.search(r"[0-9_-]", handle)) or bool(re.search(r"[:：=是]|号|(?i:\bid\b)|加我|is $", between))


def _is_account(match: re.Match[str]) -> bool:
    """Whether what follows a network's name is an account and no word: it has a digit or mark, or more than «is» stands before it."""
    if match["it"].lower() in _WORDS:
        return False
    between = match[0][: match.start("it") - match.start()]
    return bool(re.search(r"[0-9._@-]", match["it"].rstrip("."))) or bool(
        re.search(r"[:：=是号]|handle|name|user|(?i:\bid\b)", between)
    )


def _is_somebody(match: re.Match[str]) -> bool:
    """Whether «I am …» gives a name, and not a skin or a crowd, and ends there."""
    if not match[0].startswith(("我是", "本人")):
        return True
    ends = match[0].startswith("本人") or match.end() == len(match.string) or match.string[match.end()] in ",，。.!！;； \n"
    return ends and match["it"][-1] not in _CROWDS


def _is_no_date(match: re.Match[str]) -> bool:
    return not re.fullmatch(r"20\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])", match["it"])


RULES: tuple[PersonalRule, ...] = (
    rule(PersonalKind.ACCOUNT, r"(?<![A-Za-z0-9])wxid_[A-Za-z0-9_-]{4,24}", "wxid_"),
    rule(
        PersonalKind.ACCOUNT,
        rf"{_WECHAT}\s?{_SEPARATOR}{{0,6}}\s?{_HANDLE}",
        r"微|威信|薇|徽信|卫星号|(?i:we\s?chat|weixin|vx|wx)|[vV]信|[➕加+＋][我一下的\s]{0,4}[vV❤]|薇[❤♥💚]|[vV]我|绿泡泡",
        _is_handle,
    ),
    rule(
        PersonalKind.ACCOUNT,
        rf"{_WECHAT}\s?(?:[:：是为=]|号码?|账号|帐号|id|ID){{1,4}}\s?(?P<it>\d{{6,12}})(?!\d)",
        r"微|威信|薇信|(?i:we\s?chat|weixin|vx|wx)|[vV]信|[➕加+＋][我一下的\s]{0,4}[vV]",
    ),
    rule(
        PersonalKind.ACCOUNT,
        rf"(?:(?<![A-Za-z])(?i:q[\s.]?q)(?![A-Za-z])|扣扣|企鹅|(?:{_ADD}|联系\s?|找我?\s?)[qQ](?![A-Za-z])|球球|(?<![A-Za-z0-9])[qQ]我)\s?"
        r"(?:[:：是为= ]|号码?|群号?|id|ID){0,4}(?P<it>[1-9]\d{4,10})(?![\d元块.])",
        r"(?i:q[\s.]?q)|扣扣|企鹅|[加+＋➕系找我下的\s][qQ]|[qQ]我|球球",
        _is_no_date,
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?:(?i:(?<![a-z])line\s?(?:id|账号|帳號|号))|(?<![A-Za-z] )(?<![A-Za-z])LINE\s?[:：]|加LINE)\s?(?:[:：是为]|is)?\s?(?P<it>@?[A-Za-z0-9][A-Za-z0-9._-]{3,19})",
        r"(?i)line",
    ),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?<![a-z])(?:telegram|tg|电报|飞机|whatsapp(?: user)?|skype|kakao(?:talk)?|instagram|insta|ins|ig|facebook(?: messenger)?|messenger|twitter|tiktok|抖音|小红书|快手|微博|旺旺|支付宝)(?![a-z])"
        r"\s?(?:号码?|账号|帐号|昵称|id|handle|name|user(?:name)?)?\s?(?:[:：=]|是|(?<=[号称d])|(?<=handle)|(?<=name)|is)\s?(?P<it>@?(?=[A-Za-z0-9._@-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{3,30})",
        r"(?i)telegram|tg|电报|飞机|whatsapp|skype|kakao|ins|ig|facebook|messenger|twitter|tiktok|抖音|小红书|快手|微博|旺旺|支付宝",
        _is_account,
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
        rf"(?:用户名|用戶名|会员名|會員名|登录名|登陆名|{_SITE}(?:用户|会员)?(?:名|号|昵称|(?i:id)))\s?(?:[:：=]|是|为|叫)?\s?{_NICKNAME}",
        rf"[户戶员員录陆]名|{_SITE}",
    ),
    rule(PersonalKind.ACCOUNT, rf"(?:账号|帐号|帳號|昵称|暱稱)\s?(?:[:：=]|是|为|叫)\s?{_NICKNAME}", "[账帐帳]|昵称|暱稱"),
    rule(
        PersonalKind.ACCOUNT,
        r"(?i)(?:t\.me|wa\.me|instagram\.com|facebook\.com|u\.wechat\.com)/(?P<it>[A-Za-z0-9._+-]{3,40})",
        r"\.(?:me|com)/",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:收件人|收货人|收款人|付款人|持卡人|开户人|联系人|姓名|户名|机主|签收人|寄件人|抬头(?:个人)?|客户名|顾客名|本人叫|我叫|我是|名字(?:叫|是)|聯絡人|收件者)"
        rf"(?:[ 是为:：叫,，]|改成|改为|换成|换为|写成?|写?错了|填|应该是|应为|其实是){{0,4}}(?!项目|薄|簿|全[部都]|谢谢|方式|列表){_CHINESE}(?![\u4e00-\u9fff]?(?:店|品|牌))",
        "人|姓名|户名|机主|叫|我是|抬头|客名|名字|收件者",
        _is_somebody,
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:(?i:(?:my|customer'?s?|full|recipient'?s?|contact|receiver'?s?|buyer'?s?) name(?: is|:|：| ?= ?)|i am called|i'm called|attn[.:]?|attention:|recipient:|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|meu nome é|me chamo)|(?:^|[.;,\n\"] ?)(?i:name|nome|nom|contact|kunde|empfänger|destinataire|destinatário): ?)\s?{_WESTERN}",
        r"(?i)name|called|attn|attention:|recipient|hei(?:ß|ss)e|appelle|nom|chamo|contact|kunde|empfänger|destinat",
    ),
    rule(
        PersonalKind.NAME,
        rf"本人\s?{_NO_NAME}{_CHINESE}(?=要求|购买|买|下单|于|在|[,，、。]|身份证|手机|电话|已|收到|申请|确认|授权)",
        "本人",
        _is_somebody,
    ),
    rule(
        PersonalKind.NAME,
        rf"(?i:(?:deliver(?:ed)?|ship(?:ped)?|send|sent|post) to: ?|should (?:say|read) |(?:account|card) ?holder(?: is|:) ?|name on the [a-z]+ (?:is|was|should be) )\s?{_DESK}{_WESTERN}",
        r"(?i)to:|holder|name on|should (?:say|read)",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:^|[\n.!?] ?)(?i:(?:(?:kind|best|warm|with) )?(?:regards|wishes|greetings)|(?:yours )?(?:sincerely|truly|faithfully)|yours|cheers|(?:many )?thanks|thank you|best|mit freundlichen grüßen|viele grüße|lg)"
        rf"[,!.]?[ \t\r]*\n\s*{_DESK}{_WESTERN}(?![ \t\r]*[^\s])",
        r"\n",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:This is|I am|I['’]m) {_DESK}(?P<it>{_NAME_WORD}(?:{_NEXT_NAME}){{1,3}})(?=,| from | calling| writing)",
        r"This is|I am|I['’]m",
    ),
    rule(
        PersonalKind.NAME,
        rf"[Aa]ddressed to:? {_DESK}(?P<it>{_NAME_WORD}(?:{_NEXT_NAME}){{1,3}})(?![a-zà-ÿ])",
        "ddressed",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?:[寄送发邮](?:给|到)|(?:^|(?<=[,，。;；!！ ])))(?!马上|何[时日]|方便|安全|全[部都]|明|快|温|时|高)(?P<it>(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}](?:(?![{_NOT_GIVEN}已签代验接回查拒退未能会才再全亲价款钱货包])[\u4e00-\u9fff]){{1,2}})亲?收(?![^,，。;；!！ ])",
        "收",
    ),
    rule(
        PersonalKind.NAME,
        rf"(?i:my (?:husband|wife|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|friend|neighbou?r|flatmate|roommate)),? (?P<it>{_NAME_WORD}(?:{_NEXT_NAME}){{1,3}})(?![a-zà-ÿ])",
        r"(?i)my (?:hus|wif|par|son|dau|mo|fa|mu|da|bro|sis|fri|nei|fla|roo)",
    ),
)
