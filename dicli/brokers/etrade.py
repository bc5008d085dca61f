"""E*TRADE (Morgan Stanley at Work): all its layouts."""

from dicli.brokers import etrade_benefits, etrade_gains, etrade_plan_gains, etrade_portfolio, etrade_transactions

FORMATS = (
    *etrade_portfolio.FORMATS,
    *etrade_gains.FORMATS,
    *etrade_plan_gains.FORMATS,
    *etrade_benefits.FORMATS,
    *etrade_transactions.FORMATS,
)
