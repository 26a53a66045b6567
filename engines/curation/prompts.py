"""What pictures should show and should not, in words, and the directions these words stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.curation.encoder import Encoder, encode_prompts, prompt_value
from engines.errors import StudioError

GENERIC = "a photo"
TEMPLATES = ("{}", "a photo of {}", "a picture of {}", "a photograph that shows {}")
MAX_PROMPTS = 64
NEGATIVES = {
    "text": ("a poster with words", "a page of text", "a sign with letters", "a watermark"),
    "collage": ("a collage of many pictures", "a grid of small pictures", "a picture in a frame"),
    "people": ("a person", "a portrait of a face", "a crowd of people"),
    "drawing": ("a drawing", "a cartoon", "a painting", "a map"),
    "screenshot": ("a screenshot of a computer", "a website", "a diagram"),
    "indoors": ("a room", "furniture indoors"),
}


@dataclass(frozen=True)
class Directions:
    """Prompts as unit vectors of one model.

    Attributes:
        model_id: of the encoder.
        positive: the ensemble of what is wanted, shape (dimensions,).
        negatives: each unwanted thing, shape (k, dimensions).
        generic: "a photo", which stands for none of these in a softmax, shape (dimensions,).
        logit_scale: what the model multiplies cosines with before a softmax.
    """

    model_id: str
    positive: np.ndarray
    negatives: np.ndarray
    generic: np.ndarray
    logit_scale: float


def ensemble(vectors: np.ndarray) -> np.ndarray:
    """The direction of several prompts together: mean of the unit vectors, again of unit length.

    Args:
        vectors: shape (n, dimensions); their lengths do not count.

    Returns:
        Shape (dimensions,), float32.

    Raises:
        StudioError: none, or prompts that cancel out.

    Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", arXiv 2103.00020, section 3.1.4.
    """
    if not len(vectors):
        raise StudioError("there is no prompt: write what the pictures should show, such as cityscape")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = (vectors / lengths).mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise StudioError("the prompts cancel each other out: ask for one thing in several words, not for opposites")
    return (mean / length).astype(np.float32)


def prompt_list(prompts: Sequence[str], templates: Sequence[str] = ("{}",)) -> tuple[str, ...]:
    """Prompts checked and put into templates, each once, in order.

    Raises:
        StudioError: an empty or too long prompt, or more than 64.
    """
    texts = tuple(dict.fromkeys(template.replace("{}", prompt_value(prompt)) for prompt in prompts for template in templates))
    if len(texts) > MAX_PROMPTS:
        raise StudioError(f"{len(texts)} prompts are more than the {MAX_PROMPTS} looked at together: write fewer")
    return texts


def preset_negatives(names: Sequence[str]) -> tuple[str, ...]:
    """What is unwanted, by the name of a preset.

    Raises:
        StudioError: an unknown preset.
    """
    for name in names:
        if name not in NEGATIVES:
            raise StudioError(f"there is no preset of unwanted things {name[:40]!r}: choose among {', '.join(NEGATIVES)}")
    return tuple(text for name in names for text in NEGATIVES[name])


def directions(encoder: Encoder, positives: Sequence[str], negatives: Sequence[str] = ()) -> Directions:
    """Read prompts with a model.

    Raises:
        StudioError: no positive prompt, or one that cannot be read whole.
    """
    wanted, unwanted = prompt_list(positives), prompt_list(negatives)
    vectors = encode_prompts(encoder, [*wanted, *unwanted, GENERIC])
    count = len(wanted)
    return Directions(encoder.model_id, ensemble(vectors[:count]), vectors[count:-1], vectors[-1], encoder.logit_scale)
