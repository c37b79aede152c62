"""Annotations of images: boxes and polygons with the class they belong to.

Masks are drawn with NumPy and Pillow, loaded when a mask is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from .image_classes import ImageDatasetClasses


@dataclass
class BBox:
    """A box: its upper left corner and its size.

    Example:
        >>> BBox.fromPoly([1, 2, 5, 2, 5, 8])
        BBox(minX=1, minY=2, width=4, height=6)
    """

    minX: float = 0
    minY: float = 0
    width: float = 0
    height: float = 0

    @property
    def maxX(self) -> float:
        """The right edge."""
        return self.minX + self.width

    @property
    def maxY(self) -> float:
        """The lower edge."""
        return self.minY + self.height

    @property
    def polygon(self) -> list[float]:
        """The four corners and the first again, as x, y, x, y and so on."""
        left, upper, right, lower = self.minX, self.minY, self.maxX, self.maxY
        return [left, upper, right, upper, right, lower, left, lower, left, upper]

    @classmethod
    def create(cls, minX: float, minY: float, maxX: float, maxY: float) -> BBox:
        """The box between two corners."""
        return cls(minX, minY, maxX - minX, maxY - minY)

    @classmethod
    def fromPoly(cls, polygon: Sequence[float]) -> BBox:
        """The box round a polygon given as x, y, x, y and so on."""
        return cls.create(min(polygon[0::2]), min(polygon[1::2]), max(polygon[0::2]), max(polygon[1::2]))

    @classmethod
    def decode(cls, encoded: Any) -> BBox:
        """A box from JSON: an object, or left, top, width and height."""
        if isinstance(encoded, (list, tuple)):
            return cls(*encoded)
        corner = encoded.get("top_left", encoded)
        return cls(corner["x"], corner["y"], encoded["width"], encoded["height"])

    def encode(self) -> dict[str, Any]:
        """The box as a JSON object."""
        return {"top_left": {"x": self.minX, "y": self.minY}, "width": self.width, "height": self.height}


@dataclass
class CoretexSegmentationInstance:
    """One thing in an image: its class, its box, and the polygons of its outline."""

    classId: int
    bbox: BBox
    segmentations: list[list[float]] = field(default_factory=list)

    @classmethod
    def create(cls, classId: int, bbox: BBox, segmentations: list[list[float]]) -> CoretexSegmentationInstance:
        """An instance."""
        return cls(classId, bbox, segmentations)

    @classmethod
    def decode(cls, encoded: dict[str, Any]) -> CoretexSegmentationInstance:
        """An instance from JSON; without a box that of its polygons."""
        polygons = [list(polygon) for polygon in encoded.get("segmentations") or encoded.get("polygons") or []]
        box = encoded.get("bbox")
        points = [number for polygon in polygons for number in polygon]
        bbox = BBox.decode(box) if box is not None else BBox.fromPoly(points) if points else BBox()
        class_id = encoded["class_id"] if "class_id" in encoded else encoded["classId"]
        return cls(int(class_id), bbox, polygons)

    def encode(self) -> dict[str, Any]:
        """The instance as a JSON object."""
        return {"class_id": self.classId, "bbox": self.bbox.encode(), "segmentations": self.segmentations}

    def extractBinaryMask(self, width: int, height: int) -> Any:
        """An array of shape (height, width), 1 within the outline and 0 elsewhere."""
        import numpy
        from PIL import Image, ImageDraw

        picture = Image.new("L", (width, height), 0)
        for polygon in self.segmentations or [self.bbox.polygon]:
            if len(polygon) >= 6:
                ImageDraw.Draw(picture).polygon([float(number) for number in polygon], fill=1, outline=1)
        return numpy.asarray(picture, dtype=numpy.uint8).copy()

    def extractSegmentationMask(self, width: int, height: int) -> Any:
        """The mask of the outline; see :meth:`extractBinaryMask`."""
        return self.extractBinaryMask(width, height)

    def centroid(self) -> tuple[int, int]:
        """The mean of the points of the outline."""
        points = [number for polygon in self.segmentations for number in polygon]
        xs, ys = points[0::2], points[1::2]
        return int(sum(xs) / len(xs)), int(sum(ys) / len(ys))

    def rotateSegmentations(self, degrees: float, origin: tuple[float, float] | None = None) -> None:
        """Turns the outline about a point, by default its centroid, and fits the box anew."""
        x, y = origin or self.centroid()
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        turned = []
        for polygon in self.segmentations:
            pairs = zip(polygon[0::2], polygon[1::2])
            moved = [
                (x + (px - x) * cosine - (py - y) * sine, y + (px - x) * sine + (py - y) * cosine) for px, py in pairs
            ]
            turned.append([number for pair in moved for number in pair])
        self.segmentations = turned
        self.bbox = BBox.fromPoly([number for polygon in turned for number in polygon])


@dataclass
class CoretexImageAnnotation:
    """What is known of an image: its size and the things in it."""

    name: str
    width: float
    height: float
    instances: list[CoretexSegmentationInstance] = field(default_factory=list)

    @classmethod
    def create(
        cls, name: str, width: float, height: float, instances: list[CoretexSegmentationInstance]
    ) -> CoretexImageAnnotation:
        """An annotation."""
        return cls(name, width, height, instances)

    @classmethod
    def decode(cls, encoded: dict[str, Any]) -> CoretexImageAnnotation:
        """An annotation from JSON."""
        instances = [CoretexSegmentationInstance.decode(instance) for instance in encoded.get("instances") or []]
        return cls(str(encoded.get("name", "")), encoded["width"], encoded["height"], instances)

    def encode(self) -> dict[str, Any]:
        """The annotation as a JSON object."""
        instances = [instance.encode() for instance in self.instances]
        return {"name": self.name, "width": self.width, "height": self.height, "instances": instances}

    def extractSegmentationMask(self, classes: ImageDatasetClasses) -> Any:
        """An array of shape (height, width): 0 for nothing, else the place of the class, from 1."""
        import numpy

        width, height = int(self.width), int(self.height)
        mask = numpy.zeros((height, width), dtype=numpy.uint8)
        for instance in self.instances:
            label = classes.labelIdForClassId(instance.classId)
            if label is not None:
                mask[instance.extractBinaryMask(width, height) > 0] = label + 1
        return mask
