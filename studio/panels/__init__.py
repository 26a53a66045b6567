"""Panels of the Curate tab: each a `build(services, desk) -> a dataclass of typed handles`."""
