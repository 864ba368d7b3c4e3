/**
 * Rule: golden ended — what `ended.test.ts` asks for, in nft's language: of tables, the part that is
 * about what is ended.
 */
export const ENDED = `\
add set inet cnsmo_lb ended4 { type ipv4_addr . ipv4_addr; }
add set inet cnsmo_lb ended/front4 { type ipv4_addr . inet_proto . inet_service; flags interval; }
add set inet cnsmo_lb ended6 { type ipv6_addr . ipv6_addr; }
add set inet cnsmo_lb ended/front6 { type ipv6_addr . inet_proto . inet_service; flags interval; }
add set inet cnsmo_lb moved4/31501 { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags timeout,dynamic; size 65536; }
add set inet cnsmo_lb moved4/31502 { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags timeout,dynamic; size 65536; }
add set inet cnsmo_lb moved4/31503 { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags timeout,dynamic; size 65536; }
add set inet cnsmo_lb moved6/31501 { type ipv6_addr . inet_service . ipv6_addr . inet_service; flags timeout,dynamic; size 65536; }
add set inet cnsmo_lb moved6/31502 { type ipv6_addr . inet_service . ipv6_addr . inet_service; flags timeout,dynamic; size 65536; }
add set inet cnsmo_lb moved6/31503 { type ipv6_addr . inet_service . ipv6_addr . inet_service; flags timeout,dynamic; size 65536; }
add chain inet cnsmo_lb ended
add chain inet cnsmo_lb ended/output { type filter hook output priority -11; policy accept; }
add chain inet cnsmo_lb ended/forward { type filter hook forward priority -11; policy accept; }
add chain inet cnsmo_lb moved/output { type filter hook output priority -300; policy accept; }
add chain inet cnsmo_lb moved/prerouting { type filter hook prerouting priority -300; policy accept; }
add rule inet cnsmo_lb ended ip saddr . udp sport . ct original ip daddr . ct original proto-dst @moved4/31501 delete @moved4/31501 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst } add @moved4/31502 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended ip saddr . udp sport . ct original ip daddr . ct original proto-dst @moved4/31502 delete @moved4/31502 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst } add @moved4/31503 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended ip saddr . udp sport . ct original ip daddr . ct original proto-dst @moved4/31503 delete @moved4/31503 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst } add @moved4/31501 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended add @moved4/31501 { ip saddr . udp sport . ct original ip daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst @moved6/31501 delete @moved6/31501 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst } add @moved6/31502 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst @moved6/31502 delete @moved6/31502 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst } add @moved6/31503 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst @moved6/31503 delete @moved6/31503 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst } add @moved6/31501 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended add @moved6/31501 { ip6 saddr . udp sport . ct original ip6 daddr . ct original proto-dst timeout 300s } goto refuse
add rule inet cnsmo_lb ended goto refuse
add rule inet cnsmo_lb ended/output ct status dnat ct original ip daddr . ip daddr @ended4 goto ended
add rule inet cnsmo_lb ended/output ct status dnat ct original ip daddr != @virtual4 ip daddr . meta l4proto . th dport @ended/front4 goto ended
add rule inet cnsmo_lb ended/output ct status dnat ct original ip6 daddr . ip6 daddr @ended6 goto ended
add rule inet cnsmo_lb ended/output ct status dnat ct original ip6 daddr != @virtual6 ip6 daddr . meta l4proto . th dport @ended/front6 goto ended
add rule inet cnsmo_lb ended/forward ct status dnat ct original ip daddr . ip daddr @ended4 goto ended
add rule inet cnsmo_lb ended/forward ct status dnat ct original ip daddr != @virtual4 ip daddr . meta l4proto . th dport @ended/front4 goto ended
add rule inet cnsmo_lb ended/forward ct status dnat ct original ip6 daddr . ip6 daddr @ended6 goto ended
add rule inet cnsmo_lb ended/forward ct status dnat ct original ip6 daddr != @virtual6 ip6 daddr . meta l4proto . th dport @ended/front6 goto ended
add rule inet cnsmo_lb moved/output meta l4proto != 17 accept
add rule inet cnsmo_lb moved/output ip saddr . udp sport . ip daddr . udp dport @moved4/31501 update @moved4/31501 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31501
add rule inet cnsmo_lb moved/output ip saddr . udp sport . ip daddr . udp dport @moved4/31502 update @moved4/31502 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31502
add rule inet cnsmo_lb moved/output ip saddr . udp sport . ip daddr . udp dport @moved4/31503 update @moved4/31503 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31503
add rule inet cnsmo_lb moved/output ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31501 update @moved6/31501 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31501
add rule inet cnsmo_lb moved/output ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31502 update @moved6/31502 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31502
add rule inet cnsmo_lb moved/output ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31503 update @moved6/31503 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31503
add rule inet cnsmo_lb moved/prerouting meta l4proto != 17 accept
add rule inet cnsmo_lb moved/prerouting ip saddr . udp sport . ip daddr . udp dport @moved4/31501 update @moved4/31501 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31501
add rule inet cnsmo_lb moved/prerouting ip saddr . udp sport . ip daddr . udp dport @moved4/31502 update @moved4/31502 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31502
add rule inet cnsmo_lb moved/prerouting ip saddr . udp sport . ip daddr . udp dport @moved4/31503 update @moved4/31503 { ip saddr . udp sport . ip daddr . udp dport timeout 300s } ct original zone set 31503
add rule inet cnsmo_lb moved/prerouting ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31501 update @moved6/31501 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31501
add rule inet cnsmo_lb moved/prerouting ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31502 update @moved6/31502 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31502
add rule inet cnsmo_lb moved/prerouting ip6 saddr . udp sport . ip6 daddr . udp dport @moved6/31503 update @moved6/31503 { ip6 saddr . udp sport . ip6 daddr . udp dport timeout 300s } ct original zone set 31503
add element inet cnsmo_lb ended4 { 10.10.7.8 . 10.10.0.3, 10.10.7.7 . 10.10.0.2 }
add element inet cnsmo_lb ended/front4 { 10.10.0.3 . 17 . 53, 10.10.0.2 . 6 . 8080 }
add element inet cnsmo_lb ended6 { fd00:1::778 . fd00:1::3, fd00:1::7777 . fd00:1::2 }
add element inet cnsmo_lb ended/front6 { fd00:1::3 . 17 . 53, fd00:1::2 . 6 . 8080 }
`;
