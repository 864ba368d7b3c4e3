import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberIdOf } from './ids.ts';
import { readPath, rootPath, trustPath } from './paths.ts';

const ID = memberIdOf(new Uint8Array(32).fill(5));

test('paths: what is spelt is read back', () => {
  // Goal: spelling and reading agree. By every kind of path.
  const kinds = ['invite', 'admission', 'adopt', 'evict', 'role', 'name', 'label'] as const;
  for (const kind of kinds) assert.deepEqual(readPath(trustPath(kind, ID)), { kind, key: ID });
  const facts = ['endpoints', 'consent', 'version', 'ipv4', 'left'] as const;
  for (const kind of facts) assert.deepEqual(readPath(`member/${kind}`), { kind, key: '' });
  assert.deepEqual(readPath(rootPath(12)), { kind: 'root', key: '12' });
});

test('paths: others are not ours', () => {
  // Goal: a path has one spelling, and unknown ones are left alone. By near misses.
  const others = [
    '',
    'member',
    'member/',
    'member/unknown',
    'member/ipv4/',
    'member/constructor',
    `member/invite/${ID}`,
    'trust',
    'trust/invite',
    'trust/invite/',
    'trust/invite/short',
    `trust/invite/${ID}/`,
    `trust/invite/${ID.toUpperCase()}`,
    `trust/unknown/${ID}`,
    `trust/root/${ID}`,
    'trust/root/0',
    'trust/root/01',
    'trust/root/-1',
    'trust/root/1e3',
    'trust/root/9999999999999999',
    `intent/role/${ID}`,
    `/trust/role/${ID}`,
  ];
  for (const path of others) assert.equal(readPath(path), null, path);
});
