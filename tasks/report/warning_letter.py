"""The mail of a warning, short enough for a phone."""

from __future__ import annotations

from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, KeptWarning, WarningEvent, WarningLetter, WarningWording
from tasks.report.edition import templates
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.phrase import EMPTY, clean
from tasks.report.language.voice import Voice
from tasks.report.warning_text import WarningText
from tasks.shop.load import Shop
from tasks.shop.people import Person
from tasks.shop.warnings import WarningRule

SUBJECTS = {"opened": "subject", "grew": "subject_grew", "escalated": "subject_escalated"}
"""What happened to a warning → message of the mail's subject."""


def letter(
    kept: KeptWarning,
    warning: EarlyWarning,
    event: WarningEvent,
    person: Person,
    shop: Shop,
    *,
    wording: WarningWording,
    rule: WarningRule,
) -> WarningLetter:
    """Write the mail of one event to one person; the same event gives the same bytes.

    Args:
        kept: The warning with what happened before.
        warning: The warning in its present state.
        event: opened, grew or escalated.
        person: The recipient; a restricted warning goes only to people who may read it, so its words are open.
        shop: Names and words.
        wording: The messages of its kind.
        rule: The shop's rule for its kind.

    Raises:
        RenderError: If a word with legal effect is left in a warning that is not restricted.
    """
    language = person.language
    gate = Gate(shop.words, open_=warning.restricted)
    week = Period.containing(event.at, "week", shop.identity.zone)
    voice = Voice(shop, language, Numbers(language, shop.identity.currency), gate, week)
    words = WarningText(voice, warning, shop, event.warning_id, wording)
    what = words.what()
    subject = clean(voice.part(f"warning.{SUBJECTS[event.kind]}", what=what).plain, 150)
    lead = EMPTY
    if event.kind == "grew":
        before = words.number("before", kept.observed, words.unit)
        lead = voice.say("warning.grew", before=before, now=words.number("observed", warning.observed, words.unit))
    page = {
        "what": what,
        "lead": lead,
        "lines": words.lines(kept, event, person, rule),
        "restricted": warning.restricted,
        "red": rule.red_line,
        "language": language,
        "shop": shop.identity.title(language),
        "w": voice.catalogue,
    }
    text = templates().get_template("mail/warning.txt.j2").render(**page).strip() + "\n"
    html = templates().get_template("mail/warning.html.j2").render(**page)
    gate.check(subject + text + html)
    return WarningLetter(
        recipient=person.mail, name=person.title(language), language=language, subject=subject, text=text, html=html
    )
