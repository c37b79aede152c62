"""The classes of an image dataset: labels, and the numbers that instances name them by."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List

    _Base = List["ImageDatasetClass"]
else:
    _Base = list


@dataclass
class ImageDatasetClass:
    """A label with its colour; merged datasets give it several numbers."""

    classIds: list[int]
    label: str
    color: str = "#000000"

    @classmethod
    def decode(cls, encoded: dict[str, Any]) -> ImageDatasetClass:
        """A class from JSON."""
        numbers = encoded.get("ids", encoded.get("class_ids", encoded.get("classIds")))
        numbers = [encoded["id"]] if numbers is None else numbers
        label = encoded.get("label", encoded.get("name", ""))
        return cls([int(number) for number in numbers], str(label), str(encoded.get("color", "#000000")))

    def encode(self) -> dict[str, Any]:
        """The class as a JSON object."""
        return {"ids": self.classIds, "name": self.label, "color": self.color}


class ImageDatasetClasses(_Base):
    """The classes of a dataset, in order.

    Example:
        >>> classes = ImageDatasetClasses([ImageDatasetClass([7], "cat"), ImageDatasetClass([9], "dog")])
        >>> classes.labels, classes.labelIdForClassId(9)
        (['cat', 'dog'], 1)
    """

    @property
    def labels(self) -> list[str]:
        """The labels."""
        return [one.label for one in self]

    def classById(self, classId: int) -> ImageDatasetClass | None:
        """The class with that number."""
        return next((one for one in self if classId in one.classIds), None)

    def classByLabel(self, label: str) -> ImageDatasetClass | None:
        """The class with that label."""
        return next((one for one in self if one.label == label), None)

    def labelIdForClass(self, wanted: ImageDatasetClass) -> int | None:
        """The place of a class."""
        return next((place for place, one in enumerate(self) if one.label == wanted.label), None)

    def labelIdForClassId(self, classId: int) -> int | None:
        """The place of the class with that number."""
        return next((place for place, one in enumerate(self) if classId in one.classIds), None)

    def exclude(self, labels: Iterable[str]) -> None:
        """Drops classes by label."""
        dropped = set(labels)
        self[:] = [one for one in self if one.label not in dropped]
