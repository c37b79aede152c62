"""Datasets of images: one image per sample, its annotations, and the classes they name."""

from __future__ import annotations

import json
from pathlib import Path

from . import shelf
from .annotation import CoretexImageAnnotation
from .dataset import NetworkDataset
from .image_classes import ImageDatasetClass, ImageDatasetClasses
from .sample import NetworkSample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDINGS = (".jpeg", ".jpg", ".png")
ANNOTATION = "annotations.json"
CLASSES = "classes.json"


class AnnotatedImageSampleData:
    """An image as an array of shape (height, width, 3), and what is known of it."""

    def __init__(self, image: Any, annotation: CoretexImageAnnotation | None, metadata: dict[str, Any] | None) -> None:
        self.image = image
        self.annotation = annotation
        self.metadata = metadata

    def extractSegmentationMask(self, classes: ImageDatasetClasses) -> Any:
        """The mask of all annotated instances.

        Raises:
            ValueError: The image is not annotated.
        """
        if self.annotation is None:
            raise ValueError("the image is not annotated")
        return self.annotation.extractSegmentationMask(classes)


class ImageSample(NetworkSample):
    """An image with its annotations and metadata."""

    @property
    def imagePath(self) -> Path:
        """The image.

        Raises:
            FileNotFoundError: The sample holds none.
        """
        images = (entry for entry in self.path.rglob("*") if entry.suffix.lower() in ENDINGS and entry.is_file())
        found = sorted(entry for entry in images if "thumb" not in entry.name.lower())
        if not found:
            raise FileNotFoundError(f"sample `{self.name}` holds no image ({', '.join(ENDINGS)})")
        return found[0]

    @property
    def annotationPath(self) -> Path:
        """Where the annotations are, or would be."""
        return self.joinPath(ANNOTATION)

    def load(self) -> AnnotatedImageSampleData:
        """The image, upright and in colour, with annotations and metadata where there are any."""
        return AnnotatedImageSampleData(readImage(self.imagePath), self.loadAnnotation(), self._metadataIfAny())

    def loadAnnotation(self) -> CoretexImageAnnotation | None:
        """The annotations, or ``None``."""
        if not self.annotationPath.is_file():
            return None
        return CoretexImageAnnotation.decode(json.loads(self.annotationPath.read_text("utf-8")))

    def saveAnnotation(self, annotation: CoretexImageAnnotation) -> bool:
        """Keeps annotations with the sample."""
        return self._write(ANNOTATION, annotation.encode())

    def _metadataIfAny(self) -> dict[str, Any] | None:
        return self.loadMetadata() if self.metadataPath.is_file() else None


class ImageDataset(NetworkDataset):
    """A dataset whose samples are images.

    Image files that lie in its folder are samples too.
    """

    kind = "image"
    sampleType = ImageSample

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        super().__init__(path, name)
        self._classes: ImageDatasetClasses | None = None

    def _isSample(self, entry: Path) -> bool:
        if entry.is_file() and entry.suffix.lower() not in (*ENDINGS, ".zip"):
            return False
        return super()._isSample(entry) and "thumb" not in entry.name.lower()

    @property
    def classesPath(self) -> Path:
        """The file of the classes."""
        return self.path / CLASSES

    @property
    def classes(self) -> ImageDatasetClasses:
        """The classes; none where no file names them."""
        if self._classes is None:
            known = json.loads(self.classesPath.read_text("utf-8")) if self.classesPath.is_file() else []
            self._classes = ImageDatasetClasses(ImageDatasetClass.decode(one) for one in known)
        return self._classes

    def saveClasses(self, classes: ImageDatasetClasses) -> bool:
        """Sets the classes.

        Raises:
            PermissionError: The dataset was finalized.
        """
        self._mustBeOpen()
        self.classesPath.write_text(json.dumps([one.encode() for one in classes], indent=2), "utf-8")
        self._classes = ImageDatasetClasses(classes)
        return True

    def _target(self, stem: str, endings: str) -> Path:
        # An image becomes a folder, so that annotations find their place beside it.
        return super()._target(stem, "" if endings.lower() in ENDINGS else endings)

    def _place(self, source: Path, target: Path) -> None:
        if source.is_file() and source.suffix.lower() in ENDINGS:
            target.mkdir()
            target = target / source.name
        shelf.copy(source, target)


def readImage(path: Path) -> Any:
    """The image in a file as an array of shape (height, width, 3), upright.

    Raises:
        ImportError: NumPy or Pillow is not installed.
    """
    try:
        import numpy
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(f"reading `{path.name}` needs NumPy and Pillow: {error}") from error
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        return numpy.asarray(upright.convert("RGB")).copy()
