import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId } from '../../crdt/ids.ts';
import type { TokenEntry } from '../../crdt/token.ts';
import { joinFault, noAnswer, otherClock, otherVersion } from './join-fault.ts';
import type { JoinRefusal } from './join-message.ts';

test('join fault: each refusal in one line, with its remedy', () => {
  // Goal: what a joiner reads. Method: all of them; status 3 for each.
  const table: Readonly<Record<JoinRefusal, string>> = {
    'used-up': 'token: (hidden): used up; ask an operator for a new one',
    revoked: 'token: (hidden): revoked; ask an operator for a new one',
    expired: 'token: (hidden): expired; ask an operator for a new one',
    'name-taken': 'member: vm2: another member has that name; choose another with --member',
    invalid:
      'token: (hidden): the mesh does not accept the request (wgKey); ' +
      'check that both sides run the same version of cnsmo',
    evicted:
      'state: evicted: this VM was evicted from the mesh and its key is void; ' +
      'ask an operator for a new token, and join with that',
    'address-taken':
      'entry: (hidden): the address that it offered was taken meanwhile; run join again',
    full: 'prefix: 10.10.0.0/30: every address of the mesh is taken; remove members that are gone',
  };
  const details: Partial<Record<JoinRefusal, string>> = { invalid: 'wgKey', full: '10.10.0.0/30' };
  for (const [refusal, line] of Object.entries(table) as [JoinRefusal, string][]) {
    const fault = joinFault(refusal, details[refusal] ?? 'detail', 'vm2');
    assert.equal(fault.message, line);
    assert.equal(fault.code, 'refused');
  }
  assert.doesNotMatch(joinFault('invalid', '', 'vm2').message, /\(\)/);
});

test('join fault: an entry is named as it can be typed, of either family', () => {
  // Goal: the port of an IPv6 address is no part of it. Method: each fault that names an entry.
  const cases = [
    ['192.0.2.1', '192.0.2.1:7300'],
    ['2001:db8::5', '[2001:db8::5]:7300'],
  ] as const;
  for (const [host, text] of cases) {
    const entry: TokenEntry = { memberId: 'a' as MemberId, address: { host, port: 7300 } };
    const faults = [
      noAnswer(entry, 'is silent', null),
      otherVersion(entry, { wire: 9, document: 9 }),
      otherClock(entry, 99_000),
    ];
    for (const { facts } of faults) assert.equal(facts.value, text);
  }
});
