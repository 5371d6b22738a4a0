"""Names that notebooks use as if everyone had them."""

from __future__ import annotations

__all__ = ["IMPORTS", "PLACES", "PYLAB"]

PLACES = {
    "spark": "Databricks and the pyspark shell",
    "sc": "Databricks and the pyspark shell",
    "sqlContext": "Databricks and the pyspark shell",
    "dbutils": "Databricks",
    "displayHTML": "Databricks",
    "getArgument": "Databricks",
    "table": "Databricks",
    "mssparkutils": "Synapse and Fabric",
    "notebookutils": "Synapse and Fabric",
    "__file__": "scripts: a notebook has no file of its own",
    "ExecutionContext": "scripts of ArcGIS",
}
"""Names that other places give to every notebook, with the place."""

IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "mpl": "import matplotlib as mpl",
    "sns": "import seaborn as sns",
    "tf": "import tensorflow as tf",
    "nx": "import networkx as nx",
    "sp": "import scipy as sp",
    "sm": "import statsmodels.api as sm",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "jnp": "import jax.numpy as jnp",
    "px": "import plotly.express as px",
    "go": "import plotly.graph_objects as go",
    "Image": "from PIL import Image",
    "tqdm": "from tqdm.auto import tqdm",
    "defaultdict": "from collections import defaultdict",
    "Counter": "from collections import Counter",
    "datetime": "from datetime import datetime",
    "timedelta": "from datetime import timedelta",
    "Path": "from pathlib import Path",
    "partial": "from functools import partial",
    "deepcopy": "from copy import deepcopy",
    "HTML": "from IPython.display import HTML",
    "clear_output": "from IPython.display import clear_output",
    "train_test_split": "from sklearn.model_selection import train_test_split",
} | {
    module: f"import {module}"
    for module in (
        "collections", "copy", "csv", "functools", "glob", "itertools", "json", "keras", "math",
        "matplotlib", "numpy", "os", "pandas", "pickle", "pprint", "random", "re", "requests",
        "scipy", "shutil", "sklearn", "string", "subprocess", "sys", "tensorflow", "time", "torch",
        "torchvision", "urllib", "warnings",
    )
}  # fmt: skip
"""The import that usually binds a name."""

PYLAB = frozenset({
    "arange", "array", "axhline", "axis", "axvline", "bar", "clf", "close", "colorbar", "contour",
    "contourf", "cos", "errorbar", "exp", "figure", "gca", "gcf", "grid", "hist", "hold", "imshow",
    "legend", "linspace", "log10", "loglog", "meshgrid", "ones", "pcolor", "plot", "rand",
    "randint", "randn", "savefig", "scatter", "semilogx", "semilogy", "show", "sin", "sqrt",
    "subplot", "subplots", "suptitle", "text", "title", "xlabel", "xlim", "xticks", "ylabel",
    "ylim", "yticks", "zeros",
})  # fmt: skip
"""Names that ``--pylab`` once gave to every notebook."""
