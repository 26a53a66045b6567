import pytest
import torch

from engines.networks.layers import normalise_latent
from engines.networks.lightweight import LightweightGenerator
from engines.networks.memory import Memory

DIM, EACH = 64, 40


@pytest.fixture
def memory() -> Memory:
    torch.manual_seed(0)
    made = Memory(2 * EACH + 5, DIM, classes=2)
    made.remember(normalise_latent(torch.randn(2 * EACH, DIM)), torch.arange(2 * EACH) % 2)
    return made


def test_a_code_reads_itself_and_any_latent_something_of_its_own_class(memory: Memory) -> None:
    codes, labels = memory.codes[: 2 * EACH], memory.labels[: 2 * EACH].long()
    assert torch.allclose(memory(codes, labels), codes, atol=1e-3)
    latents = normalise_latent(torch.randn(200, DIM))
    for label in (0, 1):
        read = memory(latents, torch.full((200,), label))
        alike = read @ codes.t() / DIM
        assert (labels[alike.argmax(dim=1)] == label).all()
        assert alike.amax(dim=1).mean() > 0.75  # mostly one picture, where 80 codes by chance come to 0.3


def test_what_is_read_is_as_varied_as_what_is_remembered(memory: Memory) -> None:
    read = memory(normalise_latent(torch.randn(2000, DIM)), torch.zeros(2000, dtype=torch.long))
    assert torch.allclose(read.norm(dim=1), torch.full((2000,), DIM**0.5), rtol=1e-4)
    nearest = (read @ memory.codes[: 2 * EACH].t()).argmax(dim=1)
    assert len(nearest.unique()) == EACH


def test_a_share_of_each_class_reads_between_them_and_the_whole_of_one_as_the_class_itself(memory: Memory) -> None:
    latents = normalise_latent(torch.randn(8, DIM))
    whole = torch.tensor([[0.0, 1.0]]).repeat(8, 1)
    assert torch.equal(memory(latents, whole), memory(latents, torch.ones(8, dtype=torch.long)))
    between = memory(latents, torch.full((8, 2), 0.5))
    sides = [torch.cosine_similarity(between, memory(latents, torch.full((8,), label))) for label in (0, 1)]
    assert torch.allclose(sides[0], sides[1], atol=1e-4)
    assert (sides[0] > 0.6).all()


def test_a_generator_without_classes_reads_from_all(memory: Memory) -> None:
    alone = Memory(2 * EACH, DIM, classes=0)
    alone.remember(memory.codes[: 2 * EACH], torch.zeros(2 * EACH))
    assert torch.allclose(alone(alone.codes, None), alone.codes, atol=1e-3)


def test_a_generator_draws_from_its_memory_in_the_precision_it_is_asked_for(memory: Memory) -> None:
    network = LightweightGenerator((16, 16, 8), latent_dim=DIM, classes=2, memory=2 * EACH + 5).eval()
    assert network.memory is not None
    network.memory.load_state_dict(memory.state_dict())
    latents, classes = torch.randn(6, DIM), torch.tensor([0, 1, 0, 1, 0, 1])
    with torch.no_grad():
        drawn = network(latents, classes, noise := [torch.zeros(6, 1, size, size) for size in network.noise_sizes])
        assert torch.allclose(drawn, network(latents * 3, classes, noise), atol=1e-5)
        network.memory.remember(memory.codes[:1].repeat(2, 1), torch.tensor([0, 1]))  # one picture a class: every latent draws it
        drawn = network(latents, classes, noise)
        assert torch.allclose(drawn[::2], drawn[:1].expand(3, -1, -1, -1), atol=1e-5)
        assert not torch.allclose(drawn[0], drawn[1], atol=1e-3)
        with torch.autocast("cpu", torch.bfloat16):
            read = memory(normalise_latent(latents), classes)
        assert torch.equal(read, memory(normalise_latent(latents), classes))
