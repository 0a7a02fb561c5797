"""Who sends a mail: a person, or a program that answers, reports or advertises."""

from __future__ import annotations

import re
from email.message import Message

KINDS = {"bounce": "bounces", "auto_reply": "automatic replies", "newsletter": "newsletters"}
"""What is told apart from the mails of people, with the word of it."""
_DAEMON = re.compile(r"(?:^|<|\s)(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_UNDELIVERED = re.compile(
    r"undeliver|delivery (?:status|failure|has failed)|returned mail|failure notice|unzustellbar|退信|投递失败|系统退信",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|out of (?:the )?office|automatische antwort|abwesenheitsnotiz|réponse automatique"
    r"|respuesta automática|risposta automatica|自动回复|自動回覆)\s*[:：]?",
    re.IGNORECASE,
)


def kind_of_sender(message: Message, subject: str) -> str:
    """Return `bounce`, `auto_reply` or `newsletter`, or an empty text for a person.

    A form on a website sends `Auto-Submitted: auto-generated` too, and holds what a person wrote: that alone makes no automatic reply.
    A newsletter names both a list and a way to leave it, or that it is sent in bulk.
    """
    sender = str(message.get("From", ""))[:2_000]
    if message.get_content_type() == "multipart/report" or (_DAEMON.search(sender) and _UNDELIVERED.search(subject)):
        return "bounce"
    submitted = _word(message, "Auto-Submitted")
    precedence = _word(message, "Precedence")
    if (
        submitted == "auto-replied"
        or precedence == "auto_reply"
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or _AUTOMATIC.match(subject)
    ):
        return "auto_reply"
    leaves = message.get("List-Unsubscribe") is not None
    if (leaves and (message.get("List-Id") is not None or precedence in ("bulk", "list"))) and message.get("In-Reply-To") is None:
        return "newsletter"
    return ""


def _word(message: Message, name: str) -> str:
    return str(message.get(name, ""))[:100].replace("(", ";").partition(";")[0].strip().lower()
