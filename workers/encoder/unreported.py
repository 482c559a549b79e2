"""OpenVINO without its reports: when it is imported, the package tells its maker so over the network."""

import sys

# The package foresees that its reporter is not there, and goes on without.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402

__all__ = ["openvino"]
