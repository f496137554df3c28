from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_claims, load_manifest, load_policy, load_protocol
from leukocytosis.release import release

folder, claims = Path(snakemake.output.report).parent, list(snakemake.input.claims)
with reported(snakemake.log[0]):
    manifest = load_manifest(Path(f"config/extracts/{snakemake.wildcards.extract}.yaml"))
    release(
        load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml")),
        manifest,
        load_policy(Path(f"config/policies/{manifest.policy}.yaml")),
        load_claims(Path(claims[0])) if claims else None,
        Path("results/extracts") / manifest.extract,
        folder,
    )
