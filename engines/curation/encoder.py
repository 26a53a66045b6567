"""Pictures and prompts to unit vectors, through open_clip whatever the model."""

import copy
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import compute, imaging
from engines.compute import HeldNumerics, Numerics
from engines.curation.framing import Frame
from engines.errors import StudioError
from engines.evaluation.backbone import fold_norms
from engines.models.zoo import Zoo, verified_weights
from engines.progress import Progress, silent

SHIPPED_MODEL = "studio-clip"
OPENAI_MODEL = "ViT-B-32-quickgelu/openai"
OPENAI_THRESHOLD = 0.21
FALLBACK_THRESHOLD = 0.2
BATCH = 32
DECODERS = min(16, max(4, os.cpu_count() or 4))
MAX_PROMPT = 300
HALF = "bf16"
PRECISIONS = {"float32": Numerics("float32", channels_last=True), HALF: HeldNumerics("bfloat16", channels_last=True)}
DECODINGS = ("full", "draft")
DRAFT_SIDES = 2


@dataclass(frozen=True)
class Encoder:
    """A text-image model ready to use.

    Attributes:
        name: what the person asked for, such as "studio-clip" or "studio-clip:bf16".
        model_id: model, weights and precision: vectors and thresholds of different ids must never meet.
        dimensions: length of a vector.
        default_threshold: a cut that separates typical prompts; a start, never the truth.
        model, tokenizer: open_clip's.
        shape: a picture in RGB to the square that the model sees, open_clip's own resizing and cropping.
        scale, shift: (3, 1, 1) each; from 8-bit values to what the model was trained on.
        numerics: precision and memory format of the image tower; texts are always read in float32.
    """

    name: str
    model_id: str
    dimensions: int
    default_threshold: float
    model: Any
    shape: Callable[[Image.Image], Image.Image]
    scale: Tensor
    shift: Tensor
    tokenizer: Any
    numerics: Numerics

    @property
    def side(self) -> int:
        """Pixels of a side of the square that the model sees."""
        side = self.model.visual.image_size
        return int(side if isinstance(side, int) else side[0])

    @property
    def logit_scale(self) -> float:
        """What cosines were multiplied with in training, before a softmax over texts."""
        return float(self.model.logit_scale.detach().exp())

    @property
    def longest_prompt(self) -> int:
        """Tokens a prompt may have, start and end not counted."""
        return int(self.model.context_length) - 2


@dataclass(frozen=True)
class Encoded:
    """Vectors of the pictures that could be read.

    Attributes:
        vectors: L2-normalised, shape (kept, dimensions), float32.
        kept: place of each vector's picture among those given, shape (kept,).
        failed: place of each other picture, and why it was left out.
    """

    vectors: np.ndarray
    kept: np.ndarray
    failed: tuple[tuple[int, str], ...]


def load_encoder(name: str = SHIPPED_MODEL, zoo: Zoo | None = None) -> Encoder:
    """A text-image model by name: one of ours ("studio-clip"), or open_clip's as ARCHITECTURE/WEIGHTS ("ViT-B-32-quickgelu/openai").

    `ViT-B-32-quickgelu` alone means OpenAI's weights (350 MB, downloaded once). `:bf16` after any name holds the image tower in bfloat16:
    faster, and another model id, because scores move in the third digit, those of studio-clip by up to 0.02.

    Raises:
        StudioError: unknown, weights missing, damaged, not to be downloaded, or made for another activation.
    """
    zoo = zoo or Zoo()
    plain, _, precision = name.partition(":")
    if precision not in ("", *PRECISIONS):
        raise StudioError(f"a text-image model runs in {' or '.join(PRECISIONS)}, got {precision[:40]!r}: write {plain[:80]}:{HALF}")
    precision = precision or "float32"
    if plain in zoo.names("clip"):
        return _shipped(plain, precision, zoo)
    import open_clip

    architecture, _, weights = plain.partition("/")
    weights = weights or "openai"
    if architecture not in open_clip.list_models():
        known = ", ".join([*zoo.names("clip"), OPENAI_MODEL])
        raise StudioError(f"there is no text-image model {plain[:80]!r}: choose {known} or another ARCHITECTURE/WEIGHTS of open_clip")
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if weights not in tags:
        raise StudioError(f"{architecture} has no weights {weights[:60]!r}: choose one of {', '.join(tags) or 'none'}")
    return _downloaded(architecture, weights, precision)


def model_name(model_id: str) -> str:
    """The name under which `load_encoder` finds the model of an id: "studio-clip@0123456789ab/bf16" is "studio-clip:bf16"."""
    model, _, precision = model_id.rpartition("/")
    plain = model.partition("@")[0]
    return plain if precision == "float32" else f"{plain}:{precision}"


def require_model(encoder: Encoder, model_id: str, what: str) -> None:
    """Refuse vectors or cuts of another model.

    Raises:
        StudioError: the encoder's id is another one.
    """
    if encoder.model_id != model_id:
        wanted = model_name(model_id)
        raise StudioError(f"{what} belongs to {model_id}, and the scores are those of {encoder.model_id}: score with {wanted}")


def _shipped(name: str, precision: str, zoo: Zoo) -> Encoder:
    import open_clip

    folder, card = zoo.folder(name), zoo.card(name)
    verified_weights(folder, card)
    location = f"local-dir:{folder}"
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(location, require_pretrained=True)
        tokenizer = open_clip.get_tokenizer(location)
    except (RuntimeError, ValueError, OSError) as error:
        raise StudioError(f"{name} cannot be loaded ({_first_line(error)}): fetch the model again") from error
    threshold = float(card.settings.get("default_threshold", FALLBACK_THRESHOLD))
    return encoder_of(f"{name}@{card.weights_sha256[:12]}/{precision}", threshold, model, preprocess, tokenizer)


def _downloaded(architecture: str, weights: str, precision: str) -> Encoder:
    import open_clip

    if _wants_quick_gelu(open_clip.get_pretrained_cfg(architecture, weights)) != _wants_quick_gelu(
        open_clip.get_model_config(architecture)
    ):
        better = f"{architecture}-quickgelu/{weights}"
        raise StudioError(f"{architecture} computes with another activation than its {weights} weights were made for: use {better}")
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(architecture, pretrained=weights, require_pretrained=True)
    except Exception as error:  # the hub's client raises many kinds of error when it cannot be reached
        reason = f"the weights of {architecture}/{weights} cannot be had ({_first_line(error)})"
        raise StudioError(f"{reason}: check the network, or use {SHIPPED_MODEL}, which needs none") from error
    threshold = OPENAI_THRESHOLD if weights == "openai" else FALLBACK_THRESHOLD
    return encoder_of(f"{architecture}/{weights}/{precision}", threshold, model, preprocess, open_clip.get_tokenizer(architecture))


def _wants_quick_gelu(config: dict[str, Any] | None) -> bool:
    return bool((config or {}).get("quick_gelu", False))


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def encoder_of(model_id: str, threshold: float, model: Any, preprocess: Any, tokenizer: Any) -> Encoder:
    """An encoder around a model of open_clip, which is changed in place: frozen, moved to the device and to its precision.

    Args:
        model_id: MODEL/PRECISION, where the precision is a key of `PRECISIONS`.
        preprocess, tokenizer: open_clip's, for looking and not for training.
    """
    numerics = PRECISIONS[model_id.rpartition("/")[2]]
    model.eval().requires_grad_(False)
    trunk: Any = getattr(model.visual, "trunk", None)
    if hasattr(trunk, "conv_stem"):
        fold_norms(trunk)
    PRECISIONS["float32"].place(model)
    numerics.place(model.visual)
    dimensions = int(model.text_projection.shape[-1] if hasattr(model, "text_projection") else model.visual.output_dim)
    *shaping, _, norm = preprocess.transforms
    mean, deviation = (torch.tensor(values, device=compute.device()).view(3, 1, 1) for values in (norm.mean, norm.std))

    def shape(picture: Image.Image) -> Image.Image:
        for step in shaping:
            picture = step(picture)
        return picture

    scale, shift = 1 / (255 * deviation), -mean / deviation
    return Encoder(model_name(model_id), model_id, dimensions, threshold, model, shape, scale, shift, tokenizer, numerics)


class Encoders:
    """Text-image models by name, each loaded once; safe to share between threads."""

    def __init__(self, zoo: Zoo) -> None:
        self._zoo = zoo
        self._loaded: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    def get(self, name: str = SHIPPED_MODEL) -> Encoder:
        """The encoder of that name; see `load_encoder`."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = load_encoder(name, self._zoo)
            return self._loaded[name]


@dataclass(frozen=True)
class Looked:
    """What became of some pictures that were looked at together.

    Attributes:
        places: of those that could be read, among all pictures.
        vectors: theirs, L2-normalised, shape (len(places), dimensions), float32.
        failed: place of each other picture, and why it was left out.
    """

    places: tuple[int, ...]
    vectors: np.ndarray
    failed: tuple[tuple[int, str], ...]


def encode_pictures(
    encoder: Encoder,
    sources: Sequence[Path | Image.Image],
    progress: Progress = silent,
    batch: int = BATCH,
    seen: Callable[[int, Image.Image], object] | None = None,
    frame: Frame | None = None,
    decoding: str = "full",
) -> Encoded:
    """Unit vectors of pictures, in order; a picture that cannot be read is reported and left out.

    Args, errors: as `look_at`.

    Raises:
        StudioError: no pictures, or none that can be read.
    """
    if not sources:
        raise StudioError("there are no pictures: choose JPEG, PNG or WEBP pictures")
    looked = list(look_at(encoder, sources, progress, batch, seen, frame, decoding))
    kept = [place for part in looked for place in part.places]
    failed = tuple(one for part in looked for one in part.failed)
    if not kept:
        raise StudioError(none_readable(len(sources), failed[0][1]))
    return Encoded(np.concatenate([part.vectors for part in looked]), np.array(kept), failed)


def none_readable(count: int, reason: str) -> str:
    """The sentence for pictures of which not one can be read."""
    return f"none of the {count} pictures can be read; the first says: {reason}"


def look_at(
    encoder: Encoder,
    sources: Sequence[Path | Image.Image],
    progress: Progress = silent,
    batch: int = BATCH,
    seen: Callable[[int, Image.Image], object] | None = None,
    frame: Frame | None = None,
    decoding: str = "full",
) -> Iterator[Looked]:
    """Unit vectors of pictures, batch by batch and in order, for whoever keeps them as they come.

    Pictures are decoded ahead in a few threads, at most two batches of them; the model is used on the calling thread alone.

    Args:
        sources: files, or pictures in RGB.
        seen: called in a decoding thread with each picture's place and pixels, for whoever needs them too.
        frame: what of each picture is looked at; by default all of it, in the model's own way of making a square.
        decoding: "full", or "draft": large JPEGs are decoded at a fraction of their size, at least twice the model's side.

    Raises:
        StudioError: an unknown decoding.
        Cancelled: when `progress` says so.
    """
    if decoding not in DECODINGS:
        raise StudioError(f"decoding is {' or '.join(DECODINGS)}, got {decoding[:40]!r}: choose one of these")
    enough = DRAFT_SIDES * encoder.side if decoding == "draft" else None

    def read(index: int) -> np.ndarray | str:
        source = sources[index]
        try:
            picture = source if isinstance(source, Image.Image) else imaging.safe_open(source, enough=enough)
            framed = frame.apply(picture) if frame else picture
        except StudioError as error:
            return str(error)
        if seen is not None:
            seen(index, picture)
        return np.asarray(encoder.shape(framed))

    waiting: list[np.ndarray] = []
    places: list[int] = []
    failed: list[tuple[int, str]] = []
    for index, outcome in enumerate(_ahead(read, len(sources), 2 * batch)):
        if isinstance(outcome, str):
            failed.append((index, outcome))
        else:
            waiting.append(outcome)
            places.append(index)
        if len(waiting) == batch or index + 1 == len(sources):
            vectors = _forward(encoder, np.stack(waiting)) if waiting else np.empty((0, encoder.dimensions), np.float32)
            yield Looked(tuple(places), vectors, tuple(failed))
            waiting, places, failed = [], [], []
        progress(index + 1, len(sources), "looking at pictures")


def _ahead(read: Callable[[int], np.ndarray | str], count: int, ahead: int) -> Iterator[np.ndarray | str]:
    """What `read` gives for each place, in order, read in threads; at most `ahead` results are held at once."""
    with ThreadPoolExecutor(DECODERS) as pool:
        pending: deque[Future[np.ndarray | str]] = deque()
        try:
            for index in range(count):
                pending.append(pool.submit(read, index))
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@torch.inference_mode()
def _forward(encoder: Encoder, pixels: np.ndarray) -> np.ndarray:
    """Unit vectors, shape (n, dimensions), of squares, shape (n, side, side, 3), uint8."""
    moved = torch.from_numpy(pixels).to(encoder.scale.device).permute(0, 3, 1, 2)
    with encoder.numerics.autocast():
        vectors = encoder.model.encode_image(encoder.numerics.arrange(torch.addcmul(encoder.shift, moved.float(), encoder.scale)))
    return functional.normalize(vectors.float(), dim=-1).cpu().numpy()


def prompt_value(prompt: object) -> str:
    """A prompt given by anybody, checked and trimmed.

    Raises:
        StudioError: empty, or too long.
    """
    text = " ".join(prompt.split()) if isinstance(prompt, str) else ""
    if not text:
        raise StudioError("the prompt is empty: write what the pictures should show, such as cityscape")
    if len(text) > MAX_PROMPT:
        raise StudioError(f"the prompt has {len(text)} characters, at most {MAX_PROMPT} are read: shorten it")
    return text


def encode_prompts(encoder: Encoder, prompts: Sequence[str]) -> np.ndarray:
    """Unit vectors of prompts, shape (n, dimensions), float32.

    Raises:
        StudioError: a prompt is empty, or longer than the model reads.
    """
    texts = [prompt_value(prompt) for prompt in prompts]
    for text in texts:
        tokens = len(encoder.tokenizer.encode(text)) if hasattr(encoder.tokenizer, "encode") else 0
        if tokens > encoder.longest_prompt:
            raise StudioError(f"the prompt has {tokens} word pieces, {encoder.name} reads {encoder.longest_prompt}: shorten it")
    with torch.inference_mode():
        vectors = encoder.model.encode_text(encoder.tokenizer(texts).to(compute.device()), normalize=True)
    return copy.copy(vectors.cpu().numpy())
