import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJoinRequest } from '../crdt/admission.ts';
import { makeInvite } from '../crdt/invite.ts';
import { openCrypto } from './linux/crypto.ts';
import { auditFiles, stage } from './test-audit.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

const crypto = openCrypto();
const LIMITS = { bytesMax: 1_500_000, ageMsMax: 1_000_000_000 };

/** 7, an operator with its log, and 8, a member that is none. */
async function pair() {
  const seven = await stage(LIMITS);
  await seven.replica.write([adoptionOf(7), adoptionOf(8)]);
  const eight = await open(createDisk().disk, 8);
  eight.receive(seven.replica.framesAfter([], 1e9));
  const { replica } = seven;
  const hear = () => void replica.receive(eight.framesAfter(replica.heads(), 1e9));
  return { seven, eight, hear };
}

const grant = (fill: number) => ({ path: `trust/role/${idOf(fill)}`, value: { number: 1 } });

test('audit keeper: what a member says in vain pushes nothing out that counts', async () => {
  // Goal: nobody washes history out of the log. Method: three times the log's length of void words
  // of a member, each with 40 KB of facts, in frames and in generations.
  const { seven, eight, hear } = await pair();
  await seven.set('intent/x', 'mine');
  for (let round = 0; round < 120; round += 1) {
    testClock.nowMs += 1;
    await eight.write([
      { path: `intent/k${round % 3}`, value: round },
      ...[0, 1, 2, 3, 4].map((at) => ({ path: `status/n${at}`, value: `${round}`.repeat(2_000) })),
    ]);
    if (round % 10 === 9) {
      eight.reclaimKey();
      await eight.republish();
    }
    hear();
  }
  await seven.audit.flush();
  const kept = await seven.list({ countMax: 1e6 });
  const mine = kept.filter(({ authorId }) => authorId === idOf(7));
  assert.deepEqual(
    mine.map(({ path, isVoid }) => [path.split('/')[1], isVoid]),
    [
      ['adopt', false],
      ['adopt', false],
      ['x', false],
    ],
  );
  const vain = kept.filter(({ authorId }) => authorId === idOf(8));
  assert.ok(vain.length > 0 && vain.every(({ isVoid }) => isVoid), `${vain.length}`);
  const bytes = auditFiles(seven.disk).reduce((sum, [, { length }]) => sum + length, 0);
  assert.ok(bytes < 150_000, `${bytes}`);
});

test('audit keeper: what was said before the grant is listed, and safe from then on', async () => {
  // Goal: an operator whose grant arrives late loses nothing. Method: 8 speaks, then gets the role
  // by 7; what 8 said is in force; a flood of 9 does not reach it; the same after a restart.
  const { seven, eight, hear } = await pair();
  await eight.write([{ path: 'intent/early', value: 1 }]);
  hear();
  assert.deepEqual(
    (await seven.list({ path: 'intent/' })).map(({ path, isVoid }) => [path, isVoid]),
    [['intent/early', true]],
  );
  await seven.replica.write([grant(8), adoptionOf(9)]);
  const nine = await open(createDisk().disk, 9);
  nine.receive(seven.replica.framesAfter([], 1e9));
  for (let round = 0; round < 60; round += 1) {
    const value = `${round}`.repeat(2_000);
    await nine.write([
      { path: 'intent/flood', value },
      ...[0, 1, 2, 3].map((at) => ({ path: `status/n${at}`, value })),
    ]);
    seven.replica.receive(nine.framesAfter(seven.replica.heads(), 1e9));
  }
  await seven.audit.flush();
  await seven.replica.flush();
  for (const each of [seven, await stage(LIMITS, seven.disk)]) {
    const changes = await each.list({ path: 'intent/early' });
    assert.deepEqual(
      changes.map(({ after, isVoid }) => [after, isVoid]),
      [[1, false]],
    );
  }
});

test('audit keeper: whom a node lets in counts, is kept apart, and is told once', async () => {
  // Goal: no admission is missing or void, and none is a flood. Method: 8 lets 9 in by an invite of
  // 7, and says it again and again with much else; twin: somebody let in by no invite.
  const { seven, eight, hear } = await pair();
  const inviteSeed = new Uint8Array(32).fill(10);
  const fields = { number: 1, labels: {}, expiry: 2_000_000_000_000, uses: 1 };
  const { id, value } = makeInvite(crypto, inviteSeed, fields);
  await seven.replica.write([{ path: `trust/invite/${id}`, value }]);
  eight.receive(seven.replica.framesAfter(eight.heads(), 1e9));
  const admit = (fill: number, invite: string, round: number) => {
    const mesh = seven.replica.view().mesh.id;
    const [wgKey, ipv4] = [new Uint8Array(32).fill(fill), `10.10.0.${fill}`];
    const memberSeed = new Uint8Array(32).fill(fill);
    const hello = { mesh, wgKey, name: `vm${fill}`, ipv4, memberSeed, inviteSeed };
    const request = makeJoinRequest(crypto, hello);
    const moment = { ipv4, labels: {}, invite, hlc: [testClock.nowMs + round, 0] };
    return { path: `trust/admission/${idOf(fill)}`, value: { ...request, ...moment } };
  };
  for (let round = 0; round < 20; round += 1) {
    await eight.write([
      admit(9, id, round),
      { path: 'status/much', value: `${round}`.repeat(3_000) },
    ]);
    hear();
  }
  await eight.write([admit(11, 'x'.repeat(52), 0)]);
  hear();
  await seven.audit.flush();
  assert.ok(seven.replica.view().members.some(({ name }) => name === 'vm9'));
  const bytes = auditFiles(seven.disk).find(([name]) => name.startsWith('admits-'))?.[1].length;
  assert.ok(bytes !== undefined && bytes < 10_000, `${bytes}`);
  const listed = await seven.list({ path: 'trust/admission/' });
  const voidOf = (fill: number): readonly boolean[] =>
    listed.filter(({ path }) => path.endsWith(idOf(fill))).map(({ isVoid }) => isVoid);
  assert.ok(voidOf(9).length > 0 && !voidOf(9).includes(true));
  assert.deepEqual(voidOf(11), [true]);
});
