"""Trains the bundled model anew: base weights, vocabulary, teacher, student, export, calibration. See ../README.md."""
