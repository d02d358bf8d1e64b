"""What can be wrong with a sheet or a cell, as sentences that carry their data."""

from matcher.wording import Message, Refusal


class SheetError(Refusal):
    """The sheet as a whole cannot be read. `message` says what is wrong, where, and what to do."""


class CellError(ValueError):
    """One cell cannot be understood. `expected` says what would be right."""

    def __init__(self, expected: Message) -> None:
        super().__init__(expected)
        self.expected = expected
