"""The report: one page of HTML about what W holds, which opens anywhere."""

from geomsup.reports.page import Page
from geomsup.reports.report import report

__all__ = ["Page", "report"]
