"""Our own components, each a .py with its .js and .css beside it."""

import gradio.component_meta

# Gradio writes a type stub beside the file of every component class, also into a checkout; ours have no use for one.
gradio.component_meta.create_or_modify_pyi = lambda *_: None
