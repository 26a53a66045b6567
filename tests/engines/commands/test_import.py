"""`import` as a person meets it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.importers.lightweight_gan import read_generator
from engines.models.zoo import Zoo
from engines.translation.swap import swap_and_back
from tests.engines.commands.command_line import atelier
from tests.engines.models.importers.plain_networks import Resnet, Unet, shaken
from tests.engines.models.importers.test_lightweight_gan import CASES, checkpoint
from tests.pictures import photograph


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair of checkpoints and one of another form."""
    folder = tmp_path_factory.mktemp("theirs")
    for name, seed in (("latest_net_G_A", 1), ("latest_net_G_B", 2)):
        torch.save(shaken(Resnet(8, 6), seed).state_dict(), folder / f"{name}.pth")
    torch.save(shaken(Unet(4, 5), 3).state_dict(), folder / "unet.pth")
    return folder


def test_an_imported_pair_draws_its_own_pictures_through_the_zoo(files: Path, tmp_path: Path) -> None:
    pair = (files / "latest_net_G_A.pth", files / "latest_net_G_B.pth")
    done = atelier("import", *pair, "--as", "horse-zebra", "--classes", "horse,zebra", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Turns horse into zebra and back (CycleGAN's ResNet of 6 blocks)" in done.stdout
    translator = Zoo([tmp_path / "models"]).translator("horse-zebra")
    assert translator.card.classes == ("horse", "zebra")
    picture = imaging.safe_open(photograph(tmp_path / "horse.png", 64, 64))
    pictures = imaging.to_tensor([picture])
    for target, seed in (("zebra", 1), ("horse", 2)):
        with torch.no_grad():
            expected = shaken(Resnet(8, 6), seed)(pictures)
            ours = translator.networks[translator.card.classes.index(target)](pictures)
        assert (ours - expected).abs().max() < 1e-5
    swapped = atelier("swap", tmp_path / "horse.png", "--model", "horse-zebra", "--to", "zebra", "--out", tmp_path / "out", home=tmp_path)
    assert swapped.returncode == 0, swapped.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == 1


def test_a_single_checkpoint_goes_one_way(files: Path, tmp_path: Path) -> None:
    done = atelier("import", files / "latest_net_G_A.pth", "--as", "one-way", "--classes", "horse,zebra", home=tmp_path)
    assert done.returncode == 0, done.stderr
    translator = Zoo([tmp_path / "models"]).translator("one-way")
    assert translator.card.classes == ("zebra",)
    assert len(translator.networks) == 1
    Image.fromarray(np.zeros((48, 64, 3), dtype=np.uint8)).save(tmp_path / "in.png")
    swapped = atelier("swap", tmp_path / "in.png", "--model", "one-way", "--to", "zebra", "--out", tmp_path / "out", home=tmp_path)
    assert swapped.returncode == 0, swapped.stderr
    with pytest.raises(StudioError, match="one-way goes one way only"):
        swap_and_back(translator, Image.open(tmp_path / "in.png"), "zebra")


def test_the_card_says_where_it_came_from_and_that_its_rights_are_unknown(files: Path, tmp_path: Path) -> None:
    atelier("import", files / "unet.pth", "--as", "edges", "--classes", "edge,shoe", "--side", "128", home=tmp_path)
    card = Zoo([tmp_path / "models"]).card("edges")
    assert card.render["side"] == 128
    assert card.rights.startswith("Unknown")
    assert card.training["imported from"] == "pix2pix's U-Net of 5 halvings"
    assert any(key == "sha256 of unet.pth" for key in card.training)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("latest_net_G_A.pth", "unet.pth", "--classes", "a,b"), "give two of the same form"),
        (("latest_net_G_A.pth", "--classes", "a"), "--classes must be two names such as horse,zebra, got 'a'"),
        (("latest_net_G_A.pth", "--classes", "a,b", "--side", "7"), "--side is 64 to 2048 pixels, got 7"),
        (("missing.pth", "--classes", "a,b"), "is not a file"),
        (("latest_net_G_A.pth", "--classes", "a,b", "--words", "none.json"), "cannot be read as JSON"),
    ],
)
def test_mistakes_are_one_line(files: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    named = [files / part if part.endswith(".pth") else part for part in arguments]
    done = atelier("import", *named, "--as", "model", home=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "models" / "model").exists()


def test_a_lightweight_gan_becomes_a_generator_that_draws_its_own_pictures(tmp_path: Path) -> None:
    tensors = checkpoint(CASES[0])
    torch.save({"GAN": tensors, "version": "1.2.1"}, tmp_path / "model_3.pt")
    done = atelier("import", tmp_path / "model_3.pt", "--as", "graphics", home=tmp_path)
    assert done.returncode == 0, done.stderr
    generator = Zoo([tmp_path / "models"]).generator("graphics")
    _, network = read_generator(tensors)
    latent, noise = torch.randn(2, 16), [torch.randn(2, 1, size, size) for size in network.noise_sizes]
    with torch.no_grad():
        ours = generator.network.finish(generator.network.begin(latent), None, noise)
        assert torch.allclose(ours, network.eval()(latent, None, noise), atol=1e-6)
    refused = atelier("import", tmp_path / "model_3.pt", "--as", "other", "--classes", "a,b", home=tmp_path)
    assert refused.returncode == 2
    assert "without --classes" in refused.stderr
