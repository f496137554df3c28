from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_claims, load_manifest, load_page, load_policy, load_protocol
from leukocytosis.crate import Made, write_crate
from leukocytosis.provenance import recorded
from leukocytosis.release import release
from leukocytosis.store import read_frame

folder, claims = Path(snakemake.output.report).parent, list(snakemake.input.claims)
made = Made(
    [Path(name) for name in snakemake.params.sources],
    {f"table {Path(name).stem}": Path(name) for name in snakemake.input.tables},
    read_frame(Path(snakemake.input.raw_files)).to_dict("records"),
)
step = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*step):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    manifest = load_manifest(Path(f"config/extracts/{snakemake.wildcards.extract}.yaml"))
    policy = load_policy(Path(f"config/policies/{manifest.policy}.yaml"))
    extract = Path("results/extracts") / manifest.extract
    published = load_claims(Path(claims[0])) if claims else None
    page = load_page(Path("config/journals"), snakemake.params.journal)
    release(protocol, manifest, policy, published, extract, folder, page)
    write_crate(protocol, manifest, made, folder)
