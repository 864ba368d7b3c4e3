import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testTools } from './engine-tools.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';

testTools(
  {
    assert,
    test: (title, body) => {
      // Goal: the suite on the real tools. Method: one namespace, made here.
      test(title, { skip }, body);
    },
  },
  after,
);
