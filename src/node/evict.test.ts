import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfId, type MemberId, memberIdOf } from '../crdt/ids.ts';
import type { Evicted } from './evict.ts';
import { openCrypto } from './linux/crypto.ts';
import type { Eviction } from './rules/answers.ts';
import { openApi, SELF } from './test-api.ts';

const crypto = openCrypto();
const keyOf = (fill: number): Uint8Array => crypto.publicKey(new Uint8Array(32).fill(fill));
const VM2 = memberIdOf(keyOf(2));
const VM3 = memberIdOf(keyOf(3));

const adoption = (id: MemberId, name: string, ipv4: string) => ({
  path: `trust/adopt/${id}`,
  value: {
    memberKey: bytesOfId(id),
    wgKey: bytesOfId(id),
    name,
    ipv4,
    labels: {},
    number: 1,
    invite: null,
  },
});

/** The founder's API, vm2 being a member. */
async function openMesh() {
  const api = await openApi();
  await api.replica.write([adoption(VM2, 'vm2', '10.10.0.2')]);
  const names = () => api.replica.view().members.map(({ name }) => name);
  return { ...api, names };
}

test('evict: a member is out, its name and address are free, and it never comes back', async () => {
  // Goal: the plain case. Method: look first, evict by the beginning of its id, and look again;
  // then somebody else has its name and address.
  const { ask, refusal, replica, names } = await openMesh();
  const foreseen = (await ask('GET', '/v1/evictions/vm2')).body as Eviction;
  const nothing = { adopted: [], lost: [], invites: [], operators: [], paths: [], warnings: [] };
  assert.deepEqual(foreseen, { id: VM2, member: 'vm2', ...nothing });
  assert.deepEqual(names().toSorted(), ['vm1', 'vm2']);

  const wish = { member: VM2.slice(0, 10), reason: 'stolen' };
  const evicted = (await ask('POST', '/v1/evictions', wish)).body as Evicted;
  assert.deepEqual(evicted, { ...foreseen, told: 0, others: 0 });
  assert.deepEqual(names(), ['vm1']);
  assert.deepEqual(replica.view().evicted, [VM2]);
  assert.deepEqual(
    { ...(replica.valueOf(SELF, `trust/evict/${VM2}`) as object) },
    {
      reason: 'stolen',
      name: 'vm2',
    },
  );
  await replica.write([{ ...adoption(VM2, 'vm2', '10.10.0.2') }]);
  assert.deepEqual(names(), ['vm1']);
  assert.match(await refusal('POST', '/v1/evictions', { member: 'vm2' }), /^refused member: vm2: /);
  await replica.write([adoption(VM3, 'vm2', '10.10.0.2')]);
  const [heir] = replica.view().members.filter(({ id }) => id === VM3);
  assert.deepEqual([heir?.name, heir?.ipv4], ['vm2', '10.10.0.2']);
});

test('evict: oneself and the last operator need a yes, which is told why', async () => {
  // Goal: nobody shoots himself by accident. Method: the founder, with and without a second
  // operator; refused nothing changes, and with a yes it is done.
  const { ask, refusal, replica, names } = await openMesh();
  const { warnings, lost } = (await ask('GET', '/v1/evictions/vm1')).body as Eviction;
  assert.equal(warnings.length, 2);
  assert.match(warnings.join(), /evicts itself.*1 other members go.*operator recover/);
  assert.deepEqual(lost, ['vm2']);
  const line = await refusal('POST', '/v1/evictions', { member: 'vm1' });
  assert.match(line, /^refused member: vm1: .*--yes/);
  assert.equal(names().length, 2);

  await replica.write([{ path: `trust/role/${VM2}`, value: { number: 1 } }]);
  await ask('POST', '/v1/evictions', { member: 'vm1', sure: true });
  assert.deepEqual(names(), []);
  assert.ok(replica.view().evicted.includes(SELF));
});

test('evict: what is no wish is refused, and names the field', async () => {
  // Goal: bad input. Method: each field wrong, and nobody of the name.
  const { refusal, names } = await openMesh();
  for (const [body, field] of [
    [null, 'body'],
    [{ member: 7 }, 'member'],
    [{ member: 'vm2', reason: 'x'.repeat(201) }, 'reason'],
    [{ member: 'vm2', cascade: 'yes' }, 'cascade'],
    [{ member: 'vm9' }, 'member'],
  ] as const) {
    const line = await refusal('POST', '/v1/evictions', body);
    assert.match(line, new RegExp(`^(refused|usage) ${field}: `), line);
  }
  assert.equal(names().length, 2);
});
