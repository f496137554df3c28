from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_manifest, load_policy, load_protocol
from leukocytosis.release import release

folder = Path(snakemake.output.report).parent
with reported(snakemake.log[0]):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    manifest = load_manifest(Path(snakemake.input.manifest))
    policy = load_policy(Path(f"config/policies/{manifest.policy}.yaml"))
    extract = Path("results/extracts") / manifest.extract
    release(protocol, manifest, policy, extract, folder.parent, folder)
