"""The search: loops that train a supernet, loops that propose, the engine of each, and derivation."""

from __future__ import annotations

from nasframe.searching.candidate import Candidate, CandidateTrainer, LearningCurve, Train
from nasframe.searching.derivation import derive
from nasframe.searching.gradient import (
    AdamLoop,
    Bilevel,
    GradientLoop,
    OneShot,
    Search,
    SearchOptions,
    Update,
    check_search_options,
    read_search,
    restore_supernet,
)
from nasframe.searching.proposals import (
    TRIAL,
    CheckedProposer,
    Evolution,
    Proposal,
    ProposalLoop,
    ProposalSearch,
    Proposer,
    RandomSearch,
    Result,
    SearchProblem,
    SuccessiveHalving,
    check_loop_options,
    check_proposal_loop,
    ended_early,
)

__all__ = [
    "TRIAL",
    "AdamLoop",
    "Bilevel",
    "Candidate",
    "CandidateTrainer",
    "CheckedProposer",
    "Evolution",
    "GradientLoop",
    "LearningCurve",
    "OneShot",
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
    "check_loop_options",
    "check_proposal_loop",
    "check_search_options",
    "derive",
    "ended_early",
    "read_search",
    "restore_supernet",
]
