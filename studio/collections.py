"""Which collection a window looks at, and where collections of a person or of a visit lie.

The tab and its panels share one `Desk` in a `gr.State`. A panel that changed a catalogue puts `desk.touched()` into that state, one that
made or chose a collection `desk.opened(name)`; whoever shows pictures listens to the state's `change` and reads the catalogue anew. What
decides, the rule included, stands in the catalogue and nowhere else.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr

from engines.curation.catalogue import Catalogue
from engines.curation.embeddings import EmbeddingStore
from engines.curation.encoder import SHIPPED_MODEL
from engines.curation.thumbnails import Thumbnails
from engines.errors import StudioError
from studio.state import Services


@dataclass(frozen=True)
class Desk:
    """What one window looks at; plain values, so that a `gr.State` can hold and compare it.

    Attributes:
        collection: its name; empty when none is open.
        model: the text-image model that reads new prompts.
        actor: this window, in the log of decisions; undo takes back what it did.
        part: the part to export: "kept", "dropped" or "all".
        version: raised whenever the catalogue was changed, so that what is shown is read anew.
    """

    collection: str = ""
    model: str = SHIPPED_MODEL
    actor: str = "a window"
    part: str = "kept"
    version: int = 0

    def touched(self) -> "Desk":
        """The same desk after a change to the catalogue."""
        return replace(self, version=self.version + 1)

    def opened(self, collection: str) -> "Desk":
        """The desk with another collection on it."""
        return replace(self, collection=collection, version=self.version + 1)

    def required(self) -> str:
        """The name of the open collection.

        Raises:
            StudioError: none is open.
        """
        if not self.collection:
            raise StudioError("no collection is open: open one, or bring pictures in first")
        return self.collection


def open_catalogue(services: Services, request: gr.Request | None) -> Catalogue:
    """The catalogue that a request may see, opened once.

    On a person's own machine it is the one below the studio's home, which all windows and the command line share; on a shared studio each
    session has its own in its folder, gone with it.
    """
    return services.catalogues.get(_home(services, request) / "catalogue")


def open_store(services: Services, request: gr.Request | None) -> EmbeddingStore:
    """Vectors of the pictures that a request may see; on a shared studio they go with the session too."""
    return EmbeddingStore(_home(services, request) / "embeddings")


def open_thumbnails(services: Services, request: gr.Request | None) -> Thumbnails:
    """Thumbnails of the pictures that a request may see."""
    return services.thumbnails.get(_home(services, request) / "thumbnails")


def _home(services: Services, request: gr.Request | None) -> Path:
    return services.settings.home if services.settings.local else services.session_folder(request)
