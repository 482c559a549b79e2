"""Runs the calibration."""

from workers.trainer.calibration.main import main

if __name__ == "__main__":
    main()
