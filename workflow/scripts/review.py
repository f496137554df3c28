from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_plan, load_protocol
from leukocytosis.review import draw_charts, read_labels, write_key, write_review
from leukocytosis.strips import find_blind, read_strips

config, study = Path("config"), Path(snakemake.input[0]).parent
with reported(snakemake.log[0]):
    protocol = load_protocol(config / f"studies/{snakemake.wildcards.study}.yaml")
    manifest = load_manifest(config / f"extracts/{snakemake.wildcards.extract}.yaml")
    plan = load_plan(config / "config.yaml", snakemake.params.plan)
    blind = find_blind(protocol, rules=plan.blind == "outcome_and_rules")
    charts = draw_charts(read_labels(study), protocol, plan, snakemake.params.seed)
    strips = read_strips(study, load_codelists(config / "codelists"), protocol, blind)
    write_review(charts, strips, protocol, manifest, blind, Path(snakemake.output.folder))
    write_key(charts, protocol.study, manifest.extract, plan, Path(snakemake.output.key))
