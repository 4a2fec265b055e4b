#!/usr/bin/env bash
# One run on several machines, started by hand: type the same on each, with its own number first.
#
#   deploy/nodes/run.sh NODE ADDRESS:PORT NODES [CONFIG.yaml] [key=value ...]
#
# NODE         this machine's number, from 0
# ADDRESS:PORT where machine 0 is reached, and a free port of it
# NODES        how many machines there are
# The rest is what `mlfw run` takes. The working folder must be one that all machines share: the
# run directory is made there. MLFW names the command where it is not on the PATH.
set -euo pipefail

if [[ $# -lt 4 || ! $1 =~ ^[0-9]+$ || $2 != *:* || ! $3 =~ ^[0-9]+$ ]]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
export NODE_RANK=$1 MASTER_ADDR=${2%:*} MASTER_PORT=${2##*:}
nodes=$3
shift 3
exec "${MLFW:-mlfw}" run "$@" "trainer.nodes=$nodes"
