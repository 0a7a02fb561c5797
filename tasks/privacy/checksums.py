"""Check digits of numbers that lead to a person: they tell such a number from an order number of the same length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "BR": 29, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HU": 28, "IE": 22,
    "IT": 27, "LU": 20, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "TR": 26, "AE": 23, "IL": 23, "UA": 29, "SK": 24,
    "SI": 19, "HR": 21, "BG": 22, "EE": 20, "LT": 20, "LV": 21, "MT": 31, "CY": 28, "IS": 26, "LI": 21, "MC": 27,
}  # fmt: skip
"""Length of an IBAN by country."""

_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def digits_of(text: str) -> str:
    """Return the digits and letters of a text, without spaces and marks, in capitals."""
    return "".join(character for character in text if character.isalnum()).upper()


def luhn(text: str) -> bool:
    """Whether the digits of a card number agree with their check digit (ISO/IEC 7812)."""
    digits = [int(character) for character in text if character in "0123456789"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 and any(digits)


def iban_length(text: str) -> int:
    """Return how many letters and digits at the start of a text are an IBAN (ISO 13616), 0 if none."""
    compact = digits_of(text)
    length = IBAN_LENGTHS.get(compact[:2], 0)
    if not length or len(compact) < length or not compact[2:4].isdigit():
        return 0
    number = compact[:length]
    return length if int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1 else 0


def chinese_identity(text: str) -> bool:
    """Whether 18 characters are an identity number of mainland China (GB 11643): a day of birth and the check digit."""
    number = digits_of(text)
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _CN_WEIGHTS, strict=False))
    return born.year >= 1880 and number[17] == "10X98765432"[total % 11]


def cpf(text: str) -> bool:
    """Whether eleven digits are a Brazilian CPF."""
    return _weighted(digits_of(text), 9, lambda length: range(length + 1, 1, -1))


def cnpj(text: str) -> bool:
    """Whether fourteen digits are a Brazilian CNPJ."""
    return _weighted(digits_of(text), 12, lambda length: [2 + (length - 1 - place) % 8 for place in range(length)])


def _weighted(number: str, length: int, weights: Callable[[int], Sequence[int]]) -> bool:
    """Compare the last two digits with weighted sums modulo 11 of those before them."""
    if len(set(number)) == 1:
        return False
    for size in (length, length + 1):
        rest = sum(int(digit) * weight for digit, weight in zip(number, weights(size), strict=False)) % 11
        if int(number[size]) != (0 if rest < 2 else 11 - rest):
            return False
    return True


def taiwan_identity(text: str) -> bool:
    """Whether a letter and nine digits are an identity number of Taiwan."""
    first = _TW_LETTERS.index(text[0].upper()) + 10
    weighted = sum(int(digit) * weight for digit, weight in zip(text[1:9], range(8, 0, -1), strict=True))
    return (first // 10 + first % 10 * 9 + weighted + int(text[9])) % 10 == 0


def hong_kong_identity(text: str) -> bool:
    """Whether letters, six digits and a check digit are an identity number of Hong Kong."""
    number = digits_of(text)
    values = [36] * (9 - len(number)) + [int(character, 36) for character in number]
    return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0
