"""When the sample shop answers: the clocks of each record, from the bot's first reply to a reopened case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.sample_shop import service
from examples.sample_shop.moments import DAY, NEVER, Bools, Floats, Ints, local
from examples.sample_shop.records import (
    AFTERSALE,
    CALL,
    CHAT,
    COMPLAINT,
    FORM,
    MAIL,
    REGULATOR,
    REVIEW,
    STORE,
    TICKET,
    Records,
)


@dataclass
class Answers:
    """Moments of each record in local seconds, NEVER where there is none; `answered` marks channels that people answer."""

    answered: Bools
    bot: Ints
    human: Ints
    solution: Ints
    closed: Ints
    reopened: Ints
    promised: Ints
    must: Ints


def answers(rng: np.random.Generator, part: Records, safety: Bools, chance: Floats) -> Answers:
    """Draw the clocks: people answer from 08:00 to 24:00, chats within minutes, tickets within hours.

    Args:
        rng: Source of chance.
        part: The records.
        safety: Which records are about safety; they are answered within twelve minutes.
        chance: Uniform draws, `(records, 24)`.

    Returns:
        Answers, beyond the world's end too.
    """
    size, source, at = len(part), part.source, part.at
    complaint = part.nature == COMPLAINT
    begin = at.copy()
    night = (at % DAY) < 8 * 3600
    begin[night] = at[night] // DAY * DAY + 8 * 3600
    chat_delay = _chat_delay(part, chance)
    slow_delay = np.exp(rng.normal(np.log(35 * 60), 1.0, size))
    slow_delay = np.where(safety, np.minimum(slow_delay, 12 * 60), slow_delay)
    answered = np.isin(source, (TICKET, CHAT, FORM, MAIL, CALL, REGULATOR, AFTERSALE, STORE))
    human = np.where(answered, begin + np.where(source == CHAT, chat_delay, slow_delay).astype(np.int64), NEVER)
    human = np.where((source == REVIEW) & complaint & (chance[:, 7] < 0.5), begin + (slow_delay * 8).astype(np.int64), human)
    bot = np.where(source == CHAT, at + 1 + (chance[:, 8] * 3).astype(np.int64), NEVER)
    solution = np.where(human < NEVER, human + np.exp(rng.normal(np.log(5 * 3600), 1.1, size)).astype(np.int64), NEVER)
    solution = np.where(complaint, solution, NEVER)
    closed = np.where(
        human < NEVER,
        np.where(complaint, solution, human) + np.exp(rng.normal(np.log(12 * 3600), 0.9, size)).astype(np.int64),
        NEVER,
    )
    closed = np.where((closed < NEVER) & (chance[:, 9] < 0.02), NEVER, closed)
    reopened = np.where((closed < NEVER) & complaint & (chance[:, 10] < 0.03), closed + DAY, NEVER)
    promised = np.where(
        complaint & answered & (chance[:, 11] < 0.22), human + (np.floor(1 + 3 * chance[:, 12]) * DAY).astype(np.int64), NEVER
    )
    must = np.where(source == REGULATOR, at + 9 * DAY, np.where((source == AFTERSALE), at + 3 * DAY, NEVER))
    return Answers(answered, bot, human, solution, closed, reopened, promised, must)


def _chat_delay(part: Records, chance: Floats) -> Floats:
    """Return seconds until a person answers a chat; the outsourced night shift is slower since S6."""
    rate = np.where(
        (part.queue == service.OUTSOURCED) & (part.shift == service.NIGHT) & (part.at >= local(service.S6_FROM)),
        service.REPLIED_S6,
        service.REPLIED,
    )
    return np.where(chance[:, 5] < rate, 8 + 165 * chance[:, 6] ** 1.8, 185 + 2400 * chance[:, 6] ** 2)
