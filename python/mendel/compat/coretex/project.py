"""The types of projects under their old numbers, and the whole numbers that stand for names."""

from __future__ import annotations

from enum import IntEnum

_ALIASES = {"vision": 1, "segmentation": 2, "tabular": 3, "superresolution": 4, "video": 5}
_ALIASES.update(audio=6, body=7, motion=9, text=10, bio=11)


class ProjectType(IntEnum):
    """The field of work of a project.

    Example:
        >>> ProjectType.named("image-segmentation").value
        2
        >>> ProjectType.named("3").name
        'tabularData'
    """

    computerVision = 1
    imageSegmentation = 2
    tabularData = 3
    superResolution = 4
    videoAnalytics = 5
    audioAnalytics = 6
    bodyTracking = 7
    other = 8
    motionRecognition = 9
    nlp = 10
    bioinformatics = 11

    @classmethod
    def named(cls, text: str) -> ProjectType:
        """The type of that number, name or short name; ``other`` for what is none."""
        wanted = text.strip().strip("'\"").lower().replace("-", "").replace("_", "").replace(" ", "")
        for kind in cls:
            if wanted in (str(kind.value), kind.name.lower()):
                return kind
        return cls(_ALIASES.get(wanted, 8))


def numberOf(*names: str) -> int:
    """A whole number that stands for names: the same for the same names, on every machine.

    Example:
        >>> numberOf("project", "digits") == numberOf("project", "digits") < 2**31
        True
    """
    import hashlib

    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
