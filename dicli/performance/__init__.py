"""What the accounts really delivered: from their transactions to returns, tax alpha and drift cost, beside the fund."""
