"""The shape of the source: sizes, names of files, folders that a service may have."""

import ast
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 40  # lines, docstring aside
# A generous name grows without end.
TOO_GENEROUS = {
    "base", "common", "core", "helpers", "manager", "misc", "models", "service", "types", "utils",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(file for root in ("services", "shared") for file in (TOP / root).rglob("*.py"))


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(text: str) -> Iterator[Function]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    told = ast.get_docstring(function, clean=False)
    docstring = function.body[0] if told is not None else None
    own = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - own


def test_files_stay_below_their_length() -> None:
    assert [f"{file}: {lines(file)}" for file in sources() if lines(file) >= LONGEST_FILE] == []


def test_functions_stay_below_their_length() -> None:
    long = [
        f"{file}:{function.lineno} {function.name}: {length(function)}"
        for file in sources()
        for function in functions(file.read_text(encoding="utf-8"))
        if length(function) >= LONGEST_FUNCTION
    ]
    assert long == []


def test_a_docstring_does_not_count() -> None:
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    assert [length(function) for function in functions(text)] == [2]


def test_no_file_has_a_name_that_says_nothing() -> None:
    names = {file: {file.stem, file.parent.name} & TOO_GENEROUS for file in sources()}
    assert [str(file) for file, generous in names.items() if generous] == []


def test_every_folder_is_a_package() -> None:
    folders = {file.parent for file in sources()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
