"""The entropy that the system gives to generators made without a seed."""

import numpy as np
from recorded_shell import Notebook

from repro_nb.records import CellRecord


def rebuilt(record: CellRecord) -> list[np.random.Generator]:
    """Generators made from what the record kept."""
    return [np.random.default_rng(int(use.entropy, 16)) for use in record.entropy]


def test_a_generator_that_is_used_and_dropped_can_be_rebuilt(notebook: Notebook) -> None:
    notebook.run("import numpy as np")
    record = notebook.run("y = 1\nx = np.random.default_rng().random(3)")
    (generator,) = rebuilt(record)
    assert generator.random(3).tolist() == notebook.shell.user_ns["x"].tolist()
    assert [(use.line, use.code) for use in record.entropy] == [
        (2, "x = np.random.default_rng().random(3)")
    ]


def test_one_made_inside_a_function_is_seen_with_its_own_line(notebook: Notebook) -> None:
    notebook.run(
        "import numpy as np\ndef noise():\n    rng = np.random.default_rng()\n    return rng.random()"
    )
    record = notebook.run("x = [noise() for _ in range(2)]")
    assert [generator.random() for generator in rebuilt(record)] == notebook.shell.user_ns["x"]
    assert [(use.line, use.code) for use in record.entropy] == [
        (3, "rng = np.random.default_rng()")
    ] * 2


def test_a_seeded_generator_asks_for_nothing(notebook: Notebook) -> None:
    notebook.run("import numpy as np")
    record = notebook.run("np.random.default_rng(3).random(); np.random.RandomState(4).rand()")
    assert record.entropy == ()


def test_what_a_library_makes_is_its_own_doing(notebook: Notebook) -> None:
    notebook.run("import numpy as np, pandas as pd, sklearn.utils")
    record = notebook.run("pd.Series([1, 2, 3]).sample(2, random_state=np.random.RandomState(1))")
    assert record.entropy == ()


def test_the_first_of_many_are_kept(notebook: Notebook) -> None:
    notebook.run("import numpy as np")
    record = notebook.run("for _ in range(1000): np.random.default_rng()")
    assert len(record.entropy) == 64
    assert CellRecord.from_json(record.to_json()) == record


def test_numpy_is_as_it_was_afterwards(notebook: Notebook) -> None:
    notebook.run("import numpy as np, numpy.random")
    assert np.random.bit_generator.randbits.__module__ == "repro_nb.probe.entropy"
    notebook.recorder.detach()
    assert np.random.bit_generator.randbits.__module__ == "random"
