"""The spectral method: one-dimensional Fourier series of the loss, with bounds of what they leave out."""

from geomsup.loss.spectral.series import spectral_losses

__all__ = ["spectral_losses"]
