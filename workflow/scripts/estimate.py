from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_bias_plan, load_claims, load_protocol
from leukocytosis.estimate import Beside, estimate
from leukocytosis.provenance import recorded

truth, claims = list(snakemake.input.truth), list(snakemake.input.claims)
made = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*made):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    beside = Beside(
        Path(snakemake.input.encounters),
        load_claims(Path(claims[0])) if claims else None,
        Path(truth[0]) if truth else None,
        snakemake.params.setting,
        snakemake.params.seed,
        load_bias_plan(Path("config"), snakemake.params.bias, protocol.cause_ids),
        snakemake.params.own,
    )
    estimate(protocol, Path(snakemake.output[0]).parent, beside)
