# Two VMs out of namespaces, and how checks are told. Sourced by checks.sh; file descriptor 3 is the
# report, the rest goes to the console.

count=0
vm1=
vm2=

# check NAME COMMAND...: runs it and reports it. The name says what is true when it passed. The
# first failure ends the run, for what follows rests on what came before.
check() {
  local name="$1"
  shift
  count=$((count + 1))
  echo "--- $count: $name"
  if "$@"; then
    echo "ok $count - $name" >&3
  else
    echo "not ok $count - $name" >&3
    show_all
    finish
    exit 1
  fi
}

# The end of the report, without which it does not count.
finish() {
  echo "1..$count" >&3
}

# What a person would look at first.
show_all() {
  dmesg | tail -n 10
  ps | grep -v ' \['
  local vm
  for vm in vm1 vm2; do
    echo "=== $vm"
    on "$vm" ip -d address
    on "$vm" ip route
    on "$vm" wg
    on "$vm" tail -n 25 /var/lib/cnsmo/log
    on "$vm" cnsmo status --timeout 10s
  done
}

# on VM COMMAND...: runs it inside.
on() {
  local holder
  eval "holder=\$$1"
  shift
  nsenter --target "$holder" --net --mount --pid --uts -- "$@"
}

# not COMMAND...: passes when it fails. A command that is not there proves nothing.
not() {
  "$@"
  local status=$?
  [ $status -ne 0 ] && [ $status -lt 126 ]
}

# both COMMAND WORD...: passes when it does with vm1 before the words, and with vm2.
both() {
  local command="$1"
  shift
  "$command" vm1 "$@" && "$command" vm2 "$@"
}

# within SECONDS COMMAND...: tries until it passes.
within() {
  local limit=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$limit" ] || return 1
    sleep 0.2
  done
}

# Starts a VM and sets the variable of its name to the pid of its init. Memory is its disk. Its
# shell waits for any child, so orphans are reaped as a real init does it.
start_vm() {
  unshare --net --mount --pid --uts --fork --mount-proc dash -c "
    hostname $1
    for memory in /run /tmp /var/lib; do mount -t tmpfs tmpfs \$memory; done
    ip link set lo up
    echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
    echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations
    echo >/run/started
    sleep infinity & wait" &
  local children="/proc/$!/task/$!/children"
  within 20 grep -q '[0-9]' "$children" || return 1
  eval "$1=$(tr -d ' ' <"$children")"
  within 20 on "$1" ls /run/started
}

# A cable between the two, with an address at each end (RFC 5737).
plug_cable() {
  ip link add wan0 netns "$vm1" type veth peer name wan0 netns "$vm2" || return 1
  local vm
  for vm in vm1 vm2; do
    on "$vm" ip address add "192.0.2.${vm#vm}/24" dev wan0 || return 1
    on "$vm" ip link set wan0 up || return 1
  done
  within 20 both is_plugged
}

# is_plugged VM: the kernel has seen the other end, and has given the link its own address too.
is_plugged() {
  on "$1" ip link show dev wan0 | grep 'state UP' &&
    on "$1" ip address show dev wan0 | grep fe80
}

# reaches VM ADDRESS: one packet there and back. Without an address nothing was asked: no answer.
reaches() {
  [ -n "$2" ] || return 127
  on "$1" ping -c 1 -W 2 "$2" >/dev/null
}

# flows VM ADDRESS: ten packets get there and back, and none before them is lost.
flows() {
  on "$1" ping -c 10 -w 60 -i 0.2 "$2" | gapless 10
}

# gapless NUMBER: what ping says, read here, has so many answers, and their numbers have no gap. What
# ping itself counts as lost may only be late: a busy machine answers after ping has gone.
gapless() {
  local said answers last
  said=$(cat)
  echo "$said"
  answers=$(echo "$said" | grep -c 'bytes from')
  last=$(echo "$said" | sed -n 's/.*bytes from.*icmp_seq=\([0-9]*\).*/\1/p' | tail -n 1)
  [ "$answers" -ge "$1" ] && [ "$answers" -eq "$last" ]
}

# process_of VM WORDS: the pids of its processes whose command line has the words.
process_of() {
  on "$1" ps -o pid,args | sed -n "s|^ *\([0-9]*\) .*$2.*|\1|p" | grep .
}

# Everything that the network of a VM consists of.
network_of() {
  on "$1" ip address
  on "$1" ip rule
  on "$1" ip -6 rule
  on "$1" ip route show table all
  on "$1" ip -6 route show table all
}
