"""The link to Asterisk's manager interface: bytes in, messages out; and a simulator of a PBX's side of it."""
