"""The book: `make docs` lays its sources together in build/book/source and calls Sphinx there."""
import pathlib
import tomllib

root = pathlib.Path(__file__).resolve()
while not (root / "Cargo.toml").exists():
    root = root.parent
project = "perlipc"
author = copyright = "the perlipc maintainers"
version = release = tomllib.loads((root / "Cargo.toml").read_text())["package"]["version"]

extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["fieldlist"]
nitpicky = True
# Quotes are part of what is said: "cmd |".
smartquotes = False
# Types of C and of Python that are documented elsewhere.
nitpick_ignore_regex = [
    (r"c:identifier", r"u?int\d+_t|size_t|void|char"),
    (r"py:.*", r"(?!perlipc\.).*"),
]
c_id_attributes = ["PERLIPC_NODISCARD"]
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
c_maximum_signature_line_length = 88
highlight_language = "none"

html_theme = "furo"
html_title = f"perlipc {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0a7d5a", "color-brand-content": "#0a7d5a"},
    "dark_css_variables": {"color-brand-primary": "#4cc79b", "color-brand-content": "#4cc79b"},
}
