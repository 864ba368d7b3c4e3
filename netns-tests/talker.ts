/**
 * Edge: talker — programs in namespaces that answer connections, and that try and keep them when
 * they are asked, line by line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespace.ts';

/** A program that is asked. */
export interface Talker {
  ask(question: object): Promise<string>;
  end(): void;
}

/** What became of a connection: `drop` when nothing came back, `reject` when it was refused. */
export type Verdict = 'accept' | 'drop' | 'reject';

/** Answers what it is told at these ports, by TCP and UDP, both families. */
export const openServer = (at: Namespace, ports: readonly number[]): Promise<Talker> =>
  openTalker(at, serverOf(ports));

/** Opens connections. */
export const openAsker = (at: Namespace): Promise<Talker> => openTalker(at, ASKER);

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a program of Node's in a namespace; it says `up` first. */
async function openTalker(at: Namespace, program: string): Promise<Talker> {
  const [command = '', ...rest] = at.enterNetwork([process.execPath, '-e', program]);
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return String((await lines.next()).value);
    },
    end: () => {
      children.delete(child);
      child.kill('SIGKILL');
    },
  };
}

const serverOf = (ports: readonly number[]): string => `
const { createServer } = require('node:net');
const { createSocket } = require('node:dgram');
let left = 2 * ${ports.length};
const up = () => { if (--left === 0) console.log('up'); };
for (const port of ${JSON.stringify(ports)}) {
  createServer((s) => { s.on('error', () => {}); s.pipe(s); }).listen(port, '::', up);
  const socket = createSocket('udp6');
  socket.on('message', (m, from) => socket.send(m, from.port, from.address));
  socket.bind(port, up);
}`;

/**
 * {do: 'try', flows: [{protocol, source, destination, port}]} gives verdicts; no source: any. {do:
 * 'open', id, …} keeps a connection, and {do: 'echo', id} says whether it still carries.
 */
const ASKER = `
const { connect } = require('node:net');
const { createSocket } = require('node:dgram');
const kept = new Map();
const WAIT = 400;
const attempt = ({ protocol, source, destination, port }) => new Promise((resolve) => {
  if (protocol === 'tcp') {
    const s = connect({ host: destination, port, localAddress: source });
    const timer = setTimeout(() => { s.destroy(); resolve('drop'); }, WAIT);
    s.once('connect', () => { clearTimeout(timer); s.destroy(); resolve('accept'); });
    s.once('error', (e) => { clearTimeout(timer); resolve('reject'); });
  } else {
    const s = createSocket(source.includes(':') ? 'udp6' : 'udp4');
    const end = (say) => { clearTimeout(timer); s.close(); resolve(say); };
    const timer = setTimeout(() => end('drop'), WAIT);
    s.once('message', () => end('accept'));
    s.once('error', () => end('reject'));
    s.bind(0, source, () => s.connect(port, destination, () => s.send('x')));
  }
});
const echo = (id) => new Promise((resolve) => {
  const s = kept.get(id);
  const timer = setTimeout(() => resolve('silent'), WAIT);
  s.once('data', () => { clearTimeout(timer); resolve('answers'); });
  s.write('x');
});
const open = ({ id, source, destination, port }) => new Promise((resolve) => {
  const s = connect({ host: destination, port, localAddress: source }, () => resolve('open'));
  s.on('error', () => {});
  kept.set(id, s);
});
console.log('up');
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const q = JSON.parse(line);
  if (q.do === 'try') console.log(JSON.stringify(await Promise.all(q.flows.map(attempt))));
  if (q.do === 'open') console.log(await open(q));
  if (q.do === 'echo') console.log(await echo(q.id));
});`;
