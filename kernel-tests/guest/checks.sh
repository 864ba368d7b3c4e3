# The checks: two VMs form a mesh on the kernel's own WireGuard.
. /guest/vms.sh

# Far more than a VM takes: every instruction is emulated, perhaps on a busy machine.
WAIT='--timeout 120s'
MODULE=/lib/modules/$(uname -r)/kernel/drivers/net/wireguard/wireguard.ko

runs_cloud_kernel() {
  uname -r | grep cloud
}

make_vms() {
  start_vm vm1 && start_vm vm2 && plug_cable
}

has_module() {
  grep -q '^wireguard ' /proc/modules
}

# ready VM NAME: waits for it; NAME makes the tunnels, by the VM's own account.
ready() {
  on "$1" cnsmo status --wait ready -o json $WAIT | grep -F "\"engine\": \"$2\""
}

# made_by_kernel VM: what makes the tunnels, by the kernel's account.
made_by_kernel() {
  on "$1" ip -d link show dev cnsmo0 | grep -w wireguard && not process_of "$1" wireguard-go
}

made_by_wireguard_go() {
  on "$1" ip -d link show dev cnsmo0 | grep 'tun type tun' && process_of "$1" wireguard-go
}

# overlay VM FAMILY: its address in the VPN.
overlay() {
  on "$1" ip "-$2" -o address show dev cnsmo0 scope global |
    sed -n 's|.* inet6* \([^/ ]*\)/.*|\1|p'
}

# The daemon may need longer than start waits for it, and an entry longer than join: then the same
# command again, as a person would.
starts() {
  within 120 on "$1" cnsmo start
}

founds() {
  on vm1 cnsmo init --mesh lab --no-start && starts vm1
}

joins() {
  token=$(on vm1 cnsmo invite $WAIT) && within 120 joins_by_token
}

joins_by_token() {
  echo "$token" | on vm2 cnsmo join -
}

# each_way COMMAND FAMILY: passes when it does from each VM to the other.
each_way() {
  "$1" vm1 "$(overlay vm2 "$2")" && "$1" vm2 "$(overlay vm1 "$2")"
}

# sent VM: bytes that its WireGuard has sent.
sent() {
  on "$1" wg show cnsmo0 transfer | cut -f 3
}

# Ten packets of 84 bytes, were they nothing but that.
carried() {
  local before after
  before=$(sent vm1)
  flows vm1 "$(overlay vm2 4)" || return 1
  after=$(sent vm1)
  echo "sent $before bytes before, $after after"
  [ "$after" -ge $((before + 840)) ]
}

index_of() {
  on "$1" ip -o link show dev cnsmo0 | cut -d : -f 1
}

daemon_of() {
  process_of "$1" 'cnsmo daemon'
}

kill_daemon() {
  on "$1" kill -9 "$(daemon_of "$1")" && within 20 not daemon_of "$1"
}

has_no_daemon() {
  on "$1" cnsmo status
  [ $? -eq 4 ]
}

# A packet every 0.2 s for as long as the daemon needs to come back.
starts_unnoticed() {
  local index started
  index=$(index_of vm2)
  on vm1 ping -i 0.2 -w 600 "$(overlay vm2 4)" >/tmp/pings &
  within 10 grep -q 'bytes from' /tmp/pings || return 1
  starts vm2 && ready vm2 kernel
  started=$?
  on vm1 kill -INT "$(process_of vm1 'ping -i')" && wait $!
  [ $started -eq 0 ] && gapless 5 </tmp/pings && [ "$(index_of vm2)" = "$index" ]
}

comes_back() {
  local index
  index=$(index_of vm2)
  on vm2 ip link delete dev cnsmo0
  within 60 reaches vm1 "$address" && [ "$(index_of vm2)" != "$index" ]
}

# repairs FOUND COMMAND...: what it takes from vm2 by hand is back, soon and not by the regular look.
# Ten seconds on a real machine are more on an emulated one. A new event tells FOUND, and then all is
# back: who looked in between might be too late to see anything gone.
repairs() {
  local found="$1" before
  shift
  vpn_of vm2 >/tmp/whole
  before=$(times_told "$found")
  on vm2 "$@" && within 30 tells_more_than "$before" "$found" &&
    within 30 is_whole && within 30 reaches vm1 "$address"
}

times_told() {
  on vm2 cnsmo events | grep -c "$1"
}

tells_more_than() {
  [ "$(times_told "$2")" -gt "$1" ]
}

is_whole() {
  vpn_of vm2 | diff /tmp/whole -
}

# What of the VPN a hand can take away.
vpn_of() {
  on "$1" ip -4 route show dev cnsmo0
  on "$1" ip -6 route show dev cnsmo0
  on "$1" ip -o address show dev cnsmo0 scope global | cut -d ' ' -f 2-
  on "$1" wg show cnsmo0 allowed-ips
  on "$1" wg show cnsmo0 listen-port
  on "$1" nft -s list tables
}

removes_peer() {
  repairs 'peer vm1 was missing' wg set cnsmo0 peer "$(on vm2 wg show cnsmo0 peers)" remove
}

# Of its two addresses only one is left to the peer.
cuts_peer() {
  repairs 'peer vm1 had other addresses' \
    wg set cnsmo0 peer "$(on vm2 wg show cnsmo0 peers)" allowed-ips "$(overlay vm1 4)/32"
}

# As the daemon begins a session anew (renewPeer in diff.ts): away and back in one command, so that
# what is sent meanwhile waits for the handshake.
renews_peer() {
  local peer end began
  peer=$(on vm2 wg show cnsmo0 peers)
  end=$(on vm2 wg show cnsmo0 endpoints | cut -f 2)
  began=$(date +%s)
  on vm2 wg set cnsmo0 peer "$peer" remove peer "$peer" endpoint "$end" \
    allowed-ips "$(overlay vm1 4)/32,$(overlay vm1 6)/128" persistent-keepalive 25 &&
    flows vm2 "$(overlay vm1 4)" && within 30 shakes_hands vm2 "$began"
}

# shakes_hands VM SECOND: its one peer did, then or later.
shakes_hands() {
  [ "$(on "$1" wg show cnsmo0 latest-handshakes | cut -f 2)" -ge "$2" ]
}

moves_port() {
  repairs 'cnsmo0 listened on port 7399' wg set cnsmo0 listen-port 7399
}

# tells WORDS: an event of vm2 says so.
tells() {
  on vm2 cnsmo events | grep "$1"
}

as_before() {
  network_of vm2 >/tmp/after
  diff /tmp/before /tmp/after && not daemon_of vm2 && not files_of vm2
}

# files_of VM: what lies on its disk and where sockets and pids are; fails when there is nothing.
files_of() {
  on "$1" find /var/lib /run ! -type d ! -name started | grep .
}

# What a reboot takes from a VM. What makes the module unused, too.
switch_off() {
  on "$1" cnsmo stop && on "$1" ip link delete dev cnsmo0
}

loses_module() {
  within 20 rmmod wireguard && mv "$MODULE" /tmp && not has_module
}

has_same_address() {
  [ "$(overlay vm2 4)" = "$address" ] && [ "$(overlay vm2 6)" = "$address6" ]
}

check 'the kernel of Debian clouds boots' runs_cloud_kernel
check 'two VMs start, with a cable between them' make_vms
check 'they reach each other outside of the VPN' within 20 reaches vm1 192.0.2.2
check 'nothing has asked the kernel for WireGuard yet' not has_module

network_of vm2 >/tmp/before
check 'vm1 founds a mesh' founds
check 'vm1 is ready, and says that the kernel is its engine' ready vm1 kernel
check 'the kernel loaded its module and made the interface' made_by_kernel vm1
check 'vm2 reaches nothing of it before it joined' not reaches vm2 "$(overlay vm1 4)"

check 'vm2 joins by a token' joins
check 'both are ready, and say that the kernel is their engine' both ready kernel
check 'the interface of vm2 is the kernel'\''s as well' made_by_kernel vm2
address=$(overlay vm2 4)
address6=$(overlay vm2 6)
check 'IPv4 flows each way' each_way flows 4
check 'IPv6 flows each way' each_way flows 6
check 'the tunnel is what carried it' carried
check 'an address of no member stays silent' not reaches vm1 10.10.255.254

check 'the daemon of vm2 is killed' kill_daemon vm2
check 'it is gone' has_no_daemon vm2
check 'traffic flows on without it' each_way flows 4
check 'it comes back without losing a packet or touching the interface' starts_unnoticed
check 'an interface deleted by hand comes back' comes_back
check 'an event says that it was missing' within 20 tells 'interface cnsmo0 was missing'
check 'an address taken from a peer comes back' cuts_peer
check 'the IPv4 route deleted by hand comes back, and an event says so' \
  repairs 'route [0-9./]* was missing' ip route flush table main dev cnsmo0
check 'the table deleted by hand comes back' \
  repairs 'table inet cnsmo_vpn was missing' nft delete table inet cnsmo_vpn
check 'the port changed by hand is back' moves_port
check 'a peer taken away and put back shakes hands anew, and loses no packet' renews_peer
check 'traffic flows each way after it' each_way flows 4

check 'vm1 stops' on vm1 cnsmo stop
check 'vm2 has lost it' within 90 tells 'dead'
check 'a peer deleted by hand comes back, though its member is not there' removes_peer
check 'both are switched off' both switch_off
check 'nothing uses the module, and it is taken away' loses_module
check 'vm1 starts without it' starts vm1
check 'vm1 is ready, and says that wireguard-go is its engine' ready vm1 wireguard-go
check 'the program that the binary carries made the interface' made_by_wireguard_go vm1
mv /tmp/wireguard.ko "$MODULE"
check 'vm2 starts with it' starts vm2
check 'vm2 is ready, and says that the kernel is its engine' ready vm2 kernel
check 'its addresses are as before' has_same_address
check 'the two engines understand each other' each_way flows 4
check 'by IPv6 too' each_way flows 6

check 'a member has state on its disk' files_of vm2
check 'vm2 leaves' on vm2 cnsmo leave $WAIT
check 'vm1 does not reach it any more' within 30 not reaches vm1 "$address"
check 'by IPv6 neither' not reaches vm1 "$address6"
check 'vm2 is as it was before it joined' as_before
finish
