"""Pictures to feature vectors, the ground on which every distance stands.

Real and drawn pictures take the same way: 8-bit pixels, grey repeated to RGB, chunks of one fixed size (the last one padded), so that
what else is measured at the same time never changes a number.
"""

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import compute, imaging, paths
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation import backbone
from engines.progress import Progress, silent
from engines.recipe import file_hash

CHUNK = 16
SMALL_SIDE, VIEW = 64, 160
INCEPTION_HASH = "6726825d"
NUMERICS = Numerics("float32", channels_last=True)


@dataclass(frozen=True)
class FeatureSet:
    """A way to describe pictures by vectors.

    Attributes:
        name: "lite2", "inception" or "clip".
        identity: name and all that decides what comes out: sides for packaged weights, a hash of any others; features of different
            identities must never meet.
        embed: pictures, uint8, shape (CHUNK, 3, h, w) → vectors, shape (CHUNK, dimensions), float32 on the CPU.
        distance: what the Fréchet distance of these features may be called.
        logits: for Inception alone: vectors → logits, from which the Inception Score is made.
    """

    name: str
    identity: str
    embed: Callable[[Tensor], Tensor]
    distance: str
    logits: Callable[[np.ndarray], np.ndarray] | None = None


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    """uint8 pictures, shape (n, 1, 3 or 4, h, w) → (n, 3, h, w); transparency is laid on white.

    Raises:
        StudioError: no uint8 pictures of that shape.
    """
    if pixels.ndim != 4 or pixels.shape[1] not in (1, 3, 4) or pixels.dtype != np.uint8:
        raise StudioError(f"pictures must be uint8 of shape (n, 1, 3 or 4, h, w), got {pixels.dtype} {pixels.shape}: convert them first")
    if pixels.shape[1] == 4:
        share = pixels[:, 3:].astype(np.float32) / 255
        return np.rint(pixels[:, :3] * share + 255 * (1 - share)).astype(np.uint8)
    return np.repeat(pixels, 3, axis=1) if pixels.shape[1] == 1 else pixels


def to_pixels(pictures: Iterable[Image.Image], channels: int = 3) -> np.ndarray:
    """Pictures of one size → uint8, shape (n, channels, h, w)."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    arrays = [np.asarray(picture.convert(mode)).reshape(picture.height, picture.width, channels) for picture in pictures]
    return np.stack(arrays).transpose(0, 3, 1, 2)


def to_images(pixels: np.ndarray) -> list[Image.Image]:
    """uint8 pictures, shape (n, 1 or 3, h, w) → RGB pictures."""
    return [Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))) for picture in as_rgb(pixels)]


def eight_bit(tensor: Tensor) -> np.ndarray:
    """Pictures in [-1, 1], shape (n, channels, h, w) → uint8 of the same shape, rounded as a saved picture is."""
    return tensor.detach().float().cpu().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).numpy()


def compute_features(features: FeatureSet, pixels: np.ndarray, progress: Progress = silent) -> np.ndarray:
    """Describe pictures; the vector of a picture does not depend on the others.

    Args:
        pixels: uint8, shape (n, 1 or 3, h, w).

    Returns:
        Vectors, shape (n, dimensions), float32.

    Raises:
        StudioError: not such pictures, or none.
        Cancelled: when `progress` says so.
    """
    if not len(pixels):
        raise StudioError("there are no pictures to describe: add some")
    vectors = []
    for begin in range(0, len(pixels), CHUNK):
        part = as_rgb(np.ascontiguousarray(pixels[begin : begin + CHUNK]))
        padded = np.concatenate([part, np.repeat(part[-1:], CHUNK - len(part), axis=0)])
        vectors.append(features.embed(torch.from_numpy(padded))[: len(part)].numpy())
        progress(min(begin + CHUNK, len(pixels)), len(pixels), f"describing pictures ({features.name})")
    return np.concatenate(vectors)


def cached_features(features: FeatureSet, pixels: np.ndarray, progress: Progress = silent) -> np.ndarray:
    """`compute_features`, kept below `studio_home()` under the hash of the pixels, for pictures that will be described again."""
    digest = hashlib.sha256(f"{features.identity} {CHUNK} {pixels.shape}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    path = paths.studio_home() / "cache" / "features" / f"{digest.hexdigest()[:32]}.npy"
    if path.exists():
        try:
            return np.load(path)
        except ValueError:
            path.unlink(missing_ok=True)
    found = compute_features(features, pixels, progress)
    with paths.replacing(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, found)
    return found


def with_mirrored(features: FeatureSet, pixels: np.ndarray, progress: Progress = silent) -> np.ndarray:
    """Cached features of each picture and of its mirror image, shape (n, 2, dimensions)."""
    mirrored = np.ascontiguousarray(pixels[..., ::-1])
    return np.stack([cached_features(features, part, progress) for part in (pixels, mirrored)], axis=1)


@cache
def lite2() -> FeatureSet:
    """EfficientNet-Lite2 (ImageNet): the default judge of generators, which train against its smaller sister.

    Centre square, Lanczos to 64 px whatever the picture's size, [-1, 1], bilinear with antialiasing to 160 px, average pool: 1280 numbers.
    """
    return _efficientnet("lite2", backbone.load_lite2())


@cache
def lite2_logits() -> Callable[[np.ndarray], np.ndarray]:
    """What EfficientNet-Lite2's own classifier makes of vectors of `lite2`: (n, 1280) → logits of ImageNet's classes, (n, 1000)."""
    classifier: Any = backbone.load_lite2().classifier
    weight, bias = (value.detach().cpu().numpy() for value in (classifier.weight, classifier.bias))
    return lambda vectors: vectors @ weight.T + bias


def _efficientnet(name: str, network: Any) -> FeatureSet:
    NUMERICS.place(network)

    @torch.inference_mode()
    def embed(pictures: Tensor) -> Tensor:
        small = [imaging.centre_square(picture, SMALL_SIDE) for picture in to_images(pictures.numpy())]
        view = functional.interpolate(imaging.to_tensor(small), size=(VIEW, VIEW), mode="bilinear", antialias=True, align_corners=False)
        with NUMERICS.autocast():
            return network.forward_features(NUMERICS.arrange(view)).mean(dim=(2, 3)).float().cpu()

    return FeatureSet(name, f"{name}/{SMALL_SIDE}/{VIEW}", embed, f"Fréchet distance ({name})")


def inception(file: Path | None = None) -> FeatureSet:
    """Inception v3 as torch-fidelity computes it: the one whose Fréchet distance is the FID.

    Args:
        file: torch-fidelity's weights (`weights-inception-2015-12-05-6726825d.pth`); without it they are downloaded once, 91 MB.
            Other weights work, but what they give is not called FID.

    Raises:
        StudioError: torch-fidelity is missing, the file cannot be had or read safely, or it holds another network.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise StudioError("the package torch-fidelity is missing: pip install -e '.[train]'") from error
    path = Path(file) if file is not None else _downloaded_inception()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        # The extractor reads its weights with a loader that trusts them: it only gets what the safe one has read.
        trusted = io.BytesIO()
        torch.save(state, trusted)
        trusted.seek(0)
        network: Any = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=trusted)
    except Exception as error:  # unpickling and fitting raise many kinds of error
        raise StudioError(f"{path} does not hold torch-fidelity's Inception weights ({type(error).__name__}): choose that file") from error
    digest = file_hash(path)
    network.to(compute.device())
    weight = network.fc.weight.detach().cpu().numpy()

    @torch.inference_mode()
    def embed(pictures: Tensor) -> Tensor:
        return network(pictures.to(compute.device()))[0].float().cpu()

    genuine = digest.startswith(INCEPTION_HASH)
    called = "FID" if genuine else "Fréchet distance (Inception with other weights)"
    return FeatureSet("inception", f"inception/{digest[:16]}", embed, called, lambda vectors: vectors @ weight.T)


def _downloaded_inception() -> Path:
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    path = paths.studio_home() / "cache" / "weights" / Path(URL_INCEPTION_V3).name
    if not path.exists():
        try:
            with paths.replacing(path) as temporary:
                torch.hub.download_url_to_file(URL_INCEPTION_V3, str(temporary), hash_prefix=INCEPTION_HASH, progress=False)
        except (OSError, RuntimeError) as error:
            raise StudioError(f"Inception's weights cannot be downloaded ({error}): give the file {path.name} with --inception") from error
    return path


def clip(identity: str, encode: Callable[[list[Image.Image]], np.ndarray]) -> FeatureSet:
    """Unit vectors of a CLIP image tower, given by the caller, who sees to it that its weights are CLIP's own.

    Args:
        identity: names the model and its weights.
        encode: pictures → vectors, shape (n, dimensions).
    """

    def embed(pictures: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(encode(to_images(pictures.numpy())), dtype=np.float32))

    return FeatureSet("clip", identity, embed, "Fréchet distance (CLIP)")
