"""A study that takes no time, for tests of what happens to runs."""

import signal
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard():
    """Also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def toy(tmp_path):
    """A study of cheap runs, whose executions are counted by files in a folder.

    Functions that go to other processes are made here, so that they are pickled by value: tests
    cannot be imported there.
    """
    marks = tmp_path / "marks"
    marks.mkdir()

    def execute(settings):
        import os
        import pathlib
        import time

        import numpy as np
        import pandas as pd

        from ibtools.experiments._outcome import Outcome

        seed, folder = settings["seed"], pathlib.Path(settings["marks"])
        before = len(list(folder.glob(f"{seed}-*")))
        (folder / f"{seed}-{before}").write_text(str(os.getpid()))
        if seed == settings.get("fills") and not before:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        if before < settings.get("kills", {}).get(str(seed), 0):
            os.kill(os.getpid(), 9)
        if seed in settings.get("fails", []):
            raise ValueError(f"no seed\n{seed}")
        time.sleep(settings.get("sleep", 0))
        rng = np.random.default_rng(seed)
        points = {"epoch": [0, 1], "layer": ["a", "b"], "estimator": "BinnedMI", "unit": "bits"}
        values = {"mi_x": rng.random(2), "mi_y": rng.random(2)}
        bound = {"beta": rng.random(2), **values, "unit": "bits"}
        return Outcome(
            points=pd.DataFrame({**points, **values}),
            curves=pd.DataFrame(
                {"epoch": [1, 2], "train_loss": rng.random(2), "valid_loss": rng.random(2)}
            ),
            bound=pd.DataFrame(bound) if settings.get("bound") else None,
            log=f"note of {seed}" if seed % 2 else "",
            seconds=float(seed),
        )

    def study(n_runs, *, figures=False, **settings):
        def run(seed):
            factors = {"activation": ["tanh", "relu"][seed % 2], "seed": seed}
            fixed = {"data": {"file": str(tmp_path)}, "marks": str(marks)}
            return SimpleNamespace(settings={**fixed, **settings, "seed": seed}, factors=factors)

        return SimpleNamespace(
            runs=lambda: [run(seed) for seed in range(n_runs)],
            to_dict=lambda: {"study": {"name": "toy"}},
            output=SimpleNamespace(figures=figures),
        )

    def count(seed=None):
        return len(list(marks.glob("*" if seed is None else f"{seed}-*")))

    return SimpleNamespace(
        study=study,
        execute=execute,
        checksum=lambda settings: "0" * 64,
        count=count,
        marks=marks,
    )
