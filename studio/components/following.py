"""Lists that follow what lies in folders."""

from typing import Any

import gradio as gr


class Dropdown(gr.Dropdown):
    """`gr.Dropdown` of what lies in folders: a choice that is gone by now reaches the handler, which says so in a sentence.

    Gradio's own answers it before any handler, in words of its own, with all that there is to choose.
    """

    is_template = True

    def get_config(self, cls: Any = None) -> dict[str, Any]:
        """What the page is told: every setting of `gr.Dropdown`."""
        return super().get_config(cls or gr.Dropdown)

    def preprocess(self, payload: Any) -> Any:
        """The chosen name, or None; with `multiselect` a list of names. What is no name is left out."""
        if self.multiselect:
            return [one for one in payload if isinstance(one, str)] if isinstance(payload, list) else []
        return payload if isinstance(payload, str) else None
