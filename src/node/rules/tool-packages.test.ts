import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKAGED_TOOLS, packageOf, packageText } from './tool-packages.ts';

test('tool packages: what is told and what is installed are the same', () => {
  // Goal: nobody is told to install what does not exist there. Method: every tool; a name that
  // objects have, and one that is unknown.
  for (const tool of PACKAGED_TOOLS) {
    for (const manager of ['apt-get', 'dnf', 'apk']) {
      assert.ok(packageText(tool)?.includes(packageOf(tool, manager) ?? '?'), `${tool} ${manager}`);
    }
  }
  assert.equal(packageText('ip'), 'iproute2 (dnf: iproute)');
  assert.equal(packageOf('ss', 'dnf'), 'iproute');
  for (const tool of ['frob', 'constructor']) {
    assert.deepEqual([packageOf(tool, 'dnf'), packageText(tool)], [null, null]);
  }
});
