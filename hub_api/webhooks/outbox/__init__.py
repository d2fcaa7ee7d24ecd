"""What is to be delivered, written in the transaction that records what happened."""
