/** Edge: refusals — mistyped values and commands, and what each is answered. */
import type { Refusal } from '../refusal.ts';

/** A value of `init` on vm3, which is no member; vm3's own network is 172.31.0.0/24. */
const value = (what: string, argv: readonly string[], begins: string, names = ''): Refusal => ({
  what,
  vm: 'vm3',
  argv: ['init', ...argv],
  status: 3,
  begins,
  names,
});

/** A command line that means nothing. */
const usage = (what: string, argv: readonly string[], names: string): Refusal => ({
  what,
  vm: 'vm3',
  argv,
  status: 2,
  begins: '',
  names,
});

/** Something asked of vm1, the operator, or of vm2, a node. */
const asked = (
  what: string,
  vm: 'vm1' | 'vm2',
  argv: readonly string[],
  begins: string,
): Refusal => ({ what, vm, argv, status: 3, begins });

/** A balancer, but for whose members serve. */
const WEB = ['web', '--listen', '80'];

/** What needs no token. vm1 is an operator, vm2 a node, vm3 no member. */
export const REFUSALS: readonly Refusal[] = [
  value('a prefix that is too long', ['--prefix', '10.0.0.0/33'], 'prefix: 10.0.0.0/33: '),
  value('a prefix with host bits', ['--prefix', '10.0.0.1/16'], 'prefix: 10.0.0.1/16: '),
  value('a prefix of words', ['--prefix', 'ten'], 'prefix: ten: '),
  value('a prefix that this host uses', ['--prefix', '172.31.0.0/16'], 'prefix: 172.31.0.0/16: '),
  value('a public prefix6', ['--prefix6', '2001:db8::/64'], 'prefix6: 2001:db8::/64: '),
  value('a prefix6 of another length', ['--prefix6', 'fd00::/48'], 'prefix6: fd00::/48: '),
  value('port 0', ['--port', '0'], 'port: 0: '),
  value('a port above all', ['--port', '65536'], 'port: 65536: '),
  value('a port by name', ['--port', 'ssh'], 'port: ssh: '),
  value('a name with capitals', ['--member', 'VM_3'], 'member: VM_3: '),
  value('an empty name of the mesh', ['--mesh', ''], 'mesh: (empty): '),
  value('a name that is too long', ['--member', 'm'.repeat(64)], 'member: mmm'),
  value('an interface that exists', ['--interface', 'eth0'], 'interface: eth0: '),
  value('an interface with a blank', ['--interface', 'my vpn'], 'interface: my vpn: '),
  value('a name as an address', ['--advertise', 'vm3.example'], 'advertise: vm3.example: '),
  value('an unknown service', ['--services', 'vpn,ftp'], 'services: ftp: ', 'firewall'),
  value('a place for the code', ['--recovery-file', '/no/such/f'], 'recovery-file: /no/such/f: '),
  usage('an unknown flag', ['init', '--frobnicate'], '--frobnicate'),
  usage('an unknown command', ['frobnicate'], 'frobnicate'),
  usage('no command', ['-q'], ''),
  usage('a missing argument', ['operator', 'add'], 'member'),
  { ...value('an unknown format', [], 'output: xml: '), argv: ['status', '-o', 'xml'] },
  {
    ...value('waiting for what never is', [], 'wait: godot: '),
    argv: ['status', '--wait', 'godot'],
  },
  { ...value('a timeout of words', [], 'timeout: soon: '), argv: ['status', '--timeout', 'soon'] },
  { ...usage('status without a mesh', ['status'], 'cnsmo init'), status: 4, begins: 'daemon: ' },
  { ...usage('invite without a mesh', ['invite'], ''), status: 4, begins: 'daemon: ' },
  { ...value('start without a state', [], 'state: ', 'cnsmo join'), argv: ['start'] },
  asked('an invite for nobody', 'vm1', ['invite', '--uses', '0'], 'uses: 0: '),
  asked('an invite for a while', 'vm1', ['invite', '--ttl', 'while'], 'ttl: while: '),
  asked('a label without a value', 'vm1', ['invite', '--label', 'web'], 'label: web: '),
  asked('an invite by a node', 'vm2', ['invite'], 'role: node: '),
  asked('revoking nothing known', 'vm1', ['invite', 'revoke', 'zzzz'], 'invite: zzzz: '),
  asked('an operator who is no member', 'vm1', ['operator', 'add', 'vm9'], 'member: vm9: '),
  asked('an operator made by a node', 'vm2', ['operator', 'add', 'vm2'], 'role: node: '),
  asked('an invite revoked by a node', 'vm2', ['invite', 'revoke', 'zzzzzz'], 'role: node: '),
  asked('a role taken back by a node', 'vm2', ['operator', 'remove', 'vm1'], 'role: node: '),
  asked('a rename by a node', 'vm2', ['member', 'rename', 'vm1', 'db'], 'role: node: '),
  asked('a label by a node', 'vm2', ['member', 'label', 'vm1', 'role=db'], 'role: node: '),
  asked('a conflict taken by a node', 'vm2', ['conflicts', 'take', 'intent/x'], 'role: node: '),
  asked('removing the last operator', 'vm1', ['operator', 'remove', 'vm1'], 'member: vm1: '),
  asked('a balancer by a node', 'vm2', ['lb', 'create', ...WEB, '--to', 'vm1'], 'role: node: '),
  asked('a balancer over nobody', 'vm1', ['lb', 'create', ...WEB, '--to', 'vm9:80'], 'to: vm9: '),
  asked('a balancer as an order', 'vm1', ['lb', 'show', '$(reboot)'], 'name: $(reboot): '),
  asked('an unknown service', 'vm2', ['consent', '--services', 'ftp'], 'services: ftp: '),
  asked('a recovery code of no mesh', 'vm2', ['operator', 'recover'], 'code: (hidden): '),
  asked('a second init', 'vm1', ['init'], 'state: in use: this VM is a member '),
  asked('a second daemon', 'vm1', ['daemon'], 'state: /var/lib/cnsmo: in use by process '),
];
