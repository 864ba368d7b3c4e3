/** Edge: terminal — the command line at a terminal, in a pipe and interrupted. */
import { found } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import type { Outcome } from '../command.ts';
import { cnsmo, obey } from '../command-line.ts';
import type { RealWorld } from '../world.ts';

/** Commands that only read, each with what its object is. */
const READS: readonly (readonly [argv: readonly string[], isList: boolean])[] = [
  [['status'], false],
  [['members'], true],
  [['invite', 'list'], true],
  [['consent'], false],
];

/** Everything that the help lists must answer to all common flags. */
const COMMON = ['--yes', '-q', '-o', 'json', '--timeout', '20s'];

const CLEAR = '\r\u001b[K';

/**
 * Goal: people get tables and colours, programs objects and plain text, and whoever stops reading
 * or waiting gets a clean end. Method: commands under `script`, which is a terminal, in pipes and
 * under SIGINT; exit statuses and every byte are looked at.
 */
export async function terminal(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await obey(world.vm('vm1'), ['member', 'label', 'vm2', 'role=web', 'zone=europe-west-1']);
  await answersPrograms(world);
  await answersPeople(world);
  await endsInPipes(world);
  await isInterrupted(world);
}

async function answersPrograms(world: RealWorld): Promise<void> {
  const vm = world.vm('vm1');
  for (const [argv, isList] of READS) {
    const json: unknown = JSON.parse(await obey(vm, [...argv, ...COMMON]));
    expect(`${argv.join(' ')} gives a list: ${isList}`, Array.isArray(json) === isList);
    const yaml = await obey(vm, [...argv, '-o', 'yaml', '--yes', '-q']);
    expect(`${argv.join(' ')} is no JSON as YAML`, !/^[[{]./.test(yaml) && yaml.length > 2);
  }
  const lines = (await obey(vm, ['events', ...COMMON])).trimEnd().split('\n');
  expect(
    'events are objects, one a line',
    lines.every((line) => JSON.parse(line).kind !== ''),
  );
  const { status, stderr } = await cnsmo(vm, ['operator', 'add', 'nobody', '-o', 'json']);
  const { error } = JSON.parse(stderr) as { error: Record<string, string> };
  const fields = Object.keys(error).toSorted().join();
  expect(`an error is an object: ${stderr}`, status === 3 && fields === 'field,remedy,value,why');
  for (const command of await commandsOf(world)) {
    const help = await obey(vm, [...command, '--help', ...COMMON]);
    expect(`${command.join(' ')} --help has an example`, help.includes('\nExample:\n  '));
    const wide = help.split('\n').find((line) => line.length > 80);
    expect(`${command.join(' ')} --help fits: ${wide}`, wide === undefined);
  }
}

/** Every command that the help lists, and those below them. */
async function commandsOf(world: RealWorld): Promise<readonly (readonly string[])[]> {
  const below = async (path: readonly string[]): Promise<readonly (readonly string[])[]> => {
    const help = await obey(world.vm('vm1'), [...path, '--help']);
    const list = /\nCommands:\n(.*?)\n\n/s.exec(help)?.[1] ?? '';
    const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name ?? '');
    const deeper = await Promise.all(names.map((name) => below([...path, name])));
    return [path, ...deeper.flat()];
  };
  return await below([]);
}

/** Types a line at a terminal of so many columns; gives what the screen was sent. */
const atTerminal = (
  world: RealWorld,
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> =>
  world.vm('vm1').run(['script', '-qec', `stty cols 60; ${line}`, '/dev/null'], {
    env: { TERM: 'xterm', ...env },
  });

async function answersPeople(world: RealWorld): Promise<void> {
  const vm = world.vm('vm1');
  const coloured = await atTerminal(world, 'cnsmo members');
  expect(`colours at a terminal: ${coloured.stdout}`, coloured.stdout.includes('\u001b[32malive'));
  const plain = await atTerminal(world, 'cnsmo members', { NO_COLOR: '1' });
  const text = plain.stdout.replaceAll('\r', '');
  expect(`no colours with NO_COLOR: ${text}`, !text.includes('\u001b['));
  const wide = text.split('\n').find((line) => line.length > 60);
  expect(`60 columns are kept: ${wide}`, wide === undefined && text.includes('vm2'));
  const piped = await obey(vm, ['members']);
  expect('a pipe gets neither', !piped.includes('\u001b') && /role=\S*…?/.test(piped));
  const set = await vm.must(['/usr/local/bin/cnsmo', 'members'], { env: { COLUMNS: '200' } });
  expect(`COLUMNS is heeded: ${set}`, set.includes('role=web,zone=europe-west-1'));
  const overview = await obey(vm, []);
  expect(`three next steps: ${overview}`, overview.match(/^ {2}cnsmo /gm)?.length === 3);
}

async function endsInPipes(world: RealWorld): Promise<void> {
  const vm = world.vm('vm1');
  for (const line of ['cnsmo members | head -1', 'cnsmo status | true', 'cnsmo x 2>&1 | true']) {
    const { status, stdout, stderr } = await vm.run(['bash', '-c', line]);
    expect(`${line} ends well: ${status} ${stderr}`, status === 0 && stderr === '');
    expect(`${line} says one line at most`, stdout.split('\n').length <= 2);
  }
  const line = 'cnsmo events -f --timeout 1s & sleep 1; kill $!; wait $!; echo $?';
  const ended = await vm.run(['bash', '-c', line]);
  expect(`following ends with its reader: ${ended.stdout}`, ended.stdout.endsWith('143\n'));
}

/** Ctrl-C while a line counts the seconds: nobody answers on vm3, for it is no member. */
async function isInterrupted(world: RealWorld): Promise<void> {
  const wait = 'cnsmo status --wait ready --timeout 50s';
  const line = `timeout --foreground -s INT 5 ${wait}; echo status $?`;
  const vm = world.vm('vm3');
  const { stdout } = await vm.run(['script', '-qec', `bash -c '${line}'`, '/dev/null']);
  const shown = stdout.replaceAll(CLEAR, '<clear>');
  expect(
    `progress was shown: ${shown}`,
    /<clear>waiting until this VM is ready … \d s/.test(shown),
  );
  expect(`the line is wiped: ${shown}`, shown.endsWith('<clear>status 124\r\n'));
  const direct = `${wait} & pid=$!; sleep 4; kill -INT $pid; wait $pid; echo $?`;
  const alone = await vm.run(['script', '-qec', `bash -ic '${direct}'`, '/dev/null']);
  expect(`130 after Ctrl-C: ${alone.stdout}`, /130\r\n/.test(alone.stdout));
}
