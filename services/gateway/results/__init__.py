"""Result pages: read from the spool, in the form that the client accepts."""
