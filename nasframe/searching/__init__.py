"""The search: loops that train a supernet, loops that propose, the engine of each, and derivation."""

from __future__ import annotations

from nasframe.searching.derivation import derive
from nasframe.searching.gradient import (
    AdamLoop,
    Bilevel,
    GradientLoop,
    Search,
    SearchOptions,
    Update,
    read_search,
    restore_supernet,
)
from nasframe.searching.proposals import (
    TRIAL,
    Candidate,
    CheckedProposer,
    Evolution,
    LearningCurve,
    Proposal,
    ProposalLoop,
    ProposalSearch,
    Proposer,
    RandomSearch,
    Result,
    SearchProblem,
    SuccessiveHalving,
    Train,
    check_proposal_loop,
    ended_early,
)

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
    "ended_early",
    "read_search",
    "restore_supernet",
]
