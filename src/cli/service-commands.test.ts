import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOY } from '../services/test-toy.ts';
import { done, run } from './test-local.ts';

const services = [TOY];
const PUT = 'POST /v1/services/toy/put';
const answers = { [PUT]: done({ put: 'ball' }) };

test('service commands: what is typed is sent by the names that the verb declares', async () => {
  // Goal: words and flags of each kind. Method: one line with all of them; the request whole.
  const caller = {
    remote: { host: '192.0.2.7', port: 50_000 },
    local: { host: '192.0.2.1', port: 22 },
  };
  const line =
    'toy put ball here there --near a --near b --how-many 3 --for 5s --gently --note f.txt';
  const { requests, out, status } = await run(line.split(' '), {
    services,
    answers,
    caller,
    files: { 'f.txt': 'text\n' },
  });
  assert.equal(status, 0);
  assert.equal(out, 'ball is put.\n');
  assert.deepEqual(requests[0]?.body, {
    arguments: {
      thing: 'ball',
      places: ['here', 'there'],
      near: ['a', 'b'],
      'how-many': 3,
      for: 5_000,
      gently: true,
      note: 'text\n',
    },
    caller,
  });
});

test('service commands: what is left out is not sent; - is standard input', async () => {
  // Goal: no default of the client. Method: the shortest line, and one with a pipe.
  const short = await run(['toy', 'put', 'ball'], { services, answers });
  assert.deepEqual(short.requests[0]?.body, { arguments: { thing: 'ball' }, caller: null });
  const piped = await run(['toy', 'put', 'ball', '--note', '-'], {
    services,
    answers,
    input: 'piped',
  });
  assert.deepEqual(piped.requests[0]?.body, {
    arguments: { thing: 'ball', note: 'piped' },
    caller: null,
  });
});

test('service commands: plan asks for a plan and shows what comes and goes', async () => {
  // Goal: a dry run by one word. Method: a plan with and without effect, and as JSON.
  const effects = [{ member: 'vm2', comes: ['rule a', 'rule b'], goes: ['rule c'] }];
  const planned = { [PUT]: done({ effects }) };
  const line = ['toy', 'plan', 'put', 'ball'];
  const { requests, out } = await run(line, { services, answers: planned });
  assert.deepEqual(requests[0]?.body, { arguments: { thing: 'ball' }, caller: null, plan: true });
  assert.equal(out, 'vm2: 2 to come, 1 to go\n  - rule c\n  + rule a\n  + rule b\n');
  const json = await run([...line, '-o', 'json'], { services, answers: planned });
  assert.deepEqual(JSON.parse(json.out), { effects });
  const none = await run(line, { services, answers: { [PUT]: done({ effects: [] }) } });
  assert.equal(none.out, 'Nothing would change on any member.\n');
});

test('service commands: two words, a table, and a bare array for programs', async () => {
  // Goal: verbs below a word; answers in every format. Method: one list in three formats.
  const things = [
    { name: 'ball', asked: 2 },
    { name: 'kite', asked: 0 },
  ];
  const listed = { 'POST /v1/services/toy/things/list': done(things) };
  const line = ['toy', 'things', 'list'];
  const table = await run(line, { services, answers: listed });
  assert.equal(table.out, 'THING  ASKED\nball   2\nkite   0\n\n2 things\n');
  const json = await run([...line, '-o', 'json'], { services, answers: listed });
  assert.deepEqual(JSON.parse(json.out), things);
  const yaml = await run([...line, '-o', 'yaml'], { services, answers: listed });
  assert.match(yaml.out, /^- name: ball\n {2}asked: 2\n/);
});

test('service commands: help everywhere, and a guess at what was meant', async () => {
  // Goal: found without a manual. Method: the help of service, family, verb and plan; typos.
  for (const [line, pattern] of [
    ['--help', /toy .*things to play with/],
    ['toy --help', /Example:\n {2}cnsmo toy put ball --near tree\n/],
    ['toy put --help', /--near <what>.*what else is there[\s\S]*Example:\n {2}cnsmo toy put ball/],
    ['toy things --help', /what is there[\s\S]*Example:\n {2}cnsmo toy things put ball/],
    ['toy plan --help', /Example:\n {2}cnsmo toy plan put ball --near tree\n/],
    ['toy plan put --help', /Example:\n {2}cnsmo toy plan put ball --near tree\n/],
  ] as const) {
    const { out, status } = await run(line.split(' '), { services });
    assert.equal(status, 0, line);
    assert.match(out, pattern, line);
  }
  for (const [line, status, pattern] of [
    ['toy putt', 2, /did you mean cnsmo toy put\?/],
    ['toy things lst', 2, /did you mean cnsmo toy things list\?/],
    ['toy plan things lst', 2, /unknown command/],
    ['toy put', 2, /missing required argument/],
    ['toy put ball --nearr x', 2, /did you mean --near\?/i],
    ['toy put ball --for soon', 3, /for: soon: not a duration/],
  ] as const) {
    const { err, status: got } = await run(line.split(' '), { services });
    assert.equal(got, status, line);
    assert.match(err, pattern, line);
  }
});

test('service commands: a local verb is carried out here, without a daemon', async () => {
  // Goal: what helps when nothing else does. Method: the command that runs; refused, it is exit 3.
  const line = ['toy', 'shake', '--for', '5s'];
  const ran = { status: 0, stdout: 'well', stderr: '' };
  const good = await run(line, { services, ran });
  assert.deepEqual(good.acts, [['runHere', ['shaker', '-'], '5000']]);
  assert.equal(good.out, '{"shaken":"well"}\n');
  const bad = await run(line, { services, ran: { ...ran, status: 1 } });
  assert.equal(bad.status, 3);
  assert.equal(bad.err, 'box: it: is stuck; pull\n');
  const long = await run(['toy', 'shake', '--for', '5h'], { services, ran });
  assert.equal(long.status, 3);
  assert.match(long.err, /^for: 5h: longer than 1m; choose from 1s to 1m/);
  assert.deepEqual(long.acts, []);
});
