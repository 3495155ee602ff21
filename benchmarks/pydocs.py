"""Real text that every Python brings along: the topics of its language reference (`pydoc_data`, PSF License).

About 80 topics, half a million characters. The text differs a little from one version of Python to the next.
"""

from __future__ import annotations

from collections import Counter

MIN_LENGTH = 80
MIN_PARAGRAPHS = 20


def paragraphs() -> list[tuple[str, str]]:
    """(topic, paragraph) of all that is longer than a heading, white space made one; in a fixed order.

    Some topics are part of others: what stands under two of them is left out.
    """
    from pydoc_data.topics import topics

    found = [
        (topic, " ".join(block.split()))
        for topic, text in sorted(topics.items())
        for block in text.replace("\r", "").split("\n\n")
    ]
    counts = Counter(block for _, block in found)
    return [(topic, block) for topic, block in found if len(block) >= MIN_LENGTH and counts[block] == 1]


def large_topics() -> list[str]:
    """Topics with at least MIN_PARAGRAPHS paragraphs: about a dozen."""
    counts = Counter(topic for topic, _ in paragraphs())
    return sorted(topic for topic, count in counts.items() if count >= MIN_PARAGRAPHS)
