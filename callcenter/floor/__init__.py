"""The contact centre's state, pure: no clock, no I/O, no asyncio. Events go in, Changes come out."""
