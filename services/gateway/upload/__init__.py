"""Uploads: from the bytes of a submission to chunks in the spool, in bounded memory."""
