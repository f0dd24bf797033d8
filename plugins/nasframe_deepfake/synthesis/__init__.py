"""Talking-head clips made from nothing: a parametric face whose mouth follows a formant-synthesised voice.

Light on purpose: numpy and PyAV only, so that worker processes start at once.
"""
