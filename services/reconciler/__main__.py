"""`python -m services.reconciler`."""

from services.reconciler.main import main

main()
