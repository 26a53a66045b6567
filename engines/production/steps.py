"""A step of the desk to its picture: the one place that knows which function draws which step."""

from PIL import Image

from engines.errors import StudioError
from engines.finishing import Clearing, Colourway, Mockup, Repeat, Shape, Step
from engines.production.mockup import draw_mockup
from engines.production.palette import recolour
from engines.production.printing import job_value, lay_out, without_background
from engines.production.repeat import tiled
from engines.production.shapes import cut_to_shape

MAX_PIXELS = 64 * 10**6


def finished(picture: Image.Image, step: Step) -> Image.Image:
    """Do one step to a picture.

    Returns:
        RGB, or RGBA where something of it is transparent.

    Raises:
        StudioError: a value of the step that cannot be, or a picture of more than 64 megapixels.
    """
    if picture.width * picture.height > MAX_PIXELS:
        raise StudioError(
            f"{picture.width} × {picture.height} pixels are more than the {MAX_PIXELS // 10**6} megapixels allowed: print it last"
        )
    graphic = picture.convert("RGBA")
    if isinstance(step, Clearing):
        made = without_background(graphic, step.colour, step.tolerance)
    elif isinstance(step, Shape):
        made = cut_to_shape(graphic, step)
    elif isinstance(step, Colourway):
        made = recolour(graphic, step.old, step.new)
    elif isinstance(step, Repeat):
        made = tiled(graphic, step)
    elif isinstance(step, Mockup):
        made = draw_mockup(graphic, step)
    else:
        made = lay_out(graphic, job_value(step))
    return opaque_if_whole(made)


def opaque_if_whole(picture: Image.Image) -> Image.Image:
    """RGB for a picture without a transparent pixel, so that the same graphic is the same picture wherever it came from."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB")
    return picture
