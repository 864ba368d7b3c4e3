/**
 * Rule: golden — the table of `EVERY` in `test-balancers.ts`, in nft's language.
 */
export const GOLDEN = `add table inet cnsmo_lb
delete table inet cnsmo_lb
add table inet cnsmo_lb
add ct timeout inet cnsmo_lb forgetting { protocol tcp; l3proto ip; policy = { syn_sent : 2, close : 2 }; }
add map inet cnsmo_lb services4 { type ipv4_addr . inet_proto . inet_service : verdict; }
add map inet cnsmo_lb ranges4 { type ipv4_addr . inet_proto . inet_service : verdict; flags interval; }
add set inet cnsmo_lb virtual4 { type ipv4_addr; }
add set inet cnsmo_lb down4 { type ipv4_addr . inet_proto . inet_service; }
add set inet cnsmo_lb downranges4 { type ipv4_addr . inet_proto . inet_service; flags interval; }
add map inet cnsmo_lb services6 { type ipv6_addr . inet_proto . inet_service : verdict; }
add map inet cnsmo_lb ranges6 { type ipv6_addr . inet_proto . inet_service : verdict; flags interval; }
add set inet cnsmo_lb virtual6 { type ipv6_addr; }
add set inet cnsmo_lb down6 { type ipv6_addr . inet_proto . inet_service; }
add set inet cnsmo_lb downranges6 { type ipv6_addr . inet_proto . inet_service; flags interval; }
add set inet cnsmo_lb sent4 { type ipv4_addr . inet_proto . inet_service; counter; }
add set inet cnsmo_lb sent6 { type ipv6_addr . inet_proto . inet_service; counter; }
add map inet cnsmo_lb frontends { type inet_proto . inet_service : verdict; }
add map inet cnsmo_lb frontranges { type inet_proto . inet_service : verdict; flags interval; }
add map inet cnsmo_lb shift/files { type inet_service : inet_service; }
add map inet cnsmo_lb affinity4/shop { type ipv4_addr : ipv4_addr; flags timeout,dynamic; size 65536; }
add map inet cnsmo_lb affinity6/shop { type ipv6_addr : ipv6_addr; flags timeout,dynamic; size 65536; }
add chain inet cnsmo_lb b/dns
add chain inet cnsmo_lb b/empty
add chain inet cnsmo_lb b/files
add chain inet cnsmo_lb e/shop/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba
add chain inet cnsmo_lb e/shop/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq
add chain inet cnsmo_lb b/shop
add chain inet cnsmo_lb b/web
add chain inet cnsmo_lb e/wide/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba
add chain inet cnsmo_lb e/wide/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq
add chain inet cnsmo_lb b/wide
add chain inet cnsmo_lb nat/prerouting { type nat hook prerouting priority -100; policy accept; }
add chain inet cnsmo_lb nat/output { type nat hook output priority -100; policy accept; }
add chain inet cnsmo_lb nat/input { type nat hook input priority 100; policy accept; }
add chain inet cnsmo_lb nat/postrouting { type nat hook postrouting priority 100; policy accept; }
add chain inet cnsmo_lb refuse
add chain inet cnsmo_lb refuse/output { type filter hook output priority -10; policy accept; }
add chain inet cnsmo_lb refuse/forward { type filter hook forward priority -10; policy accept; }
add rule inet cnsmo_lb b/dns meta nfproto ipv4 meta l4proto 17 dnat ip to numgen random mod 2 map { 0 : 10.10.0.2, 1 : 10.10.0.3 }:53
add rule inet cnsmo_lb b/dns meta nfproto ipv6 meta l4proto 17 dnat ip6 to numgen random mod 2 map { 0 : fd00:1::2, 1 : fd00:1::3 }:53
add rule inet cnsmo_lb b/files meta nfproto ipv4 meta l4proto 6 dnat ip to numgen inc mod 2 map { 0 : 10.10.0.2, 1 : 10.10.0.3 }:tcp dport map @shift/files
add rule inet cnsmo_lb b/files meta nfproto ipv6 meta l4proto 6 dnat ip6 to numgen inc mod 2 map { 0 : fd00:1::2, 1 : fd00:1::3 }:tcp dport map @shift/files
add rule inet cnsmo_lb e/shop/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba meta l4proto 6 update @affinity4/shop { ip saddr timeout 600s : 10.10.0.2 } dnat ip to 10.10.0.2:8080 comment "600s"
add rule inet cnsmo_lb e/shop/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba meta l4proto 6 update @affinity6/shop { ip6 saddr timeout 600s : fd00:1::2 } dnat ip6 to [fd00:1::2]:8080 comment "600s"
add rule inet cnsmo_lb e/shop/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq meta l4proto 6 update @affinity4/shop { ip saddr timeout 600s : 10.10.0.3 } dnat ip to 10.10.0.3:8080 comment "600s"
add rule inet cnsmo_lb e/shop/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq meta l4proto 6 update @affinity6/shop { ip6 saddr timeout 600s : fd00:1::3 } dnat ip6 to [fd00:1::3]:8080 comment "600s"
add rule inet cnsmo_lb b/shop ip saddr @affinity4/shop meta l4proto 6 update @affinity4/shop { ip saddr timeout 600s : 10.10.0.2 } dnat ip to ip saddr map @affinity4/shop:8080 comment "600s"
add rule inet cnsmo_lb b/shop ip6 saddr @affinity6/shop meta l4proto 6 update @affinity6/shop { ip6 saddr timeout 600s : fd00:1::2 } dnat ip6 to ip6 saddr map @affinity6/shop:8080 comment "600s"
add rule inet cnsmo_lb b/shop jhash ip saddr mod 2 seed 1668182893 vmap { 0 : goto e/shop/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba, 1 : goto e/shop/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq }
add rule inet cnsmo_lb b/shop jhash ip6 saddr mod 2 seed 1668182893 vmap { 0 : goto e/shop/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba, 1 : goto e/shop/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq }
add rule inet cnsmo_lb b/web meta nfproto ipv4 meta l4proto 6 dnat ip to numgen inc mod 4 map { 0 : 10.10.0.3, 1 : 10.10.0.2, 2 : 10.10.0.3, 3 : 10.10.0.3 }:8080
add rule inet cnsmo_lb b/web meta nfproto ipv6 meta l4proto 6 dnat ip6 to numgen inc mod 4 map { 0 : fd00:1::3, 1 : fd00:1::2, 2 : fd00:1::3, 3 : fd00:1::3 }:8080
add rule inet cnsmo_lb e/wide/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba counter meta l4proto 6 dnat ip to 10.10.0.2
add rule inet cnsmo_lb e/wide/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba meta l4proto 6 dnat ip6 to fd00:1::2
add rule inet cnsmo_lb e/wide/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq counter meta l4proto 6 dnat ip to 10.10.0.3
add rule inet cnsmo_lb e/wide/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq meta l4proto 6 dnat ip6 to fd00:1::3
add rule inet cnsmo_lb b/wide numgen inc mod 2 vmap { 0 : goto e/wide/aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba, 1 : goto e/wide/ambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambq }
add rule inet cnsmo_lb nat/prerouting ip daddr != 10.10.0.1 ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @frontends
add rule inet cnsmo_lb nat/prerouting ip6 daddr != fd00:1::1 ip6 daddr != ::1 fib daddr type local meta l4proto . th dport vmap @frontends
add rule inet cnsmo_lb nat/prerouting ip daddr != 10.10.0.1 ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @frontranges
add rule inet cnsmo_lb nat/prerouting ip6 daddr != fd00:1::1 ip6 daddr != ::1 fib daddr type local meta l4proto . th dport vmap @frontranges
add rule inet cnsmo_lb nat/prerouting meta iifname != "docker*" meta iifname != "br-*" meta iifname != "podman*" meta iifname != "cni*" meta iifname != "virbr*" meta iifname != "lxc*" meta iifname != "lxd*" meta iifname != "incus*" accept
add rule inet cnsmo_lb nat/prerouting ip daddr . meta l4proto . th dport vmap @services4
add rule inet cnsmo_lb nat/prerouting ip daddr . meta l4proto . th dport vmap @ranges4
add rule inet cnsmo_lb nat/prerouting ip6 daddr . meta l4proto . th dport vmap @services6
add rule inet cnsmo_lb nat/prerouting ip6 daddr . meta l4proto . th dport vmap @ranges6
add rule inet cnsmo_lb nat/output ip daddr . meta l4proto . th dport vmap @services4
add rule inet cnsmo_lb nat/output ip daddr . meta l4proto . th dport vmap @ranges4
add rule inet cnsmo_lb nat/output ip6 daddr . meta l4proto . th dport vmap @services6
add rule inet cnsmo_lb nat/output ip6 daddr . meta l4proto . th dport vmap @ranges6
add rule inet cnsmo_lb nat/output ip daddr != 10.10.0.1 ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @frontends
add rule inet cnsmo_lb nat/output ip6 daddr != fd00:1::1 ip6 daddr != ::1 fib daddr type local meta l4proto . th dport vmap @frontends
add rule inet cnsmo_lb nat/output ip daddr != 10.10.0.1 ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @frontranges
add rule inet cnsmo_lb nat/output ip6 daddr != fd00:1::1 ip6 daddr != ::1 fib daddr type local meta l4proto . th dport vmap @frontranges
add rule inet cnsmo_lb nat/input ct status dnat ip daddr . meta l4proto . th dport @sent4
add rule inet cnsmo_lb nat/input ct status dnat ip6 daddr . meta l4proto . th dport @sent6
add rule inet cnsmo_lb nat/postrouting ct status dnat ip daddr . meta l4proto . th dport @sent4
add rule inet cnsmo_lb nat/postrouting ct status dnat ip6 daddr . meta l4proto . th dport @sent6
add rule inet cnsmo_lb nat/postrouting meta oifname "cnsmo0" ct status dnat meta l4proto 6 ct timeout set "forgetting"
add rule inet cnsmo_lb nat/postrouting meta oifname "cnsmo0" ct status dnat ip saddr != 10.10.0.1 masquerade
add rule inet cnsmo_lb nat/postrouting meta oifname "cnsmo0" ct status dnat ip6 saddr != fd00:1::1 masquerade
add rule inet cnsmo_lb refuse meta l4proto 6 reject with tcp reset
add rule inet cnsmo_lb refuse reject with icmpx type port-unreachable
add rule inet cnsmo_lb refuse/output ct state established meta l4proto 6 accept
add rule inet cnsmo_lb refuse/output ip daddr @virtual4 goto refuse
add rule inet cnsmo_lb refuse/output ip6 daddr @virtual6 goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip daddr . meta l4proto . th dport @down4 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip daddr . meta l4proto . th dport @down4 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip daddr . meta l4proto . th dport @downranges4 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip daddr . meta l4proto . th dport @downranges4 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip6 daddr . meta l4proto . th dport @down6 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip6 daddr . meta l4proto . th dport @down6 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip6 daddr . meta l4proto . th dport @downranges6 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/output ct status dnat ip6 daddr . meta l4proto . th dport @downranges6 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/forward ct state established meta l4proto 6 accept
add rule inet cnsmo_lb refuse/forward ip daddr @virtual4 goto refuse
add rule inet cnsmo_lb refuse/forward ip6 daddr @virtual6 goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip daddr . meta l4proto . th dport @down4 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip daddr . meta l4proto . th dport @down4 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip daddr . meta l4proto . th dport @downranges4 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip daddr . meta l4proto . th dport @downranges4 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip6 daddr . meta l4proto . th dport @down6 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip6 daddr . meta l4proto . th dport @down6 meta l4proto 17 goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip6 daddr . meta l4proto . th dport @downranges6 tcp flags & (fin | syn | rst | ack) == syn goto refuse
add rule inet cnsmo_lb refuse/forward ct status dnat ip6 daddr . meta l4proto . th dport @downranges6 meta l4proto 17 goto refuse
add element inet cnsmo_lb services4 { 10.10.7.3 . 17 . 53 : goto b/dns, 10.10.7.6 . 6 . 80 : goto b/empty, 10.10.7.4 . 6 . 2000 : goto b/files, 10.10.7.4 . 6 . 2001 : goto b/files, 10.10.7.4 . 6 . 2002 : goto b/files, 10.10.7.4 . 6 . 2003 : goto b/files, 10.10.7.2 . 6 . 80 : goto b/shop, 10.10.7.1 . 6 . 80 : goto b/web }
add element inet cnsmo_lb ranges4 { 10.10.7.5 . 6 . 10000-19999 : goto b/wide }
add element inet cnsmo_lb virtual4 { 10.10.7.3, 10.10.7.6, 10.10.7.4, 10.10.7.2, 10.10.7.1, 10.10.7.5 }
add element inet cnsmo_lb services6 { fd00:1::773 . 17 . 53 : goto b/dns, fd00:1::776 . 6 . 80 : goto b/empty, fd00:1::774 . 6 . 2000 : goto b/files, fd00:1::774 . 6 . 2001 : goto b/files, fd00:1::774 . 6 . 2002 : goto b/files, fd00:1::774 . 6 . 2003 : goto b/files, fd00:1::772 . 6 . 80 : goto b/shop, fd00:1::771 . 6 . 80 : goto b/web }
add element inet cnsmo_lb ranges6 { fd00:1::775 . 6 . 10000-19999 : goto b/wide }
add element inet cnsmo_lb virtual6 { fd00:1::773, fd00:1::776, fd00:1::774, fd00:1::772, fd00:1::771, fd00:1::775 }
add element inet cnsmo_lb sent4 { 10.10.0.2 . 17 . 53, 10.10.0.3 . 17 . 53, 10.10.0.2 . 6 . 3000, 10.10.0.2 . 6 . 3001, 10.10.0.2 . 6 . 3002, 10.10.0.2 . 6 . 3003, 10.10.0.3 . 6 . 3000, 10.10.0.3 . 6 . 3001, 10.10.0.3 . 6 . 3002, 10.10.0.3 . 6 . 3003, 10.10.0.2 . 6 . 8080, 10.10.0.3 . 6 . 8080 }
add element inet cnsmo_lb sent6 { fd00:1::2 . 17 . 53, fd00:1::3 . 17 . 53, fd00:1::2 . 6 . 3000, fd00:1::2 . 6 . 3001, fd00:1::2 . 6 . 3002, fd00:1::2 . 6 . 3003, fd00:1::3 . 6 . 3000, fd00:1::3 . 6 . 3001, fd00:1::3 . 6 . 3002, fd00:1::3 . 6 . 3003, fd00:1::2 . 6 . 8080, fd00:1::3 . 6 . 8080 }
add element inet cnsmo_lb frontends { 17 . 53 : goto b/dns }
add element inet cnsmo_lb frontranges { 6 . 10000-19999 : goto b/wide }
add element inet cnsmo_lb shift/files { 2000 : 3000, 2001 : 3001, 2002 : 3002, 2003 : 3003 }
`;
