import torch

from engines.networks.dcgan import DcganDiscriminator, DcganGenerator
from engines.networks.layers import parameter_count
from engines.networks.stylegan2 import StyleGenerator
from engines.networks.summary import layer_rows


def test_the_layers_of_a_network_add_up_to_all_its_parameters_and_buffers() -> None:
    for network, inputs in (
        (StyleGenerator(16, 8, base=64, w_dim=8, classes=2), [torch.randn(2, 8), torch.tensor([0, 1])]),
        (DcganDiscriminator(32, 8, attention=(4,), spectral=True, classes=2), [torch.randn(2, 3, 32, 32), torch.tensor([0, 1])]),
    ):
        rows = layer_rows(network, inputs)
        assert sum(row.parameters for row in rows) == parameter_count(network)
        held = sum(value.numel() for key, value in network.named_buffers() if key != "mean_start")
        assert sum(row.buffers for row in rows) == held


def test_layers_come_in_the_order_of_the_forward_pass_with_what_they_give() -> None:
    rows = layer_rows(DcganGenerator(16, 4, latent_dim=8), [torch.randn(3, 8)])
    assert [row.kind for row in rows] == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 2 + ["ConvTranspose2d"]
    assert rows[0].output == (3, 8, 4, 4)
    assert rows[0].parameters == 8 * 8 * 16
    assert rows[1].buffers == 2 * 8 + 1
    assert rows[-1].output == (3, 3, 16, 16)


def test_looking_at_a_network_changes_nothing_in_it() -> None:
    network = DcganGenerator(16, 4, latent_dim=8).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    layer_rows(network, [torch.randn(3, 8)])
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
