import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testFilter } from './engine-firewall.ts';
import { testBalancer } from './engine-lb.ts';
import { testTools } from './engine-tools.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';
const suite = {
  assert,
  test: (title: string, body: () => Promise<void>) => {
    // Goal: the suites on the real tools. Method: a namespace for each, made here.
    test(title, { skip }, body);
  },
};

testTools(suite, after);
testFilter(suite, after);
testBalancer(suite, after);
