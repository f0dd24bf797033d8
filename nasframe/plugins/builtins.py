"""Operations, relaxations, derivation rules, loops, task and executor of the core, registered by hooks."""

from __future__ import annotations

from nasframe.plugins.hookspecs import hookimpl

__all__: list[str] = []


@hookimpl
def register_operations() -> dict[str, str]:
    return {"identity": "nasframe.operations:Identity", "zero": "nasframe.operations:Zero"}


@hookimpl
def register_relaxations() -> dict[str, str]:
    return {
        "softmax": "nasframe.relaxations.softmax:Softmax",
        "stgs": "nasframe.relaxations.stgs:StraightThroughGumbelSoftmax",
        "grmc": "nasframe.relaxations.gumbel_rao.estimator:GumbelRaoMonteCarlo",
        "reinmax": "nasframe.relaxations.reinmax:ReinMax",
        "gst": "nasframe.relaxations.gst:GappedStraightThrough",
        "dirichlet": "nasframe.relaxations.dirichlet:Dirichlet",
        "sparsemax": "nasframe.relaxations.sparsemax:Sparsemax",
    }


@hookimpl
def register_derivation_rules() -> dict[str, str]:
    return {
        "argmax": "nasframe.searching.derivation:argmax",
        "best_pair": "nasframe.searching.derivation:best_pair",
        "top_k_per_port": "nasframe.searching.derivation:top_k_per_port",
    }


@hookimpl
def register_loops() -> dict[str, str]:
    return {
        "bilevel": "nasframe.searching.gradient.bilevel:Bilevel",
        "joint": "nasframe.searching.gradient.joint:Joint",
        "one_shot": "nasframe.searching.gradient.one_shot:OneShot",
        "random": "nasframe.searching.proposals.random_search:RandomSearch",
        "evolution": "nasframe.searching.proposals.evolution:Evolution",
        "halving": "nasframe.searching.proposals.halving:SuccessiveHalving",
    }


@hookimpl
def register_tasks() -> dict[str, str]:
    return {"tensors": "nasframe.tasks.data_files:TensorFileTask"}


@hookimpl
def register_executors() -> dict[str, str]:
    return {"local": "nasframe.jobs.local:LocalExecutor"}
