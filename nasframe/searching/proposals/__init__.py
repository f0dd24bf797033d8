"""Loops that propose architectures and are told their scores: their contract, their engine, three loops."""

from __future__ import annotations

from nasframe.searching.proposals.evolution import Evolution
from nasframe.searching.proposals.halving import SuccessiveHalving
from nasframe.searching.proposals.proposal_check import (
    CheckedProposer,
    check_loop_options,
    check_proposal_loop,
)
from nasframe.searching.proposals.proposal_loop import (
    Proposal,
    ProposalLoop,
    Proposer,
    Result,
    SearchProblem,
)
from nasframe.searching.proposals.proposal_search import (
    TRIAL,
    ProposalSearch,
    ended_early,
)
from nasframe.searching.proposals.random_search import RandomSearch

__all__ = [
    "TRIAL",
    "CheckedProposer",
    "Evolution",
    "Proposal",
    "ProposalLoop",
    "ProposalSearch",
    "Proposer",
    "RandomSearch",
    "Result",
    "SearchProblem",
    "SuccessiveHalving",
    "check_loop_options",
    "check_proposal_loop",
    "ended_early",
]
