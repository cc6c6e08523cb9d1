"""What is kept: calls, visits, attempts, conversations, agent spans, tickets and the journal, in one database."""
