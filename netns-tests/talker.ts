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

/**
 * Answers what it is told at these ports, by TCP and UDP, both families. `hosts`: where it has more
 * addresses than one; else UDP would be answered from the first of them.
 */
export const openServer = (
  at: Namespace,
  ports: readonly number[],
  hosts: readonly string[] = ['::'],
): Promise<Talker> => openTalker(at, serverOf(ports, hosts));

/** Says its name and who asks, at these ports and hosts, and then answers as the other one does. */
export const openNamed = (
  at: Namespace,
  name: string,
  ports: readonly number[],
  hosts: readonly string[],
): Promise<Talker> => openTalker(at, serverOf(ports, hosts, name));

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

const serverOf = (ports: readonly number[], hosts: readonly string[], name = ''): string => `
const { createServer } = require('node:net');
const { createSocket } = require('node:dgram');
const name = ${JSON.stringify(name)};
const greet = (host, to) => name && name + ' ' + String(host).replace('::ffff:', '') + ' ' + to;
const hosts = ${JSON.stringify(hosts)};
let left = (1 + hosts.length) * ${ports.length};
const up = () => { if (--left === 0) console.log('up'); };
for (const port of ${JSON.stringify(ports)}) {
  createServer((s) => {
    s.on('error', () => {});
    s.write(greet(s.remoteAddress, port));
    s.pipe(s);
  }).listen(port, '::', up);
  for (const host of hosts) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (m, from) => {
      socket.send(greet(from.address, port) || m, from.port, from.address, () => {});
    });
    socket.bind(port, host, up);
  }
}`;

/**
 * {do: 'try', flows: [{protocol, source, destination, port, wait}]} gives verdicts. No source: any;
 * of `icmp` an echo is tried; `wait`: ms for an answer. {do: 'open', id, …} keeps a connection,
 * {do: 'echo', id} says whether it still carries, {do: 'hear', ids} what is then said on each,
 * `silent` or `reset`, and {do: 'close', id} ends it. {do: 'who', times, …} connects so often, one
 * after the other, and gives what was said at first, or a verdict.
 */
const ASKER = `
const { connect } = require('node:net');
const { createSocket } = require('node:dgram');
const { execFile } = require('node:child_process');
const kept = new Map();
const WAIT = 400;
// A datagram that is late on a full machine is not lost.
const ECHO_WAIT = 1500;
const isSix = ({ source, destination }) => (source ?? destination).includes(':');
const bySocket = (flow) => new Promise((resolve) => {
  const s = createSocket(isSix(flow) ? 'udp6' : 'udp4');
  s.bind(0, flow.source, () => s.connect(flow.port, flow.destination, () => resolve(s)));
});
const attempts = {
  tcp: ({ source, destination, port, wait = WAIT }) => new Promise((resolve) => {
    const s = connect({ host: destination, port, localAddress: source });
    const timer = setTimeout(() => { s.destroy(); resolve('drop'); }, wait);
    s.once('connect', () => { clearTimeout(timer); s.destroy(); resolve('accept'); });
    s.once('error', () => { clearTimeout(timer); resolve('reject'); });
  }),
  udp: (flow) => bySocket(flow).then((s) => new Promise((resolve) => {
    const end = (say) => { clearTimeout(timer); s.close(); resolve(say); };
    const timer = setTimeout(() => end('drop'), flow.wait ?? WAIT);
    s.once('message', () => end('accept'));
    s.on('error', () => end('reject'));
    // What the own host does not send is an error of this call; what it says of it comes after.
    s.send('x', () => {});
  })),
  icmp: ({ source, destination, wait = WAIT }) => new Promise((resolve) => {
    const from = source === undefined ? [] : ['-I', source];
    const words = ['-n', '-c', '1', '-W', String(wait / 1000), ...from, destination];
    execFile('ping', words, (error, said) =>
      resolve(error === null ? 'accept' : /^From /m.test(said) ? 'reject' : 'drop'));
  }),
};
const attempt = (flow) => attempts[flow.protocol](flow);
const echo = (id) => new Promise((resolve) => {
  const s = kept.get(id);
  const isStream = s.write !== undefined;
  const end = (say) => {
    clearTimeout(timer);
    s.removeListener(isStream ? 'data' : 'message', heard);
    resolve(say);
  };
  const heard = () => end('answers');
  const timer = setTimeout(() => end('silent'), ECHO_WAIT);
  s.once(isStream ? 'data' : 'message', heard);
  if (isStream) s.write('x');
  else s.send('x', () => {});
});
const hear = (id) => new Promise((resolve) => {
  const s = kept.get(id);
  if (s.destroyed) return resolve(s.failure === 'ECONNRESET' ? 'reset' : 'gone');
  const isStream = s.write !== undefined;
  const end = (say) => {
    clearTimeout(timer);
    s.removeListener(isStream ? 'data' : 'message', heard);
    s.removeListener('error', failed);
    resolve(say);
  };
  const heard = (said) => end(String(said));
  const failed = ({ code }) => { if (isStream) end(code === 'ECONNRESET' ? 'reset' : code); };
  const timer = setTimeout(() => end('silent'), WAIT);
  s.once(isStream ? 'data' : 'message', heard);
  s.on('error', failed);
  if (isStream) s.write('x');
  else s.send('x', () => {});
});
const open = (flow) => new Promise((resolve) => {
  const { id, protocol, source, destination, port } = flow;
  const keep = (s) => { s.on('error', ({ code }) => { s.failure = code; }); kept.set(id, s); };
  if (protocol === 'udp') return bySocket(flow).then((s) => { keep(s); resolve('open'); });
  keep(connect({ host: destination, port, localAddress: source }, () => resolve('open')));
});
const who = {
  tcp: ({ source, destination, port, wait = WAIT }) => new Promise((resolve) => {
    const s = connect({ host: destination, port, localAddress: source });
    const end = (say) => { clearTimeout(timer); s.destroy(); resolve(say); };
    const timer = setTimeout(() => end('drop'), wait);
    s.once('data', (said) => end(String(said)));
    s.once('error', () => end('reject'));
  }),
  udp: (flow) => bySocket(flow).then((s) => new Promise((resolve) => {
    const end = (say) => { clearTimeout(timer); s.close(); resolve(say); };
    const timer = setTimeout(() => end('drop'), flow.wait ?? WAIT);
    s.once('message', (said) => end(String(said)));
    s.on('error', () => end('reject'));
    s.send('x', () => {});
  })),
};
const whoAnswers = async (q) => {
  const said = [];
  for (let left = q.times; left > 0; left -= 1) said.push(await who[q.protocol](q));
  return JSON.stringify(said);
};
console.log('up');
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const q = JSON.parse(line);
  if (q.do === 'try') console.log(JSON.stringify(await Promise.all(q.flows.map(attempt))));
  if (q.do === 'who') console.log(await whoAnswers(q));
  if (q.do === 'open') console.log(await open(q));
  if (q.do === 'echo') console.log(await echo(q.id));
  if (q.do === 'hear') console.log(JSON.stringify(await Promise.all(q.ids.map(hear))));
  if (q.do === 'close') {
    const s = kept.get(q.id);
    if (s.destroy) s.destroy();
    else s.close();
    console.log('closed');
  }
});`;
