"""Pictures and prompts to unit vectors, through open_clip whatever the model."""

import copy
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

from engines import compute, imaging
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation.backbone import fold_norms
from engines.models.zoo import Zoo, verified_weights
from engines.progress import Progress, silent

SHIPPED_MODEL = "studio-clip"
OPENAI_MODEL = "ViT-B-32-quickgelu/openai"
OPENAI_THRESHOLD = 0.21
FALLBACK_THRESHOLD = 0.2
BATCH = 32
DECODERS = 4
MAX_PROMPT = 300


@dataclass(frozen=True)
class Encoder:
    """A text-image model ready to use.

    Attributes:
        name: what the person asked for, such as "studio-clip".
        model_id: model, weights and precision: vectors and thresholds of different ids must never meet.
        dimensions: length of a vector.
        default_threshold: a cut that separates typical prompts; a start, never the truth.
        model, preprocess, tokenizer: open_clip's.
        numerics: precision and memory format of the forward pass.
    """

    name: str
    model_id: str
    dimensions: int
    default_threshold: float
    model: Any
    preprocess: Callable[[Image.Image], Tensor]
    tokenizer: Any
    numerics: Numerics

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

    `ViT-B-32-quickgelu` alone means OpenAI's weights (350 MB, downloaded once).

    Raises:
        StudioError: unknown, weights missing, damaged, not to be downloaded, or made for another activation.
    """
    zoo = zoo or Zoo()
    if name in zoo.names("clip"):
        return _shipped(name, zoo)
    import open_clip

    architecture, _, weights = name.partition("/")
    weights = weights or "openai"
    if architecture not in open_clip.list_models():
        known = ", ".join([*zoo.names("clip"), OPENAI_MODEL])
        raise StudioError(f"there is no text-image model {name[:80]!r}: choose {known} or another ARCHITECTURE/WEIGHTS of open_clip")
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if weights not in tags:
        raise StudioError(f"{architecture} has no weights {weights[:60]!r}: choose one of {', '.join(tags) or 'none'}")
    return _downloaded(name, architecture, weights)


def _shipped(name: str, zoo: Zoo) -> Encoder:
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
    return _ready(name, f"{name}@{card.weights_sha256[:12]}", threshold, model, preprocess, tokenizer)


def _downloaded(name: str, architecture: str, weights: str) -> Encoder:
    import open_clip

    if _wants_quick_gelu(open_clip.get_pretrained_cfg(architecture, weights)) != _wants_quick_gelu(
        open_clip.get_model_config(architecture)
    ):
        better = f"{architecture}-quickgelu/{weights}"
        raise StudioError(f"{architecture} computes with another activation than its {weights} weights were made for: use {better}")
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(architecture, pretrained=weights, require_pretrained=True)
    except Exception as error:  # the hub's client raises many kinds of error when it cannot be reached
        raise StudioError(
            f"the weights of {name} cannot be had ({_first_line(error)}): check the network, or use {SHIPPED_MODEL}, which needs none"
        ) from error
    threshold = OPENAI_THRESHOLD if weights == "openai" else FALLBACK_THRESHOLD
    return _ready(name, f"{architecture}/{weights}", threshold, model, preprocess, open_clip.get_tokenizer(architecture))


def _wants_quick_gelu(config: dict[str, Any] | None) -> bool:
    return bool((config or {}).get("quick_gelu", False))


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def _ready(name: str, identity: str, threshold: float, model: Any, preprocess: Any, tokenizer: Any) -> Encoder:
    numerics = Numerics("float32", channels_last=True)
    model.eval().requires_grad_(False)
    trunk: Any = getattr(model.visual, "trunk", None)
    if hasattr(trunk, "conv_stem"):
        fold_norms(trunk)
    numerics.place(model)
    dimensions = int(model.text_projection.shape[-1] if hasattr(model, "text_projection") else model.visual.output_dim)
    return Encoder(name, f"{identity}/{numerics.precision}", dimensions, threshold, model, preprocess, tokenizer, numerics)


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


def encode_pictures(
    encoder: Encoder,
    sources: Sequence[Path | Image.Image],
    progress: Progress = silent,
    batch: int = BATCH,
    seen: Callable[[int, Image.Image], object] | None = None,
) -> Encoded:
    """Unit vectors of pictures, in order; a picture that cannot be read is reported and left out.

    Pictures are decoded ahead in a few threads, at most two batches of them; the model is used on the calling thread alone.

    Args:
        sources: files, or pictures in RGB.
        seen: called in a decoding thread with each picture's place and pixels, for whoever needs them too.

    Raises:
        StudioError: no pictures, or none that can be read.
        Cancelled: when `progress` says so.
    """
    if not sources:
        raise StudioError("there are no pictures: choose JPEG, PNG or WEBP pictures")
    vectors: list[np.ndarray] = []
    kept: list[int] = []
    failed: list[tuple[int, str]] = []
    waiting: list[Tensor] = []
    places: list[int] = []

    def flush() -> None:
        if waiting:
            vectors.append(_forward(encoder, torch.stack(waiting)))
            kept.extend(places)
            waiting.clear()
            places.clear()

    for index, outcome in enumerate(_decoded_ahead(encoder, sources, 2 * batch, seen)):
        if isinstance(outcome, str):
            failed.append((index, outcome))
        else:
            waiting.append(outcome)
            places.append(index)
        if len(waiting) == batch:
            flush()
        progress(index + 1, len(sources), "looking at pictures")
    flush()
    if not kept:
        raise StudioError(f"none of the {len(sources)} pictures can be read; the first says: {failed[0][1]}")
    return Encoded(np.concatenate(vectors), np.array(kept), tuple(failed))


def _decoded_ahead(
    encoder: Encoder, sources: Sequence[Path | Image.Image], ahead: int, seen: Callable[[int, Image.Image], object] | None
) -> Iterator[Tensor | str]:
    """Preprocessed pictures in order, or the reason why one cannot be read; at most `ahead` are held at once."""

    def read(index: int) -> Tensor | str:
        source = sources[index]
        try:
            picture = source if isinstance(source, Image.Image) else imaging.safe_open(source)
        except StudioError as error:
            return str(error)
        if seen is not None:
            seen(index, picture)
        return encoder.preprocess(picture)

    with ThreadPoolExecutor(DECODERS) as pool:
        pending: deque[Future[Tensor | str]] = deque()
        following = iter(range(len(sources)))
        try:
            for index in following:
                pending.append(pool.submit(read, index))
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@torch.inference_mode()
def _forward(encoder: Encoder, pixels: Tensor) -> np.ndarray:
    with encoder.numerics.autocast():
        vectors = encoder.model.encode_image(encoder.numerics.arrange(pixels), normalize=True)
    return vectors.float().cpu().numpy()


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
    with torch.inference_mode(), encoder.numerics.autocast():
        vectors = encoder.model.encode_text(encoder.tokenizer(texts).to(compute.device()), normalize=True)
    return copy.copy(vectors.float().cpu().numpy())
