"""The usual PyTorch generators written out plainly, layer after layer with the usual key names, independent of our networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

Norm = Callable[[int], nn.Module]


def instance(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels)


class Block(nn.Module):
    def __init__(self, channels: int, norm: Norm, dropout: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels), nn.ReLU(True)]
        layers += [nn.Dropout(0.5)] if dropout else []
        self.conv_block = nn.Sequential(*layers, nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class Down(nn.Module):
    """Weighs each 3 × 3 neighbourhood by 1 2 1, mirrored at the border, and keeps every second."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filt", (taps[:, None] * taps[None] / 16).repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=x.shape[1])


class Up(nn.Module):
    """Zeros between the places, the border repeated before, 1 3 3 1 after."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filt", (taps[:, None] * taps[None] / 64 * 4).repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        larger = functional.conv_transpose2d(padded, self.filt, stride=2, padding=2, groups=x.shape[1])
        return larger[:, :, 1:, 1:][:, :, :-1, :-1]


class Resnet(nn.Module):
    """CycleGAN's, or with `filters` CUT's."""

    def __init__(self, width: int, blocks: int, norm: Norm = instance, filters: bool = False, dropout: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), norm(width), nn.ReLU(True)]
        for inputs in (width, 2 * width):
            layers += [nn.Conv2d(inputs, 2 * inputs, 3, stride=1 if filters else 2, padding=1), norm(2 * inputs), nn.ReLU(True)]
            layers += [Down(2 * inputs)] if filters else []
        layers += [Block(4 * width, norm, dropout) for _ in range(blocks)]
        for inputs in (4 * width, 2 * width):
            if filters:
                layers += [Up(inputs), nn.Conv2d(inputs, inputs // 2, 3, padding=1)]
            else:
                layers += [nn.ConvTranspose2d(inputs, inputs // 2, 3, stride=2, padding=1, output_padding=1)]
            layers += [norm(inputs // 2), nn.ReLU(True)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class UBlock(nn.Module):
    def __init__(self, outer: int, inner: int, norm: Norm, bias: bool, below: nn.Module | None, outermost: bool = False) -> None:
        super().__init__()
        self.outermost = outermost
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=bias)
        above = inner if below is None else 2 * inner
        up = nn.ConvTranspose2d(above, outer, 4, 2, 1, bias=bias or outermost)
        if outermost:
            assert below is not None
            layers = [down, below, nn.ReLU(True), up, nn.Tanh()]
        elif below is None:
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, norm(outer)]
        else:
            layers = [nn.LeakyReLU(0.2, True), down, norm(inner), below, nn.ReLU(True), up, norm(outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # The first layer works in place, so that what is laid beside the result is activated.
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    def __init__(self, width: int, halvings: int, norm: Norm = instance, bias: bool = True) -> None:
        super().__init__()
        block = UBlock(8 * width, 8 * width, norm, bias, None)
        for _ in range(halvings - 5):
            block = UBlock(8 * width, 8 * width, norm, bias, block)
        for times in (4, 2, 1):
            block = UBlock(times * width, 2 * times * width, norm, bias, block)
        self.model = UBlock(3, width, norm, bias, block, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class ReportBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer(x)


class Report(nn.Module):
    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.BatchNorm2d(width), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv2d(2 * width, 4 * width, 3, 2, 1), nn.BatchNorm2d(4 * width), nn.ReLU())
        self.layer4 = nn.Sequential(*(ReportBlock(4 * width) for _ in range(blocks)))
        self.layer5 = nn.Sequential(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, 1), nn.BatchNorm2d(2 * width), nn.ReLU())
        self.layer6 = nn.Sequential(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.layer7 = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4, self.layer5, self.layer6, self.layer7):
            x = layer(x)
        return x


def shaken(network: nn.Module, seed: int) -> nn.Module:
    """Random weights of a usual size, and random statistics of batch norms, as after some training."""
    random = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if name.endswith(("filt", "num_batches_tracked")):
            continue
        if name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
            value.copy_(0.5 + torch.rand(value.shape, generator=random))
        else:
            fan = value[0].numel() if value.ndim > 1 else 25
            value.copy_(torch.randn(value.shape, generator=random) / fan**0.5)
    return network.eval()
