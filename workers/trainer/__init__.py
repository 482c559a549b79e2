"""Makes artifacts: trains the bundled tower, calibrates classifiers, measures both."""
