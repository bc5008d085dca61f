"""Charles Schwab: all its layouts. No file but the positions of all accounts holds more than one account."""

from dicli.brokers import schwab_lots, schwab_positions, schwab_transactions

FORMATS = (*schwab_positions.FORMATS, *schwab_lots.FORMATS, *schwab_transactions.FORMATS)
