"""An error that is a sentence: what went wrong, and what to do about it."""


class Said(Exception):
    """Ends a command with a sentence on stderr and an exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
