"""Files are read in the encoding in which they were written, and never in another without a word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.encodings import FAMILIES, decode, may_be_misread, repaired
from tasks.model.rows import PulledRows

WESTERN = [
    "Größe falsch",
    "Maßgröße Möbel",
    "Größe passt nicht – zu groß",
    "Câble cassé",
    "Lamp won’t charge €29",
    "Übergröße geliefert",
    "Café",
    "für",
    "naïve résumé",
    "£5.00 refund",
    "Price £12 – “too much”",
    "déjà reçu l’article abîmé",
    "Très déçu, le produit n’a jamais fonctionné",
    "¿Dónde está mi pedido?",
    "El cargador no funciona, señor",
    "Não funciona, a bateria não carrega",
    "A informação está errada, devolução já",
    "perché è così? Non va più",
    "Il caricabatterie è rotto",
    "STRASSE GRÖSSE ÄRGER",
    "ÜBERGRÖSSE",
    "SEÑOR",
    "Ça ne marche pas",
    "È rotto",
    "à refaire",
    "20° zu heiß",
    "25 °C heiß",
    "5 €",
    "€5",
    "50€ zurück",
    "Müller & Söhne",
    "Äpfel",
    "ÖL läuft aus",
    "Østergård Åse",
    "smörgåsbord",
    "½ kaputt",
    "naïf",
    "œuvre cassée",
    "cœur",
    "l’été",
    "don’t",
    "it’s broken…",
    "wait—what?",
    "Ñandú",
    "coração",
    "ações",
    "Kühlschrank läuft",
    "Tür schließt nicht",
    "Größenänderung",
    "préférée créée",
    "«Très bien»",
    "100 % coton® ™",
    "à",
    "Überprüfung: Gerät heiß, riecht verschmort – bitte Rückmeldung",
    "Rücksendung läuft über DHL",
    "Señal débil",
    "piñata rota",
    "mañana llega",
    "crème brûlée",
    "Noël",
    "Citroën",
    "hôpital",
    "100µm",
    "nº 5",
    "1ª vez",
    "garçon",
    "Besançon",
    "Ärger über Öl",
    "Weiß",
    "Straße",
    "Fuß",
    "heißt",
]
SIMPLIFIED = [
    "充电线坏了",
    "好",
    "漏水",
    "杯子碎了",
    "5月",
    "屏幕不亮",
    "客服态度差",
    "LMP 灯不亮",
    "收到就是坏的，退款",
    "iPhone充电线",
    "A座漏",
    "按键失灵",
    "烧焦味",
    "烫伤手",
    "电池鼓包",
    "锅盖裂了",
    "包装破损",
    "少发配件",
    "颜色不对",
    "尺寸偏小",
    "味道刺鼻",
    "声音大",
    "不制热",
    "开不了机",
    "快递慢",
    "退",
    "￥29",
    "垫子掉毛",
    "质量问题",
    "鳄鱼皮开裂",
    "差评！",
    "M码太小",
    "Type-C接口松",
]
TRADITIONAL = [
    "充電線壞了",
    "好",
    "漏水",
    "杯子碎了",
    "螢幕不亮",
    "客服態度差",
    "收到就是壞的，退款",
    "按鍵失靈",
    "燒焦味",
    "燙傷手",
    "電池鼓包",
    "鍋蓋裂了",
    "包裝破損",
    "顏色不對",
    "味道刺鼻",
    "聲音大",
    "開不了機",
    "快遞慢",
    "質量問題",
    "商品與描述不符",
    "請退貨",
]
JAPANESE = [
    "充電できません",
    "壊れています",
    "画面が映らない",
    "コードが短い",
]

UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
CASES = [
    *[(text, "cp1252") for text in WESTERN],
    *[(text, "gb18030") for text in SIMPLIFIED],
    *[(text, "big5hkscs") for text in TRADITIONAL],
    *[(text, "cp932") for text in JAPANESE],
    *[(text, encoding) for encoding in UNICODE for text in (*WESTERN, *SIMPLIFIED, *TRADITIONAL, *JAPANESE)],
]
CHANNEL = """
channels:
  - name: tt
    table: feedback
    source: ticket
    source_id: id
    read: {kind: delimited, files: ["*.csv"]%s}
    columns: {submitted_at: date, text: text}
"""


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_one_text_is_enough(text: str, encoding: str) -> None:
    """An export with a single text beyond ASCII comes back as it was written, without a doubt."""
    whole = f"id,date,sku,text\n1,2026-11-19,LMP,{text}\n"
    found = decode(whole.encode(encoding))
    assert found is not None
    assert (found.text, found.doubtful) == (whole, ())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("龟裂", "gb18030"),
        ("Привет, лампа не работает", "cp1251"),
        ("Příliš žluťoučký kůň", "cp1250"),
        ("Łódź nie działa, zwrot pieniędzy", "cp1250"),
        ("çalışmıyor, ürün kırık geldi", "cp1254"),
        ("배터리가 충전되지 않습니다", "cp949"),
        ("Το προϊόν είναι σπασμένο", "iso-8859-7"),
        ("Größe für Mädchen", "mac-roman"),
        ("Größe für Mädchen", "cp437"),
    ],
)
def test_what_is_not_sure_is_never_silent(text: str, encoding: str) -> None:
    """A set that is not tried, or a text that fits two, is refused or flagged."""
    whole = f"id,text\n1,{text}\n"
    found = decode(whole.encode(encoding))
    assert found is None or found.doubtful


@given(st.binary(max_size=300))
def test_bytes_are_text_or_refused(data: bytes) -> None:
    """Any bytes are read or refused, whatever is declared."""
    for declared in ("auto", *FAMILIES):
        found = decode(data, declared)
        assert found is None or isinstance(found.text, str)


def test_a_long_text_with_a_broken_character() -> None:
    """A file that was cut within a character is read, and doubtful."""
    found = decode(("退款" * 40 + "坏").encode()[:-1])
    assert found is not None
    assert (found.encoding, found.doubtful, found.text[:2]) == ("utf-8", ("damaged",), "退款")


def test_latin_1_means_what_windows_writes() -> None:
    """Who declares latin-1 writes typographic quotes all the same."""
    found = decode("won’t – €5".encode("cp1252"), "latin-1")
    assert found is not None
    assert found.text == "won’t – €5"


def test_a_windows_export(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """jlevers/selling-partner-api 809: a report in Windows-1252 keeps its umlauts."""
    (tmp_path / "u.csv").write_bytes("id,date,text\n4,2026-11-01,Größe falsch\n5,2026-11-02,Maßgröße Möbel\n".encode("cp1252"))
    batch = pull(CHANNEL % "")
    assert batch.frame["text"].to_list() == ["Größe falsch", "Maßgröße Möbel"]
    assert batch.frame["flags"].to_list() == [[], []]
    assert batch.notes == ("u.csv is read as cp1252.",)


def test_a_doubtful_file_is_flagged_and_named(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """The rows carry the flag, the other file's do not, and the warning names file and candidates."""
    (tmp_path / "a.csv").write_bytes("id,date,text\n1,2026-11-01,龟裂\n".encode("gb18030"))
    (tmp_path / "b.csv").write_text("id,date,text\n2,2026-11-02,漏水\n", "utf-8")
    batch = pull(CHANNEL % "")
    assert batch.frame["flags"].to_list() == [["encoding_doubtful"], []]
    assert batch.warnings == ("a.csv was read as gb18030, which is doubtful (big5hkscs): set `encoding` in channels.yaml.",)


def test_an_unknown_encoding_is_refused_with_the_choice(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Cyrillic that is not declared is refused; declared, it is read."""
    (tmp_path / "r.csv").write_bytes("id,date,text\n1,2026-11-01,Лампа не работает\n".encode("cp1251"))
    batch = pull(CHANNEL % "")
    assert "r.csv is in no encoding" in batch.error
    assert "cp1251" in batch.hint
    assert pull(CHANNEL % ", encoding: cp1251").frame["text"].to_list() == ["Лампа не работает"]


@pytest.mark.parametrize(("text", "right"), [("GrÃ¶ÃŸe", "Größe"), ("wonâ€™t", "won’t"), ("Â£5", "£5"), ("cafÃ©", "café")])
def test_text_misread_before(pull: Callable[..., PulledRows], tmp_path: Path, text: str, right: str) -> None:
    """UTF-8 that somebody read as Windows-1252 is flagged, and read again where that is wanted."""
    assert may_be_misread(text)
    assert repaired(text) == right
    (tmp_path / "m.csv").write_text(f"id,date,text\n1,2026-11-01,{text}\n2,2026-11-02,Größe\n", "utf-8")
    batch = pull(CHANNEL % "")
    assert (batch.frame["text"].to_list(), batch.frame["flags"].to_list()) == ([text, "Größe"], [["text_misread"], []])
    batch = pull(CHANNEL % ", repair: true")
    assert (batch.frame["text"].to_list(), batch.frame["flags"].to_list()) == ([right, "Größe"], [["text_repaired"], []])
