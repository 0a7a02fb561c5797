from collections import Counter

import pytest
import yaml

from tasks.errors import ConfigurationError
from tasks.shop.load import DEFAULTS, parse_section
from tasks.shop.taxonomy import COARSE, Taxonomy
from tests.makers.shops import default_shop

TAXONOMY = default_shop().taxonomy
NODES_OF_THE_HOUSE = {"PRD", "LOG", "PKG", "DSC", "USE", "SVC", "REF", "ORD", "PRC", "SYS", "ENV", "SPC", "SUG", "UNK"}


def changed(**parts: object) -> Taxonomy:
    content = yaml.safe_load((DEFAULTS / "taxonomy.yaml").read_text(encoding="utf-8"))
    content.update(parts)
    return parse_section(Taxonomy, yaml.safe_dump(content, allow_unicode=True).encode(), "taxonomy.yaml")


def test_there_are_28_leaves_of_the_seeds_and_17_of_the_trade() -> None:
    assert len(TAXONOMY.leaves) == 45
    assert set(TAXONOMY.nodes) == NODES_OF_THE_HOUSE
    assert "SPC.ABNORMAL" in TAXONOMY.leaves
    assert "SPC.MALICE" not in TAXONOMY.leaves
    assert TAXONOMY.name("SPC.ABNORMAL", "zh-CN") == "疑似异常索赔"


@pytest.mark.parametrize("lens", ["A", "B", "C", "D"])
def test_a_lens_is_a_partition(lens: str) -> None:
    counts = dict.fromkeys(TAXONOMY.every_leaf, 3)
    labels = Counter[str]()
    for leaf, count in counts.items():
        labels[TAXONOMY.label(lens, leaf)] += count
    assert sum(labels.values()) == sum(counts.values())
    assert set(labels) == set(TAXONOMY.lenses[lens].labels)
    assert COARSE not in labels


@pytest.mark.parametrize(
    ("lens", "node", "label"),
    [
        ("A", "PRD", "产品"),
        ("B", "PRD", "来源未细分"),
        ("C", "PRD", "来源未细分"),
        ("B", "LOG", "物流异常"),
        ("D", "SVC", "其他"),
        ("A", "UNK", "未归类"),
    ],
)
def test_a_node_only_code_is_never_put_silently_under_one_label(lens: str, node: str, label: str) -> None:
    assert TAXONOMY.label(lens, node) == label


@pytest.mark.parametrize(
    ("leaf", "symptom", "app", "late", "family"),
    [
        ("PRD.FAULT", None, False, False, "function"),
        ("PRD.FAULT", "battery", False, False, "wear"),
        ("PRD.FAULT", "app", True, False, "app"),
        ("PRD.FAULT", "noise", False, True, "wear"),
        ("USE.SETUP", None, True, False, "app"),
        ("USE.SETUP", None, False, False, "use"),
        ("PRD.HEALTH", None, False, False, "safety"),
        ("LOG.LATE", None, False, False, "delivery"),
        ("ORD.INVOICE", None, False, False, "ship"),
        ("LOG", None, False, False, "other"),
        ("SVC", None, False, False, "service"),
        ("UNK", None, False, False, "other"),
    ],
)
def test_families(leaf: str, symptom: str | None, app: bool, late: bool, family: str) -> None:
    assert TAXONOMY.family(leaf, symptom, app_version=app, late=late) == family


def test_own_leaves_join_with_their_lens_labels() -> None:
    own = {
        "FIN.FEE": {
            "zh": "费用争议",
            "en": "Fees disputed",
            "family": "other",
            "owner": "客服",
            "department": "客服",
            "lens": {"A": "流程", "B": "其他特殊", "C": "服务流程", "D": "其他"},
        }
    }
    taxonomy = changed(own_leaves=own, nodes={**yaml_nodes(), "FIN": {"zh": "金融", "en": "Finance"}})
    assert taxonomy.label("B", "FIN.FEE") == "其他特殊"
    assert taxonomy.leaves_of("FIN") == ("FIN.FEE",)
    assert taxonomy.version != TAXONOMY.version


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"lens": {"A": "产品"}}, "exactly one label"),
        ({"lens": {"A": "产品", "B": "不存在", "C": "服务流程", "D": "其他"}}, "has no label"),
        ({"family": "nonsense"}, "has the unknown family nonsense"),
    ],
)
def test_a_leaf_that_would_break_a_lens_is_refused(spoil: dict[str, object], words: str) -> None:
    leaves = {code: leaf.model_dump(mode="json") for code, leaf in TAXONOMY.leaves.items()}
    leaves["PRD.SMELL"].update(spoil)
    with pytest.raises(ConfigurationError, match=words):
        changed(leaves=leaves)


def test_the_version_follows_the_content() -> None:
    assert changed().version == TAXONOMY.version
    assert changed(main_lens="B").version != TAXONOMY.version


def test_every_coded_word_belongs_to_a_leaf() -> None:
    assert set(default_shop().words.leaves) <= set(TAXONOMY.every_leaf)


def yaml_nodes() -> dict[str, object]:
    return {code: node.model_dump() for code, node in TAXONOMY.nodes.items()}
