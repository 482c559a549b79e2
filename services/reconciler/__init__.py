"""The reconciler: finds work that was lost or abandoned and has it done; drops what is past its retention."""
