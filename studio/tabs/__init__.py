"""The tabs: each `build(services)` lays out one tab and returns its handles."""
