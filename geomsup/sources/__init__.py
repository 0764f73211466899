"""What activations alone say of their sources: which directions come again, and are they more than dimensions?"""

from geomsup.sources.counting import SuperpositionTest, superposition_test

__all__ = ["SuperpositionTest", "superposition_test"]
