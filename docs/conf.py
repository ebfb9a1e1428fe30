"""Configuration of the Sphinx build."""

import sys
from pathlib import Path

import ibtools

sys.path.insert(0, str(Path(__file__).parent))
import citations  # noqa: F401

project = "ibtools"
author = "The ibtools developers"
copyright = "the ibtools developers"
version = release = ibtools.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "_templates", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
default_role = "literal"
nitpicky = True

# The build uses no network, so names of other packages are not looked up there.
nitpick_ignore_regex = [(r"py:.*", r"(matplotlib|sklearn|skorch)\..*")]

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Every docstring that the API shows is checked, but for:
numpydoc_validation_checks = {
    "all",
    "ES01",  # a summary may be all that there is to say
    "EX01",  # a method has its example in its class; classes and functions are tested for theirs
    "RT02",  # a value that is returned has a name, as in scikit-learn
    "SA01",  # not everything has a neighbour
    "SS05",  # a summary may also be a noun phrase
}
numpydoc_validation_exclude = {
    # What skorch and torch call: their documentation says what is given and returned.
    r"\.(on_\w+|initialize\w*|check_data|get_iterator|get_loss|get_all_learnable_params|infer)$",
    r"\.(forward|extra_repr)$",
    # The steps that a callback takes when skorch calls it.
    r"(Callback|Recorder)\.(n_rows_drawn|choose_layers|begin|record|skip|end|write)$",
}
numpydoc_validation_overrides = {
    # A result, which functions make: its fields are attributes.
    "PR01": [r"(?s)\A(?!.*\nParameters\n).*\nAttributes\n"],
}

bibtex_bibfiles = ["bibliography.bib"]
bibtex_default_style = "works"
bibtex_reference_style = "authors_and_year"
bibtex_cite_id = "work-{bibliography_count}-{key}"

plot_formats = [("png", 144)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = True
plot_pre_code = ""  # no "import numpy as np": pages import what they use
plot_rcparams = {"figure.dpi": 100, "font.size": 10}
plot_apply_rcparams = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("ibtools",),
    "filename_pattern": r"[\\/]plot_",
    "within_subsection_order": "FileNameSortKey",
    "copyfile_regex": "",
    "download_all_examples": False,
    "image_srcset": ["2x"],
    "remove_config_comments": True,
    "show_memory": False,
    "matplotlib_animations": False,
    "min_reported_time": 1,
    "parallel": 2,  # examples at a time
}

html_theme = "pydata_sphinx_theme"
html_title = "ibtools"
html_static_path = ["_static"]
html_css_files = ["ibtools.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "show_prev_next": False,
    "show_nav_level": 2,
}
html_sidebars = {page: [] for page in ("index", "install", "quickstart", "benchmarks", "whats_new")}


def skip_foreign(app, what, name, obj, skip, options):
    """Leave out what a class inherits from other packages: it is documented there."""
    home = getattr(obj.fget if isinstance(obj, property) else obj, "__module__", None)
    return True if what == "class" and not str(home).startswith("ibtools") else None


def setup(app):
    """Connect the function above."""
    app.connect("autodoc-skip-member", skip_foreign)
