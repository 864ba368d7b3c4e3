import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '@scure/base';
import { encodeStatement } from '../crdt/entry-bytes.ts';
import { bodyOf, changesOf, forge, idOf, NOW, testCrypto } from '../crdt/test-mesh.ts';
import type { View } from '../crdt/view.ts';
import { listAudit } from './audit-list.ts';
import { ALL, stage } from './test-audit.ts';
import { testClock } from './test-replica.ts';

test('audit: what is kept is told in pieces, or the latest: how many are older', async () => {
  // Goal: nothing is left out unsaid, and nobody holds all. Method: 2,500 changes in some frames,
  // the oldest alone before them; all, the latest two, and none.
  const { replica, whole, set } = await stage();
  await set('intent/first', 1);
  for (let batch = 0; batch < 5; batch += 1) {
    await replica.write(
      Array.from({ length: 500 }, (_, at) => ({ path: `intent/k${at}`, value: batch })),
    );
  }
  const all = await whole({ countMax: Number.MAX_SAFE_INTEGER });
  assert.deepEqual([all.changes.length, all.changes[0]?.path], [2_501, 'intent/first']);
  assert.ok(all.lines.every(({ changes }) => changes.length <= 200));
  assert.deepEqual(
    all.changes
      .filter(({ path }) => path === 'intent/k7')
      .map(({ before, after }) => [before, after]),
    [
      [null, 0],
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ],
  );
  assert.equal(all.end?.older, 0);
  const two = await whole({ countMax: 2 });
  assert.deepEqual(two.changes, all.changes.slice(-2));
  assert.equal(two.end?.older, 2_499);
  const none = await whole({ countMax: 0, path: 'intent/k77' });
  assert.deepEqual([none.changes, none.end?.older], [[], 5]);
});

test('audit: two who say the same are two lines, each with its own proof', async () => {
  // Goal: what is told apart by name and author stays so when it is read again. Method: node c says
  // b's statement byte for byte, in a file before and in one behind; b's next one replaces it.
  const frameOf = (author: string, value: number, replaces: string | null = null) => {
    const hash = replaces === null ? null : Buffer.from(replaces, 'hex');
    const entry = { path: 'intent/x', value, hlc: [NOW + value, 0] as const, replaces: hash };
    const content = encodeStatement({ kind: 'entry', entry });
    return forge(author, { body: bodyOf(author, [content]) });
  };
  const view = {
    members: [],
    enrolments: [],
    operators: [{ member: idOf('b') }],
  } as unknown as View;
  const scene = { view, founder: idOf('b'), spokenOf: () => [] };
  const [own, copy] = [frameOf('b', 1), frameOf('c', 1)];
  const [name = ''] = changesOf(own, () => null).map((change) => change.name);
  const next = frameOf('b', 2, name);
  const counted = { tier: 'counted', file: 'audit-1', frames: [own, next], damaged: 0 } as const;
  const worthless = { tier: 'void', file: 'voided-1', frames: [copy], damaged: 0 } as const;
  for (const files of [
    [counted, worthless],
    [worthless, counted],
  ]) {
    const audit = {
      async *pages(only?: ReadonlySet<string>) {
        yield* files.filter(({ file }) => only?.has(file) !== false);
      },
    };
    const ports = { clock: testClock, crypto: testCrypto };
    const lines = await Array.fromAsync(listAudit(ports, audit, scene, ALL));
    assert.deepEqual(
      lines
        .flatMap(({ changes }) => changes)
        .map((one) => [one.authorId, one.before, one.after, one.isVoid, one.frame])
        .toSorted(),
      [
        [idOf('b'), null, 1, false, base64url.encode(own)],
        [idOf('b'), 1, 2, false, base64url.encode(next)],
        [idOf('c'), null, 1, true, base64url.encode(copy)],
      ].toSorted(),
    );
  }
});
