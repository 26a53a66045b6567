"""Run the benchmarks named on the command line, or all of them."""

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> int:
    """Print every figure; returns 1 when a ratio misses its bound."""
    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_"))
    failed = 0
    print(f"{'':44} {'measured':>10} {'goal':>10}")
    for name in names or known:
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            scale = 100 if figure.unit == "%" else 1
            verdict = "reached" if figure.reached else "FAILED" if figure.ratio else "missed"
            failed += figure.ratio and not figure.reached
            value, goal = (f"{number * scale:.3g} {figure.unit}" for number in (figure.value, figure.goal))
            print(f"{figure.name:44} {value:>10} {goal:>10}  {verdict}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
