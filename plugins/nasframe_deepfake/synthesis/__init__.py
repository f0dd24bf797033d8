"""Synthesised talking-head clips: a parametric face whose mouth follows a formant-synthesised voice.

Imports only numpy and PyAV, so that worker processes start at once.
"""
