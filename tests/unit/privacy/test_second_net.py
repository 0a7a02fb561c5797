"""What the first net let through is masked on its way to paper, mail and artifacts, and counted."""

import json

import pytest

from tasks.privacy.personal_kind import PersonalKind
from tasks.privacy.second_net import SecondNet, own_words


def test_a_page_is_masked_where_it_is_read():
    page = (
        '<html><head><title>19900001234</title><style>.a{width:199.0000.1234px}</style></head><body><p data-n="joe@mail.example">打<b>19900001234</b> &amp; &lt;x&gt;</p>'
        '<img alt="joe@mail.example" src="data:image/png;base64,19900001234"><svg><path d="M199 0000 1234"/><text>wang@mail.example</text></svg></body></html>'
    )
    net = SecondNet()
    clean = net.page(page)
    assert clean == (
        '<html><head><title>***</title><style>.a{width:199.0000.1234px}</style></head><body><p data-n="joe@mail.example">打<b>***</b> &amp; &lt;x&gt;</p>'
        '<img alt="***" src="data:image/png;base64,19900001234"><svg><path d="M199 0000 1234"/><text>***</text></svg></body></html>'
    )
    assert net.found == {PersonalKind.PHONE: 2, PersonalKind.MAIL: 2}
    assert net.report == "mail 2, phone 2"


def test_a_clean_page_keeps_its_bytes():
    page = "<p>3 &lt; 4 &amp;&nbsp;&#20320; 2026-W45, 1,234 (T202611020000012345)</p>\n<script>var a = 19900001234</script>"
    assert SecondNet().page(page) == page


def test_numbers_keep_their_bytes_unless_a_text_names_somebody():
    clean = b'{"b": [1.50, "rate@KT-05.value"], "id": "reply_rate@22-02.change"}'
    assert SecondNet().json(clean) == clean
    net = SecondNet()
    told = json.loads(net.json('{"id": "rate@19900001234.n", "label": "张三 wang@mail.example", "n": 19900001234}'.encode()))
    assert told == {"id": "***", "label": "张三 ***", "n": 19900001234}
    assert sum(net.found.values()) == 2


def test_ids_of_records_and_hashes_are_no_numbers():
    text = "d5031a22e185e9f0,19541501602c0b76 0190d5d0-7c1e-7aaa-8bbb-199000012340"
    assert SecondNet().words(text) == text


def test_the_shop_s_own_numbers_are_spared():
    own = own_words(["desk: 0571-81230000 # call", "mail: desk@shop.example"])
    assert (
        SecondNet(own).words("Call 0571-81230000 or 0571-81230001, desk@shop.example")
        == "Call 0571-81230000 or ***, desk@shop.example"
    )


@pytest.mark.parametrize("value", [None, 3, 2.5, True, ["a", {"b": "c"}], ("x",)])
def test_values_without_a_finding_are_the_same(value: object):
    assert SecondNet().values(value) == value
