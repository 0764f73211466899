"""Theorems: certificates that a geometry is the optimum, the checkers that believe nothing else, and bounds."""

from geomsup.proofs.certificate import Certificate, Theorem, certify, verify
from geomsup.proofs.codes import CodeBound, bound

__all__ = ["Certificate", "CodeBound", "Theorem", "bound", "certify", "verify"]
