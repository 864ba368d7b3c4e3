/** Rule: firewall golden — what `compile-golden.test.ts` compiles, command by command. */
export const GOLDEN = `
{"add":{"table":{"family":"inet","name":"cnsmo"}}}
{"delete":{"table":{"family":"inet","name":"cnsmo"}}}
{"add":{"table":{"family":"inet","name":"cnsmo"}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"open","type":"nf_proto","map":"verdict","flags":["timeout"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"trial-prerouting","type":"nf_proto","map":"verdict","flags":["timeout"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"trial-input","type":"nf_proto","map":"verdict","flags":["timeout"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"trial-forward","type":"nf_proto","map":"verdict","flags":["timeout"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"trial-output","type":"nf_proto","map":"verdict","flags":["timeout"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/mesh-in/ip","type":["ipv4_addr","inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/mesh-in/ip6","type":["ipv6_addr","inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/mesh-in/ports","type":["inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"set":{"family":"inet","table":"cnsmo","name":"now/mesh-in/far/range/all/ip","type":"ipv4_addr","flags":["interval"]}}}
{"add":{"set":{"family":"inet","table":"cnsmo","name":"now/mesh-in/far/range/all/ip6","type":"ipv6_addr","flags":["interval"]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/wan-in/ip","type":["ipv4_addr","inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/wan-in/ip6","type":["ipv6_addr","inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"map":{"family":"inet","table":"cnsmo","name":"now/wan-in/ports","type":["inet_proto","inet_service"],"map":"verdict","stmt":[{"counter":null}]}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"tried/t1"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/reject"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/mesh-in"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/mesh-in/back"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/wan-in/rule/any"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/wan-in"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/wan-in/back"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/known"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/stamp"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/prerouting"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/input"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/forward"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"now/output"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/known"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/stamp"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/prerouting"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/input"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/forward"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"trial/output"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"prerouting","type":"filter","hook":"prerouting","prio":-110,"policy":"accept"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"input","type":"filter","hook":"input","prio":-5,"policy":"accept"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"forward","type":"filter","hook":"forward","prio":-5,"policy":"accept"}}}
{"add":{"chain":{"family":"inet","table":"cnsmo","name":"output","type":"filter","hook":"output","prio":-5,"policy":"accept"}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/reject","expr":[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":6}},{"reject":{"type":"tcp reset"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/reject","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/mesh-in/ip"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"saddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/mesh-in/ip6"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","expr":[{"vmap":{"key":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/mesh-in/ports"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","comment":"range","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@now/mesh-in/far/range/all/ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"range":[8000,9000]}}},{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","comment":"range","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"@now/mesh-in/far/range/all/ip6"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"range":[8000,9000]}}},{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/mesh-in/ip"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/mesh-in/ip6"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","expr":[{"vmap":{"key":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/mesh-in/ports"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","comment":"range","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"@now/mesh-in/far/range/all/ip"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":{"range":[8000,9000]}}},{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","comment":"range","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":"@now/mesh-in/far/range/all/ip6"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":{"range":[8000,9000]}}},{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-reply"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/mesh-in/back","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-reply"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/rule/any","comment":"any","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"limit":{"rate":10,"burst":20,"per":"second"}},{"log":{"prefix":"cnsmo allow any "}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/rule/any","comment":"any","expr":[{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/wan-in/ip"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"saddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/wan-in/ip6"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","expr":[{"vmap":{"key":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"dport"}}]},"data":"@now/wan-in/ports"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"ping","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"counter":null},{"goto":{"target":"now/reject"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: WireGuard tunnels","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":7300}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: swarm of the members","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":7300}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: management","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"203.0.113.9"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: DHCP","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":{"set":[68,546]}}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-request"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"default","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"limit":{"rate":10,"burst":20,"per":"second"}},{"log":{"prefix":"cnsmo deny wan-in "}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in","comment":"default","expr":[{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/wan-in/ip"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","expr":[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip6","field":"daddr"}},{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/wan-in/ip6"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","expr":[{"vmap":{"key":{"concat":[{"meta":{"key":"l4proto"}},{"payload":{"protocol":"th","field":"sport"}}]},"data":"@now/wan-in/ports"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"ping","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-reply"}},{"counter":null},{"goto":{"target":"now/reject"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: WireGuard tunnels","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":7300}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: swarm of the members","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":7300}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: management","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"203.0.113.9"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":22}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: DHCP","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":{"set":[68,546]}}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-reply"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"open: echo","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"echo-reply"}},{"counter":null},{"return":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"default","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"limit":{"rate":10,"burst":20,"per":"second"}},{"log":{"prefix":"cnsmo deny wan-in "}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/wan-in/back","comment":"default","expr":[{"counter":null},{"drop":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/known","expr":[{"match":{"op":"==","left":{"&":[{"ct":{"key":"mark"}},4278190080]},"right":16777216}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/known","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"related"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/known","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["destination-unreachable","time-exceeded","parameter-problem"]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/known","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":{"set":["destination-unreachable","packet-too-big","time-exceeded","parameter-problem","mld-listener-query","mld-listener-report","mld-listener-done","nd-router-solicit","nd-router-advert","nd-neighbor-solicit","nd-neighbor-advert","nd-redirect","mld2-listener-report"]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/stamp","comment":"generation 1","expr":[{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"|":[{"&":[{"ct":{"key":"mark"}},33554431]},16777216]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"jump":{"target":"now/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"docker*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"br-*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"podman*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"cni*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"virbr*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lxc*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lxd*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"incus*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"original"}},{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/mesh-in"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"original"}},{"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/wan-in"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","untracked"]}},{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/mesh-in"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/prerouting","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","untracked"]}},{"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/wan-in"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/input","expr":[{"jump":{"target":"now/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/input","expr":[{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"jump":{"target":"now/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"docker*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"br-*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"podman*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"cni*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"virbr*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lxc*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lxd*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"incus*"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/mesh-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/wan-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/forward","expr":[{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"jump":{"target":"now/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/mesh-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/wan-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/mesh-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"cnsmo0"}},{"jump":{"target":"now/wan-in/back"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"now/output","expr":[{"goto":{"target":"now/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/known","expr":[{"match":{"op":"==","left":{"&":[{"ct":{"key":"mark"}},4278190080]},"right":33554432}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/known","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"related"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/known","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"set":["destination-unreachable","time-exceeded","parameter-problem"]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/known","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":{"set":["destination-unreachable","packet-too-big","time-exceeded","parameter-problem","mld-listener-query","mld-listener-report","mld-listener-done","nd-router-solicit","nd-router-advert","nd-neighbor-solicit","nd-neighbor-advert","nd-redirect","mld2-listener-report"]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/stamp","comment":"generation 2","expr":[{"mangle":{"key":{"ct":{"key":"mark"}},"value":{"|":[{"&":[{"ct":{"key":"mark"}},50331647]},33554432]}}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"jump":{"target":"trial/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"docker*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"br-*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"podman*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"cni*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"virbr*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lxc*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lxd*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"incus*"}},{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/prerouting","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/input","expr":[{"jump":{"target":"trial/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/input","expr":[{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"jump":{"target":"trial/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"docker*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"br-*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"podman*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"cni*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"virbr*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lxc*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lxd*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"incus*"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/forward","expr":[{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/output","expr":[{"jump":{"target":"trial/known"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"snat"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/output","expr":[{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/output","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]}]},"right":"syn"}},{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":32768}},{"match":{"op":">=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":32768}},{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"trial/output","expr":[{"goto":{"target":"trial/stamp"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"prerouting","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"prerouting","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@open"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"prerouting","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@trial-prerouting"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"prerouting","expr":[{"goto":{"target":"now/prerouting"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"input","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"input","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@open"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"input","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@trial-input"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"input","expr":[{"goto":{"target":"now/input"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"forward","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@open"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"forward","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@trial-forward"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"forward","expr":[{"goto":{"target":"now/forward"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"output","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lo"}},{"accept":null}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"output","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@open"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"output","expr":[{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":"@trial-output"}}]}}}
{"add":{"rule":{"family":"inet","table":"cnsmo","chain":"output","expr":[{"goto":{"target":"now/output"}}]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"trial-prerouting","elem":[["ipv4",{"goto":{"target":"trial/prerouting"}}],["ipv6",{"goto":{"target":"trial/prerouting"}}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"trial-input","elem":[[{"elem":{"val":"ipv4","timeout":60}},{"goto":{"target":"trial/input"}}],[{"elem":{"val":"ipv6","timeout":60}},{"goto":{"target":"trial/input"}}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"trial-forward","elem":[["ipv4",{"goto":{"target":"trial/forward"}}],["ipv6",{"goto":{"target":"trial/forward"}}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"trial-output","elem":[["ipv4",{"goto":{"target":"trial/output"}}],["ipv6",{"goto":{"target":"trial/output"}}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"now/mesh-in/ip","elem":[[{"concat":["10.10.0.2",6,443]},{"return":null}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"now/mesh-in/ip6","elem":[[{"concat":["fd00:1::2",6,443]},{"return":null}]]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"now/mesh-in/far/range/all/ip","elem":["10.10.0.2"]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"now/mesh-in/far/range/all/ip6","elem":["fd00:1::2"]}}}
{"add":{"element":{"family":"inet","table":"cnsmo","name":"now/wan-in/ports","elem":[[{"concat":[6,80]},{"goto":{"target":"now/wan-in/rule/any"}}]]}}}
`;
