"""The spectral method: one-dimensional Fourier series of the loss, with bounds on what they leave out."""

from geomsup.loss.spectral.series import spectral_losses

__all__ = ["spectral_losses"]
