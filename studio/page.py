"""The page as Gradio serves it, without what only programs that call endpoints need."""

from typing import Any

import gradio as gr


class Page(gr.Blocks):
    """`gr.Blocks` whose configuration describes values for programs only where a program can give or get them.

    The schemas of values are a third of what Gradio sends to every browser, which never reads them.
    """

    def get_config_file(self) -> Any:
        """The configuration of the page; `/gradio_api/info` is made from it, too."""
        config = super().get_config_file()
        offered = [function for function in self.fns.values() if function.api_visibility != "private"]
        given = {component._id for function in offered for component in function.inputs}
        taken = {component._id for function in offered for component in function.outputs}
        for component in config["components"]:
            unread = {"api_info", "example_inputs"}
            unread |= set() if component["id"] in given else {"api_info_as_input"}
            unread |= set() if component["id"] in taken else {"api_info_as_output"}
            for name in unread:
                component.pop(name, None)
            if component["id"] in given | taken:
                component["api_info"] = {}  # read, and not used where the other two are there
        return config
