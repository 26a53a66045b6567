"""What the commands share that train many presets on one folder: each is made ready as `train` does it."""

from pathlib import Path
from typing import Any

from engines.commands.train import picture_facts, run_settings
from engines.compute import Numerics
from engines.curation.manifest import training_manifests
from engines.progress import Progress, TextProgress
from engines.training.dataset import PictureSet, load_pictures
from engines.training.search import Prepared
from engines.training.trainer import Workers
from engines.translation.training import build_task


class Bench:
    """Makes presets ready to be trained on a folder: pictures as each wants them, the task, and what its run is begun with.

    Attributes:
        manifests: of the curation that the folder came from.
        numerics: of all tasks; may be set once the pictures are known.

    Raises:
        StudioError: the folder was exported for inspection, not for training.
    """

    def __init__(
        self, folder: Path, classes: dict[str, str] | None, seed: int, numerics: Numerics | None = None, progress: Progress | None = None
    ) -> None:
        self._folder, self._classes, self._seed = folder, classes, seed
        self._progress = progress or TextProgress()
        self.manifests = training_manifests(folder, classes)
        self.numerics = numerics or Numerics()
        self._loaded: dict[tuple[int, str, int], PictureSet] = {}

    def pictures(self, preset: Any) -> PictureSet:
        """The pictures in the size, framing and channels of a preset, read once.

        Raises:
            StudioError: the folder has none, or none of a class.
        """
        wanted = (preset.resolution, preset.framing, preset.channels)
        if wanted not in self._loaded:
            self._loaded[wanted] = load_pictures(self._folder, *wanted, self._classes, self._progress)
        return self._loaded[wanted]

    def prepare(self, preset: Any) -> Prepared:
        """A preset that can be trained.

        Raises:
            StudioError: no pictures, or settings that cannot be.
        """
        pictures = self.pictures(preset)
        task = build_task(preset, pictures, self._seed, self.numerics, Workers())
        config = run_settings(preset, pictures, self.manifests, self._seed, self.numerics, 1)
        return Prepared(task, config, picture_facts(pictures, self.manifests, self._folder))
