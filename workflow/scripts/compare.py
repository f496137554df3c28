from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_claims, load_manifest, load_policy, load_protocol
from leukocytosis.release import compare

config, folder = Path("config"), Path(snakemake.output.page).parent
with reported(snakemake.log[0]):
    manifest = load_manifest(config / "extracts" / f"{snakemake.wildcards.extract}.yaml")
    protocols = [
        load_protocol(config / f"studies/{name}.yaml") for name in snakemake.params.studies
    ]
    compare(
        [(p, load_claims(config / f"claims/{p.claims}.yaml")) for p in protocols],
        manifest,
        load_policy(config / f"policies/{manifest.policy}.yaml"),
        Path("results"),
        folder,
    )
