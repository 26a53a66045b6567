"""Recipes as people read them: a line under a picture, and the name of a download."""

from pathlib import Path

from engines.exploration.interpolation import leg
from engines.finishing import Colourway, Mockup, PrintJob, Repeat, Shape, Step
from engines.recipe import (
    Blend,
    Diverse,
    Drawn,
    Enlarge,
    Find,
    Finish,
    Layers,
    Mix,
    Picture,
    Recipe,
    Sample,
    Sheet,
    Steer,
    Swap,
    Vary,
    Way,
    ends_of,
    parents_of,
)
from studio import guards

OWN_PICTURE = "A picture of your own"


def first_sample(recipe: Recipe) -> Sample | None:
    """The picture from a seed that a recipe began with; None where it begins with a picture from elsewhere."""
    while not isinstance(recipe, Sample):
        parents = parents_of(recipe)
        if not parents:
            return None
        recipe = parents[0]
    return recipe


def seed_of(recipe: Recipe) -> int | None:
    """The seed that draws a picture by itself; None where more was done than choosing it."""
    if isinstance(recipe, Find | Diverse):
        return seed_of(recipe.parent)
    return recipe.seed if isinstance(recipe, Sample) else None


def short(recipe: Recipe) -> str:
    """A recipe in two or three words, such as stand under a tile."""
    if isinstance(recipe, Sample):
        return f"Seed {recipe.seed}"
    if isinstance(recipe, Find | Diverse):
        return short(recipe.parent)
    if isinstance(recipe, Vary):
        return f"Variation {recipe.seed}"
    names = {Mix: "Mix", Layers: "Build and finish", Steer: "Moved", Way: "On a way", Blend: "On a way", Swap: "Swap", Sheet: "Sheet"}
    return names.get(type(recipe), recipe.operation.capitalize())


def title(recipe: Recipe) -> str:
    """A recipe as the tray calls its picture and as the files that it saves begin: model and seed, or the last thing done."""
    if isinstance(recipe, Picture):
        return OWN_PICTURE
    if isinstance(recipe, Sheet):
        return f"Sheet of {len(recipe.tiles)}"
    if isinstance(recipe, Swap):
        return f"Swap to {recipe.target}"
    if isinstance(recipe, Enlarge):
        return f"{recipe.factor:g} × by {recipe.model}"
    if isinstance(recipe, Finish):
        return _step(recipe.step)
    if isinstance(recipe, Sample):
        return f"{recipe.model} {recipe.class_name or ''}".strip() + f", seed {recipe.seed}"
    if isinstance(recipe, Blend):
        of = f"{recipe.model} {recipe.class_name or ''}".strip()
        return f"{of}, {recipe.position:.0%} from seed {recipe.seeds[0]} to {recipe.seeds[1]}"
    if isinstance(recipe, Find):
        return f"{recipe.model}: “{recipe.words[:60]}”"
    many = len(parents_of(recipe))
    return f"{recipe.model}, {recipe.operation}" + (f" of {many}" if many > 1 else "")


def _step(step: Step) -> str:
    if isinstance(step, Mockup):
        return f"{step.garment} in {step.colour}"
    if isinstance(step, PrintJob):
        return f"Print {step.width:g} × {step.height:g} mm"
    if isinstance(step, Colourway):
        return f"Colourway of {len(step.new)}"
    if isinstance(step, Repeat):
        return f"Fabric, {step.layout}"
    return f"Cut to a {step.kind}" if isinstance(step, Shape) else f"Without {step.colour}"


def described(recipe: Recipe) -> str:
    """A recipe in a line, with all that it began with; its title, and more where there is more to tell."""
    if isinstance(recipe, Sheet):
        return f"{title(recipe)} pictures"
    if isinstance(recipe, Swap):
        return f"{title(recipe)} by {recipe.model}"
    if isinstance(recipe, Picture):
        return title(recipe)
    if isinstance(recipe, Finish | Enlarge):
        return f"{title(recipe)}, from {described(recipe.source)}"
    return f"{_of(recipe)}: {_operation(recipe)}"


def _of(recipe: Drawn) -> str:
    sample = first_sample(recipe)
    return f"{recipe.model}, {sample.class_name}" if sample and sample.class_name else recipe.model


def _operation(recipe: Drawn) -> str:
    if isinstance(recipe, Sample):
        return f"seed {recipe.seed}, ψ {recipe.truncation:g}"
    if isinstance(recipe, Blend):
        first, second = ends_of(recipe)
        return f"{recipe.position:.0%} of the way from seed {first.seed} to seed {second.seed}, ψ {recipe.truncation:g}"
    if isinstance(recipe, Vary):
        return f"variation {recipe.seed} of {_named(recipe.parent)}, {recipe.strength:.0%}"
    if isinstance(recipe, Mix):
        total = sum(recipe.shares)
        parts = (f"{share / total:.0%} {_named(parent)}" for share, parent in zip(recipe.shares, recipe.parents, strict=True))
        return f"a mix of {', '.join(parts)}"
    if isinstance(recipe, Layers):
        return f"the build of {_named(recipe.parents[0])} with the finish of {_named(recipe.parents[1])}"
    if isinstance(recipe, Steer):
        return f"{_named(recipe.parent)}, {', '.join(f'{move.name} {move.amount:+g}' for move in recipe.moves)}"
    if isinstance(recipe, Find):
        return f"{_operation(recipe.parent)}, found for “{recipe.words}” among {recipe.among}"
    if isinstance(recipe, Diverse):
        return f"{_operation(recipe.parent)}, one of those that differ most among {recipe.among}"
    before, after, t = leg(recipe.position, len(recipe.parents), recipe.loop, "even")
    return f"{t:.0%} of the way from {_named(recipe.parents[before])} to {_named(recipe.parents[after])}"


def _named(recipe: Recipe) -> str:
    text = short(recipe)
    return text[0].lower() + text[1:] if isinstance(recipe, Sample | Find | Diverse | Vary) else f"a {text.lower()}"


def file_name(recipe: Recipe, suffix: str) -> str:
    """A download's name: model, class, operation and seeds, truncation."""
    if isinstance(recipe, Sheet):
        first = recipe.tiles[0]
        return guards.file_name("sheet", Path(file_name(first, ".png")).stem, len(recipe.tiles), suffix=suffix)
    if isinstance(recipe, Swap):
        return guards.file_name(recipe.model, "to", recipe.target, recipe.input[:8], suffix=suffix)
    if isinstance(recipe, Picture):
        return guards.file_name("picture", recipe.input[:8], suffix=suffix)
    if isinstance(recipe, Finish | Enlarge):
        return guards.file_name(recipe.operation, Path(file_name(recipe.source, ".png")).stem, suffix=suffix)
    sample = first_sample(recipe)
    common = (recipe.model, sample.class_name or "") if sample else (recipe.model,)
    psi = ("psi", f"{sample.truncation:g}") if sample else ()
    if isinstance(recipe, Way | Blend):
        seeds = [seed.seed for parent in parents_of(recipe) if (seed := first_sample(parent))]
        at = (f"at-{recipe.position:.3f}",) if suffix == ".png" else ()
        return guards.file_name(*common, "way", *seeds, *at, *psi, suffix=suffix)
    if isinstance(recipe, Find | Diverse):
        return file_name(recipe.parent, suffix)
    made = () if isinstance(recipe, Sample) else (recipe.operation, *([recipe.seed] if isinstance(recipe, Vary) else []))
    return guards.file_name(*common, "seed", sample.seed if sample else "", *made, *psi, suffix=suffix)
