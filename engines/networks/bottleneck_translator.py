"""A generator whose encoder is a ResNet-50."""

from torch import Tensor, nn
from torch.nn import functional

from engines.networks.layers import initialise_normal
from engines.networks.translating import Translating, doubling, norm_layer

EXPANSION = 4
STAGES = (3, 4, 6, 3)


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolutions with norms, added to the input, which is projected where its form changes.

    Shapes: (n, inputs, h, w) → (n, 4 · width, h / stride, w / stride).
    """

    def __init__(self, inputs: int, width: int, stride: int, kind: str) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False),
            norm_layer(kind, width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            norm_layer(kind, width),
            nn.ReLU(),
            nn.Conv2d(width, outputs, 1, bias=False),
            norm_layer(kind, outputs),
        )
        plain = inputs == outputs and stride == 1
        self.project = None if plain else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), norm_layer(kind, outputs))

    def forward(self, features: Tensor) -> Tensor:
        kept = features if self.project is None else self.project(features)
        return functional.relu(kept + self.body(features))


class BottleneckTranslator(Translating):
    """Translates pictures by the encoder of a ResNet-50 without its pooling, and doublings to which each size of the encoder is added.

    Args:
        width: channels of the first convolution, 64 in ResNet-50; stages: bottlenecks a stage.
        norm, sampling: as of a `ResidualTranslator`.

    Shapes: pictures (n, 3, h, w) in [-1, 1] → the same.

    Source: He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385, table 1 (50-layer).
    """

    multiple, smallest = 16, 32

    def __init__(self, width: int = 64, stages: tuple[int, ...] = STAGES, norm: str = "instance", sampling: str = "resize") -> None:
        super().__init__()
        self.multiple, self.smallest = 2 ** len(stages), 2 ** (len(stages) + 1)
        self.first = nn.Sequential(nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False), norm_layer(norm, width), nn.ReLU())
        self.stages = nn.ModuleList()
        inputs = width
        sizes: list[int] = []
        for place, count in enumerate(stages):
            narrow = width * 2**place
            strides = [1 if step or not place else 2 for step in range(count)]
            blocks = []
            for stride in strides:
                blocks.append(Bottleneck(inputs, narrow, stride, norm))
                inputs = EXPANSION * narrow
            self.stages.append(nn.Sequential(*blocks))
            sizes.append(inputs)
        self.doublings = nn.ModuleList(
            nn.Sequential(*doubling(sizes[place], sizes[place - 1], norm, sampling, bias=False)) for place in range(len(stages) - 1, 0, -1)
        )
        self.last = nn.Sequential(
            *doubling(sizes[0], width, norm, sampling, bias=False), nn.Conv2d(width, 3, 7, padding=3, padding_mode="replicate")
        )
        initialise_normal(self)

    def draw(self, pictures: Tensor) -> Tensor:
        features = self.first(pictures)
        handed = []
        for stage in self.stages:
            features = stage(features)
            handed.append(features)
        handed.pop()
        for enlarge in self.doublings:
            features = enlarge(features) + handed.pop()
        return self.last(features)
