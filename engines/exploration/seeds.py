"""Seeds as people write them: "7", "1,2,9", "0-15"."""

from engines.errors import StudioError
from engines.recipe import MAX_SEED

MAX_COUNT = 10_000


def parse_seeds(text: str, most: int = MAX_COUNT) -> list[int]:
    """Seeds from text such as "7", "1,2,9" or "0-15", in the order in which they are written.

    Args:
        most: how many seeds are allowed.

    Raises:
        StudioError: none, too many, one outside 0 to 2⁶³ - 1, or something that is no whole number.
    """
    seeds: list[int] = []
    for part in str(text).split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not _is_number(first) or (dash and not _is_number(last)):
            raise StudioError(f"seeds are whole numbers such as 7, 1,2,9 or 0-15, got {str(text)[:40]!r}: write them like this")
        start, end = int(first), int(last) if dash else int(first)
        if end < start or end > MAX_SEED:
            raise StudioError(f"seeds go upwards from 0 to {MAX_SEED}, got {part.strip()[:60]!r}: choose others")
        if len(seeds) + end - start >= most:
            raise StudioError(f"at most {most:,} seeds at once, got {str(text)[:40]!r}: write fewer")
        seeds += range(start, end + 1)
    return seeds


def _is_number(text: str) -> bool:
    """Plain digits, few enough that reading them costs nothing."""
    return text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_SEED)) + 1
