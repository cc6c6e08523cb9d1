"""The board over MQTT: one table of topics, messages made from the newest board, one connection that keeps it true."""
