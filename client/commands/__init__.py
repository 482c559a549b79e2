"""The commands of `doppel`: read options, call the client, print."""
