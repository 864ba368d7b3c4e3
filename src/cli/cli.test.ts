import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { done, noDaemon, run } from './test-local.ts';

const USUAL = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };

/** Every command and sub-command. */
const COMMANDS = [
  'init',
  'join',
  'daemon',
  'start',
  'stop',
  'restart',
  'logs',
  'leave',
  'consent',
  'backup',
  'restore',
  'status',
  'members',
  'events',
  'core',
  'core step-down',
  'links',
  'drain',
  'undrain',
  'evict',
  ...['firewall', 'lb'],
  'member',
  'member rename',
  'member label',
  'invite',
  'invite list',
  'invite revoke',
  'operator',
  'operator add',
  'operator remove',
  'operator recover',
  'recover',
  'audit',
  'conflicts',
  'conflicts take',
];

test('help: of every command, with an example, and nothing is done', async () => {
  // Goal: `--help` has an example. Method: each command's help, and the program's.
  for (const command of ['', ...COMMANDS]) {
    const words = command.split(' ').filter((word) => word !== '');
    const { status, out, err, acts } = await run([...words, '--help']);
    assert.equal(status, 0, command);
    assert.match(out, new RegExp(`^Usage: cnsmo ${command}`), command);
    assert.match(out, /\nExample:\n {2}.*cnsmo /, command);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, `${command}: ${line}`);
    assert.equal(err, '', command);
    assert.deepEqual(acts, [], command);
  }
});

test('help: lists every command, and every one of them is known here', async () => {
  // Goal: COMMANDS above is whole. Method: the names in the program's help and in each group's.
  const namesIn = (help: string): string[] =>
    [...(/\nCommands:\n(.*?)\n\n/s.exec(help)?.[1] ?? '').matchAll(/^ {2}([a-z-]+) /gm)].map(
      ([, name]) => name ?? '',
    );
  const top = namesIn((await run(['--help'])).out);
  const groups = ['invite', 'operator', 'member', 'conflicts', 'core'];
  const below = await Promise.all(
    groups.map(async (group) =>
      namesIn((await run([group, '--help'])).out).map((name) => `${group} ${name}`),
    ),
  );
  const all = [...top, ...below.flat()].filter((name) => !name.endsWith(' help'));
  assert.deepEqual(all.toSorted(), COMMANDS.toSorted());
});

test('usage: what the parser does not know, in one line and with status 2', async () => {
  // Goal: unknown words suggest, missing and surplus ones are named. Method: a table of lines.
  const table: readonly (readonly [line: string, says: string])[] = [
    ['stauts', 'usage: stauts: unknown command; did you mean cnsmo status? see cnsmo --help'],
    [
      'operator ad',
      'usage: ad: unknown command; did you mean cnsmo operator add? see cnsmo operator --help',
    ],
    [
      'member renam vm1 x',
      'usage: renam: unknown command; did you mean cnsmo member rename? see cnsmo member --help',
    ],
    [
      'member relabel vm1 x=y',
      'usage: relabel: unknown command; did you mean cnsmo member label? see cnsmo member --help',
    ],
    [
      'member frobnicate',
      'usage: frobnicate: unknown command; choose of rename, label; see cnsmo member --help',
    ],
    [
      'status --wiat',
      'usage: --wiat: unknown option; did you mean --wait? see cnsmo status --help',
    ],
    ['frobnicate', 'usage: frobnicate: unknown command; see cnsmo --help'],
    [
      'operator',
      'usage: (none): a command is needed; ' +
        'choose of add, remove, recover; see cnsmo operator --help',
    ],
    ['operator add', 'usage: member: missing required argument; see cnsmo operator add --help'],
    ['status --state', 'usage: --state <dir>: option argument missing; see cnsmo --help'],
    ['status now', 'usage: status: takes no argument, 1 given; see cnsmo status --help'],
    [
      'invite lst',
      'usage: lst: unknown command; did you mean cnsmo invite list? see cnsmo invite --help',
    ],
    ['invite vm7', 'usage: vm7: unknown command; choose of list, revoke; see cnsmo invite --help'],
    [
      'init --foreground --no-start',
      'usage: --foreground: contradicts another flag; leave one of them out',
    ],
  ];
  for (const [line, says] of table) {
    const { status, out, err, acts } = await run(line.split(' '));
    assert.equal(err, `${says}\n`, line);
    assert.equal(status, 2, line);
    assert.equal(out, '', line);
    assert.deepEqual(acts, [], line);
  }
});

test('bad values: named with the remedy, and status 3', async () => {
  // Goal: status 3 for what the command line itself refuses. Method: a table of lines.
  const table: readonly (readonly [line: string, says: string])[] = [
    ['status -o xml', 'output: xml: not known; choose of table, json, yaml'],
    ['status --wait steady', 'wait: steady: not a state; write --wait ready'],
    [
      'status --timeout 9',
      'timeout: 9: not a duration; write a number and ms, s, m, h or d, as 90s or 1h',
    ],
    [
      'invite --ttl soon',
      'ttl: soon: not a duration; write a number and ms, s, m, h or d, as 90s or 1h',
    ],
    ['invite --uses 0', 'uses: 0: not a number of uses; give a number from 1 to 1000'],
    ['invite --uses 1001', 'uses: 1001: not a number of uses; give a number from 1 to 1000'],
  ];
  for (const [line, says] of table) {
    const { status, err, requests } = await run(line.split(' '));
    assert.equal(err, `${says}\n`, line);
    assert.equal(status, 3, line);
    assert.deepEqual(requests, [], line);
  }
});

test('a token is never repeated, wherever it was typed', async () => {
  // Goal: secrets never stand in errors. Method: tokens where none belongs.
  for (const line of ['cnsmo1_SECRET', 'join cnsmo1_SECRET more', 'invite --cnsmo1_SECRET']) {
    const { status, err } = await run(line.split(' '));
    assert.equal(status, 2, line);
    assert.doesNotMatch(err, /SECRET/, line);
    assert.match(err, /^[^\n]+\n$/, line);
  }
});

test('exit status: what the daemon answers decides it', async () => {
  // Goal: the table of exit statuses. Method: each HTTP status with facts; the line is the facts.
  const facts = { field: 'member', value: 'vm9', why: 'no such member', remedy: 'see members' };
  const table = [
    [400, 2],
    [403, 3],
    [409, 3],
    [503, 4],
    [504, 5],
    [500, 1],
    [418, 1],
  ] as const;
  for (const [http, exit] of table) {
    const answers = { 'POST /v1/operators': { status: http, body: { error: facts } } };
    const plain = await run(['operator', 'add', 'vm9'], { answers });
    assert.equal(plain.status, exit, String(http));
    assert.equal(plain.err, 'member: vm9: no such member; see members\n');
    assert.equal(plain.out, '');
    const json = await run(['operator', 'add', 'vm9', '-o', 'json'], { answers });
    assert.deepEqual(JSON.parse(json.err), { error: facts });
    assert.equal(json.err.split('\n').length, 2);
  }
});

test('exit status: no daemon, a bug, an answer without facts', async () => {
  // Goal: 4 and 1 where no answer came. Method: a fault, an error and a bare answer.
  const gone = await run(['status'], { answers: { 'GET /v1/status': noDaemon } });
  assert.equal(gone.status, 4);
  assert.match(gone.err, /^daemon: .*not running; start it with: cnsmo start\n$/);
  const alone = await run(['status'], {
    answers: { 'GET /v1/status': noDaemon },
    isMember: false,
  });
  assert.equal(alone.status, 4);
  assert.match(alone.err, /^daemon: \S+: this VM is in no mesh; found one with cnsmo init, /);
  const bug = await run(['start'], { failure: { start: new TypeError('x is not a function') } });
  assert.equal(bug.status, 1);
  assert.match(bug.err, /^cnsmo: x is not a function: [^\n]+\n$/);
  const bare = await run(['members'], {
    answers: { 'GET /v1/members': { status: 500, body: {} } },
  });
  assert.equal(bare.status, 1);
  assert.match(bare.err, /^daemon: 500: answered 500 and nothing else; /);
});

test('an error is one line that cannot paint a terminal', async () => {
  // Goal: what is echoed stays text. Method: a name with a line end and an escape.
  const value = 'vm\n2\u001b[31m';
  const facts = { field: 'member', value, why: 'no such member', remedy: 'see cnsmo members' };
  const failure = { status: 409, body: { error: facts } };
  const answers = { 'POST /v1/operators': failure };
  const { err } = await run(['operator', 'add', value], { answers });
  assert.equal(err, 'member: vm 2 [31m: no such member; see cnsmo members\n');
  const turned = await run(['operator', 'add', '\u202evm', '-o', 'json', '-q', '--no\u009b'], {});
  assert.equal(turned.err.includes('\u009b'), false);
  const json = await run(['operator', 'add', value, '-o', 'json'], { answers });
  assert.equal(JSON.parse(json.err).error.value, value);
});

test('errors as JSON: however the format was asked for', async () => {
  // Goal: programs get an object for every kind of error. Method: spellings, and other formats.
  for (const format of ['-o json', '-ojson', '--output json', '--output=json']) {
    for (const line of [`stauts ${format}`, `${format} stauts`, `operator add ${format}`]) {
      const { status, err } = await run(line.split(' '));
      assert.equal(status, 2, line);
      assert.equal(JSON.parse(err).error.field, 'usage', line);
    }
  }
  assert.match((await run(['stauts', '-o', 'yaml'])).err, /^usage: /);
});

test('common flags: before and after the command, the last one typed counts', async () => {
  // Goal: one meaning wherever they stand. Method: the places that a command acts on.
  const stopAt = async (line: string, env: Readonly<Record<string, string>> = {}) => {
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      const { acts } = await run(line.split(' '));
      return acts[0]?.[1];
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  };
  const both = { state: '/a', run: '/b' };
  const env = { CNSMO_STATE: '/x', CNSMO_RUN: '/y' };
  assert.deepEqual(await stopAt('stop'), USUAL);
  assert.deepEqual(await stopAt('--state /a --run /b stop'), both);
  assert.deepEqual(await stopAt('stop --state /a --run /b'), both);
  assert.deepEqual(await stopAt('--state /a stop --run /b'), both);
  assert.deepEqual(await stopAt('--state /c stop --state /a --run=/b'), both);
  assert.deepEqual(await stopAt('stop', env), { state: '/x', run: '/y' });
  assert.deepEqual(await stopAt('stop --state /a', env), { state: '/a', run: '/y' });
  assert.deepEqual(await stopAt('--state /a stop --run /b', env), both);
});

test('common flags: every command takes them all', async () => {
  // Goal: --yes, -q, -o and --timeout are never unknown. Method: with --help, nothing runs.
  const flags = '--yes -q -o json --timeout 5s --state /a --run /b --help'.split(' ');
  for (const command of COMMANDS) {
    const { status } = await run([...command.split(' '), ...flags]);
    assert.equal(status, 0, command);
  }
});

test('version: name, version and commit', async () => {
  // Goal: one line. Method: the flag alone.
  const { status, out } = await run(['--version']);
  assert.deepEqual([status, out], [0, 'cnsmo 0.0.0 (test)\n']);
});

test('output: each format of one answer', async () => {
  // Goal: table, json and yaml say the same. Method: one command, three formats.
  const body = { services: ['vpn', 'lb'], allowRun: false, eligible: true };
  const answers = { 'GET /v1/consent': done(body) };
  const of = async (format: string) => (await run(['consent', '-o', format], { answers })).out;
  assert.equal(await of('table'), 'services: vpn,lb\nrun programs: no\ncore role: yes\n');
  assert.deepEqual(JSON.parse(await of('json')), body);
  assert.equal(await of('yaml'), 'services:\n  - vpn\n  - lb\nallowRun: false\neligible: true\n');
});

test('a Fault of the machine is shown as it is', async () => {
  // Goal: acts of the machine end like answers of the daemon. Method: init that is refused.
  const failure = new Fault('refused', {
    field: 'user',
    value: 'not root',
    why: 'interfaces and routes need root',
    remedy: 'run it again with sudo',
  });
  const ran = await run(['init'], { failure: { check: failure } });
  assert.equal(ran.status, 3);
  assert.equal(
    ran.err,
    'user: not root: interfaces and routes need root; run it again with sudo\n',
  );
  assert.equal(ran.out, '');
});
