#!/usr/bin/env bash
# A one-node Slurm on loopback for tests: no systemd, no accounting database, no real GPUs.
# Debian or Ubuntu, as root. The node claims CPUS cores, MEM MB and GPUS GPUs, whatever the machine
# has: the scheduler enforces these numbers, nothing else does.
# Usage: [GPUS=2] [CPUS=16] [MEM=64000] local-slurm.sh {install|start|stop|status}
# Exit status 3: this machine cannot or should not run it; the reason is the last line.
set -euo pipefail

GPUS=${GPUS:-2}
CPUS=${CPUS:-16}
MEM=${MEM:-64000}
# Enforced by slurmctld, in seconds: SIGTERM to SIGKILL, and how long squeue shows ended jobs.
KILL_WAIT=${KILL_WAIT:-30}
MIN_JOB_AGE=3600

RUN=/var/tmp/fittest-slurm
# The clients that jobs start find their configuration only here: Snakemake's executor removes
# SLURM_* variables from their environment, SLURM_CONF among them.
ETC=/etc/slurm
MARK="# One-node test cluster of fittest; tests/slurm/local-slurm.sh stop removes it."
HOST=$(uname -n | cut -d. -f1)
PACKAGES=(slurmctld slurmd slurm-client munge)

cannot() {
  echo "$1" >&2
  exit 3
}

installed() {
  local program
  for program in slurmctld slurmd sbatch squeue scontrol munged; do
    command -v "$program" > /dev/null || return 1
  done
}

require_root() {
  [ "$(id -u)" = 0 ] || cannot "not root: only root can run Slurm's daemons for tests"
}

do_install() {
  installed && return
  require_root
  command -v apt-get > /dev/null || cannot "no apt-get: install Slurm and munge yourself"
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}"; } \
    > /tmp/fittest-slurm-install.log 2>&1; then
    cannot "Slurm's packages cannot be installed, see /tmp/fittest-slurm-install.log"
  fi
}

ours() {
  [ -f "$ETC/slurm.conf" ] && head -n 1 "$ETC/slurm.conf" | grep -qxF "$MARK"
}

configure() {
  local i
  rm -rf "$RUN"
  mkdir -p "$ETC" "$RUN"/{state,spool,log,run,dev}
  if ! grep -qE "[[:space:]]$HOST([[:space:]]|\$)" /etc/hosts; then
    echo "127.0.0.1 $HOST $MARK" >> /etc/hosts
  fi
  : > "$ETC/gres.conf"
  for ((i = 0; i < GPUS; i++)); do
    # Only a character device makes slurmd set CUDA_VISIBLE_DEVICES.
    mknod -m 666 "$RUN/dev/nvidia$i" c 1 3
    echo "NodeName=$HOST Name=gpu File=$RUN/dev/nvidia$i" >> "$ETC/gres.conf"
  done
  cat > "$ETC/cgroup.conf" << CGROUP
ConstrainCores=no
ConstrainRAMSpace=no
ConstrainDevices=no
CGROUP
  # The plugins avoid cgroups and CPU binding (process groups keep what loses its parent within
  # reach of scancel, process trees do not), and config_overrides lets the node claim what it
  # does not have. The two address settings keep the daemons on loopback.
  cat > "$ETC/slurm.conf" << CONF
$MARK
ClusterName=fittest
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$RUN/state
SlurmdSpoolDir=$RUN/spool
SlurmctldPidFile=$RUN/run/slurmctld.pid
SlurmdPidFile=$RUN/run/slurmd.pid
SlurmctldLogFile=$RUN/log/slurmctld.log
SlurmdLogFile=$RUN/log/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=2,sched_min_interval=100000
MailProg=/bin/true
MpiDefault=none
ReturnToService=2
MinJobAge=$MIN_JOB_AGE
MessageTimeout=100
KillWait=$KILL_WAIT
GresTypes=gpu
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEM Gres=gpu:$GPUS State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=1-00:00:00 State=UP
CONF
}

do_start() {
  require_root
  installed || cannot "Slurm's packages are missing: tests/slurm/local-slurm.sh install"
  if [ -f "$ETC/slurm.conf" ] && ! ours; then
    cannot "$ETC/slurm.conf is another cluster's; tests leave it alone"
  fi
  do_stop
  configure
  if ! munge -n > /dev/null 2>&1; then
    install -d -o munge -g munge -m 0755 /run/munge
    runuser -u munge -- "$(command -v munged)"
    cp /run/munge/munged.pid "$RUN/run/munged.pid"
  fi
  slurmctld
  slurmd
  local state=""
  for _ in $(seq 300); do
    state=$(sinfo -h -o %t 2> /dev/null || true)
    [ "$state" = idle ] && break
    sleep 0.1
  done
  if [ "$state" != idle ]; then
    tail -n 20 "$RUN"/log/*.log >&2
    echo "the node is '$state', not idle" >&2
    exit 1
  fi
  sinfo -N -o '%N %t %G %c %m'
}

gone() {
  # Where nobody reaps orphans, a process that has ended stays as a zombie.
  [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2> /dev/null
}

# Ends what is left of jobs; without a controller there is nothing to ask.
cancel_jobs() {
  local i
  for ((i = 0; i < 60; i++)); do
    [ -n "$(squeue --noheader --states=PENDING,RUNNING,COMPLETING 2> /dev/null)" ] || return 0
    if ((i == 0)); then
      scancel --user=root 2> /dev/null || true
    elif ((i == 20)); then
      scancel --user=root --full --signal=KILL 2> /dev/null || true
    fi
    sleep 0.5
  done
}

do_stop() {
  local daemon pid
  ours || return 0
  cancel_jobs
  for daemon in slurmd slurmctld munged; do
    [ -f "$RUN/run/$daemon.pid" ] || continue
    pid=$(cat "$RUN/run/$daemon.pid")
    # The number may belong to another process by now.
    [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = "$daemon" ] || continue
    kill "$pid"
    for _ in $(seq 100); do
      ! gone "$pid" || break
      sleep 0.1
    done
    gone "$pid" || kill -9 "$pid"
  done
  rm -f "$ETC"/{slurm,gres,cgroup}.conf
  # A copy, because /etc/hosts may be a mount that cannot be replaced.
  if grep -qF "$MARK" /etc/hosts; then
    grep -vF "$MARK" /etc/hosts > "$RUN/hosts"
    cat "$RUN/hosts" > /etc/hosts
  fi
  rm -rf "$RUN"
}

case "${1:-}" in
  install) do_install ;;
  start) do_start ;;
  stop) do_stop ;;
  status) sinfo && squeue --states=all -o '%i %T %j %b %C %m %l' ;;
  *)
    sed -n 2,6p "$0"
    exit 2
    ;;
esac
