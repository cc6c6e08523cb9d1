"""One file a schema version, oldest first by ``down_revision``. A file that was released is never changed again."""
