#!/usr/bin/env bash
# One run on several machines by torchrun: type the same on each.
#
#   deploy/torchrun/run.sh ADDRESS:PORT NODES DEVICES [CONFIG.yaml] [key=value ...]
#
# ADDRESS:PORT where the first machine is reached, and a free port of it
# NODES        how many machines there are
# DEVICES      how many processes each machine starts, one a GPU
# The rest is what `mlfw run` takes. The working folder must be one that all machines share: the
# run directory is made there. PYTHON names the Python that has mlfw where it is not `python`.
set -euo pipefail

if [[ $# -lt 4 || $1 != *:* || ! $2 =~ ^[0-9]+$ || ! $3 =~ ^[0-9]+$ ]]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
address=$1 nodes=$2 devices=$3
shift 3
# One process a machine is enough: mlfw starts the others.
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes "$nodes" --nproc-per-node 1 --max-restarts 0 \
    --rdzv-backend c10d --rdzv-endpoint "$address" --rdzv-id "${RUN_ID:-mlfw}" \
    -m mlfw run "$@" "trainer.nodes=$nodes" "trainer.devices=$devices"
