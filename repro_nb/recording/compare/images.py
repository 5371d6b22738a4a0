"""Pictures, compared by pixels as shown on a white page.

Two pictures are equivalent when they have the same size and no colour channel of any pixel differs by more than
`CompareOptions.pixel_tolerance`, but for a share of `CompareOptions.pixel_share` of the pixels. Files may differ all
the same: metadata such as the version of Matplotlib is not seen. An anti-aliased edge that moved is a difference.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict
from repro_nb.recording.outcome import Outcome

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ImageComparator", "as_base64"]

_MOST_PIXELS = 64_000_000
"""Largest picture that is decoded (all its frames together); beyond, a few bytes could claim all memory."""
_DEEP = ("I", "F")
"""Prefixes of Pillow modes with more than 8 bits a channel."""


class ImageComparator:
    """PNG, JPEG, GIF and WebP pictures."""

    mime_types: tuple[str, ...] = ("image/png", "image/jpeg", "image/gif", "image/webp")

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare pixel by pixel; what cannot be decoded is different."""
        if as_text(expected) == as_text(actual):
            return IDENTICAL
        try:
            raw = as_base64(expected), as_base64(actual)
            if raw[0] == raw[1]:
                return IDENTICAL
            pictures = _decode(raw[0]), _decode(raw[1])
        except _UnreadableError as error:
            return Verdict(outcome=Outcome.DIFFERENT, reason=str(error))
        return _compare(*pictures, options)


class _UnreadableError(Exception):
    """A picture that cannot be decoded; the message says why."""


def as_base64(value: Any) -> bytes:
    """The bytes of a picture out of a notebook's base64 text.

    Raises:
        _UnreadableError: The text is no base64.
    """
    try:
        return base64.b64decode("".join(as_text(value).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _UnreadableError(f"the picture is no valid base64: {error}") from error


@dataclass(frozen=True)
class _Picture:
    """A decoded picture.

    Attributes:
        data: The file.
        format: Its format, such as ``PNG``.
        size: Width and height in pixels.
        frames: Each frame on white as RGB; as stored where a channel has more than 8 bits.
    """

    data: bytes
    format: str
    size: tuple[int, int]
    frames: tuple[Image.Image, ...]

    @property
    def described(self) -> str:
        frames = f", {len(self.frames)} frames" if len(self.frames) > 1 else ""
        return f"{self.format} picture, {self.size[0]} × {self.size[1]} pixels{frames}, {len(self.data)} bytes"  # noqa: RUF001 - as sizes are written

    def as_png(self) -> str:
        """The first frame as base64 PNG; the file itself where it is one."""
        if self.format == "PNG":
            return base64.b64encode(self.data).decode("ascii")
        return _png(self.frames[0])


def _decode(data: bytes) -> _Picture:
    from PIL import Image  # noqa: PLC0415 - loaded only when two pictures differ

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            return _Picture(data, str(image.format), image.size, _frames(image))
    except Exception as error:
        # A decoder may fail in any way on hostile bytes; each way ends as a difference that says so.
        raise _UnreadableError(
            f"the picture cannot be decoded: {type(error).__name__}: {error}"
        ) from error


def _frames(image: Image.Image) -> tuple[Image.Image, ...]:
    count = getattr(image, "n_frames", 1)
    if image.width * image.height * count > _MOST_PIXELS:
        raise ValueError(f"{image.width} x {image.height} x {count} is too large to be compared")
    return tuple(_flat(image, index) for index in range(count))


def _flat(image: Image.Image, index: int) -> Image.Image:
    """Frame `index` on a white page; pictures of more than 8 bits a channel stay as they are."""
    from PIL import Image  # noqa: PLC0415

    image.seek(index)
    if image.mode.startswith(_DEEP):
        return image.copy()
    frame = image.convert("RGBA")
    page = Image.new("RGBA", frame.size, "white")
    page.alpha_composite(frame)
    return page.convert("RGB")


def _compare(left: _Picture, right: _Picture, options: CompareOptions) -> Verdict:
    if left.size != right.size:
        sizes = [f"{side.size[0]} × {side.size[1]}" for side in (left, right)]  # noqa: RUF001
        return _verdict(
            Outcome.DIFFERENT, f"expected {sizes[0]} pixels, got {sizes[1]}", left, right
        )
    if len(left.frames) != len(right.frames):
        reason = f"expected {len(left.frames)} frames, got {len(right.frames)}"
        return _verdict(Outcome.DIFFERENT, reason, left, right)
    pairs = list(zip(left.frames, right.frames, strict=True))
    if any(a.mode != "RGB" or b.mode != "RGB" for a, b in pairs):
        return _compare_deep(left, right)
    differences = [_difference(a, b) for a, b in pairs]
    counts = [
        sum(column) for column in zip(*(image.histogram() for image in differences), strict=True)
    ]
    outcome, reason = _judge(counts, options)
    heat = _heat_map(next((image for image in differences if image.getbbox()), differences[0]))
    return _verdict(outcome, reason, left, right, None if not any(counts[1:]) else heat)


def _compare_deep(left: _Picture, right: _Picture) -> Verdict:
    """Pictures of more than 8 bits a channel agree only when their pixels are equal."""
    if all(
        a.mode == b.mode and a.tobytes() == b.tobytes()
        for a, b in zip(left.frames, right.frames, strict=True)
    ):
        return _verdict(Outcome.EQUIVALENT, "all pixels are equal, the files differ", left, right)
    return _verdict(Outcome.DIFFERENT, "pixels of more than 8 bits a channel differ", left, right)


def _difference(left: Image.Image, right: Image.Image) -> Image.Image:
    """The largest difference of the channels of each pixel, from 0 to 255."""
    from PIL import ImageChops  # noqa: PLC0415

    red, green, blue = ImageChops.difference(left, right).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _judge(counts: list[int], options: CompareOptions) -> tuple[Outcome, str]:
    """The outcome, from how many pixels differ by each amount from 0 to 255."""
    total, differing = sum(counts), sum(counts[1:])
    if not differing:
        return Outcome.EQUIVALENT, "all pixels are equal, the files differ"
    largest = max(amount for amount, count in enumerate(counts) if count)
    mean = sum(amount * count for amount, count in enumerate(counts)) / total
    beyond = sum(counts[options.pixel_tolerance + 1 :])
    outcome = Outcome.EQUIVALENT if beyond <= options.pixel_share * total else Outcome.DIFFERENT
    verb = "differs" if differing == 1 else "differ"
    return (
        outcome,
        f"{differing} of {total} pixels {verb}, at most by {largest} of 255, {mean:.2g} on average",
    )


def _heat_map(difference: Image.Image) -> str:
    """White where two pictures agree, red where they differ, as base64 PNG; faint differences are made visible."""
    from PIL import Image  # noqa: PLC0415

    rest = difference.point([255] + [max(0, 160 - amount) for amount in range(1, 256)])
    full = Image.new("L", difference.size, 255)
    return _png(Image.merge("RGB", (full, rest, rest)))


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _verdict(
    outcome: Outcome, reason: str, left: _Picture, right: _Picture, heat: str | None = None
) -> Verdict:
    return Verdict(
        outcome=outcome,
        reason=reason,
        expected=left.described,
        actual=right.described,
        expected_image=left.as_png(),
        actual_image=right.as_png(),
        difference_image=heat,
    )
