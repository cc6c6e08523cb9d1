"""callcenter: the daemon that makes an Asterisk PBX a contact centre one can trust.

Data flows one way: ``ami`` (bytes to Messages) → ``floor`` (Messages to Events to Changes, pure) →
``pipeline`` (Changes to the sinks: store, figures, wallboard, metrics, web).
"""

__version__ = "0.1.0"
