"""The search: loops of two kinds and their engines, the stop rule, and derivation."""

from __future__ import annotations

from nasframe.searching.bilevel import Bilevel
from nasframe.searching.derivation import derive
from nasframe.searching.engine import Search
from nasframe.searching.evolution import Evolution
from nasframe.searching.gradient_loop import AdamLoop, GradientLoop, Update
from nasframe.searching.halving import SuccessiveHalving
from nasframe.searching.options import SearchOptions
from nasframe.searching.proposal_check import CheckedProposer, check_proposal_loop
from nasframe.searching.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem
from nasframe.searching.proposal_search import TRIAL, Candidate, LearningCurve, ProposalSearch, Train
from nasframe.searching.random_search import RandomSearch
from nasframe.searching.saved_search import read_search, restore_supernet

__all__ = [
    "TRIAL",
    "AdamLoop",
    "Bilevel",
    "Candidate",
    "CheckedProposer",
    "Evolution",
    "GradientLoop",
    "LearningCurve",
    "Proposal",
    "ProposalLoop",
    "ProposalSearch",
    "Proposer",
    "RandomSearch",
    "Result",
    "Search",
    "SearchOptions",
    "SearchProblem",
    "SuccessiveHalving",
    "Train",
    "Update",
    "check_proposal_loop",
    "derive",
    "read_search",
    "restore_supernet",
]
