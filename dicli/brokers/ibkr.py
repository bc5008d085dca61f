"""Interactive Brokers: all its layouts. Statements in another language than English are recognised and refused."""

from __future__ import annotations

from dicli.brokers import ibkr_flex, ibkr_history, ibkr_statement, ibkr_worksheet
from dicli.brokers.document import Document, plain
from dicli.brokers.formats import Format, Signal, refused, says
from dicli.brokers.ibkr_common import NAME


def _by_other_names(document: Document) -> bool:
    """The marks `Header` and `Data` in the second column, and none of the columns' English names."""
    marks = [plain(cells[1]) for _, cells in document.records[:3] if len(cells) > 2]
    english = any(names & {"field name", "asset category", "transaction type"} for names in document.head_columns)
    return marks[:1] == ["header"] and "data" in marks and not english


FORMATS = (
    *ibkr_statement.FORMATS,
    *ibkr_history.FORMATS,
    *ibkr_flex.FORMATS,
    *ibkr_worksheet.FORMATS,
    Format(
        NAME,
        ("statement",),
        (says(",data,brokername,", ",data,title,", "interactive brokers"), says(",header,"), says(",data,")),
        refused(
            "this statement is in another language than English: its sections and columns have other names",
            "Set the language of Client Portal to English (Settings, Language) and download it again.",
        ),
        must=(Signal("sections that are not named in English", _by_other_names),),
    ),
)
