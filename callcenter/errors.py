"""Everything that callcenter raises on purpose.

    CallcenterError            shown as one line, exit status 2
    ├── ConfigError            a wrong key, value or file in the configuration
    ├── InputError             a file that cannot be read as what it claims to be (says where)
    ├── LinkError              the manager interface
    │   ├── LoginRefused       wrong secret, no such user, ACL (``reason`` says which)
    │   ├── ActionTimeout      no answer in time
    │   └── ActionRefused      Asterisk said no, or the action was not fit to send
    └── StoreError             the database cannot be opened, read or written
        ├── StoreDamaged       what it holds is not what was written
        ├── RowRefused         it will never take this, though it takes other things
        └── NotWritten         the end came before everything was written (exit status 1)

A foreign error is translated in the module that imports the library it comes from.
"""


class CallcenterError(Exception):
    """One clear line that says what and where."""


class ConfigError(CallcenterError):
    pass


class InputError(CallcenterError):
    pass


class LinkError(CallcenterError):
    pass


class LoginRefused(LinkError):
    pass


class ActionTimeout(LinkError):
    pass


class ActionRefused(LinkError):
    pass


class StoreError(CallcenterError):
    pass


class StoreDamaged(StoreError):
    pass


class RowRefused(StoreError):
    pass


class NotWritten(StoreError):
    pass
