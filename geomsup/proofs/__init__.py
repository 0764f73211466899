"""Theorems: certificates that a geometry is the optimum, and the checker that believes nothing else."""

from geomsup.proofs.certificate import Certificate, Theorem, certify, verify

__all__ = ["Certificate", "Theorem", "certify", "verify"]
