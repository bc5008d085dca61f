"""Charles Schwab: all its layouts. Only the files of all accounts hold more than one."""

from dicli.brokers import schwab_lots, schwab_positions, schwab_realized, schwab_transactions

FORMATS = (
    *schwab_positions.FORMATS,
    *schwab_lots.FORMATS,
    *schwab_realized.FORMATS,
    *schwab_transactions.FORMATS,
)
